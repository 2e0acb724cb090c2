"""Every pinned chart, image, Kubernetes and provider version, each with the reason for the pin.

``latest`` is a different product every month (kube-prometheus-stack bumps its major version several
times a quarter), so nothing is left floating. The versions of the APIs that the charts bring are
in `kinds`. This module must not know how charts are installed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Chart:
    """One Helm chart.

    Attributes:
        name: Chart name.
        version: Exact version.
        repository: Helm repository, or empty when ``url`` is the pin.
        url: Archive of exactly this version, or empty when it comes from the repository.
        app: Version of the software inside.
    """

    name: str
    version: str
    repository: str = ""
    url: str = ""
    app: str = ""


@dataclass(frozen=True)
class Provider:
    """One Terraform provider.

    Attributes:
        name: Its name in a stack, such as ``helm``.
        address: Publisher and name, written out as OpenTofu wants it.
        version: Exact version.
    """

    name: str
    address: str
    version: str


GTC: Final = "0.1.0"
"""Of both distributions, gtc-demo and gtc-constructs; CHANGELOG.md begins with it."""

DYNAMO: Final = "0.8.1"
"""Dynamo release on the cluster: the plan's, 2026-01-23. Its operator is v1alpha1, DGDSA opt-in."""
DYNAMO_REHEARSAL: Final = "1.4.2"
"""Dynamo release on localhost: the simulator of 0.8.1 does not delay the first token by the prefill
and needs NATS and etcd; 1.6.1 does not install offline. Equal to the pin in pyproject.toml."""

_NGC: Final = "https://helm.ngc.nvidia.com/nvidia/ai-dynamo/charts"
DYNAMO_CRDS: Final = Chart(
    "dynamo-crds", DYNAMO, url=f"{_NGC}/dynamo-crds-{DYNAMO}.tgz", app=DYNAMO
)
"""Must be installed before the platform chart, which holds no CRDs in 0.8.x."""
DYNAMO_PLATFORM: Final = Chart(
    "dynamo-platform", DYNAMO, url=f"{_NGC}/dynamo-platform-{DYNAMO}.tgz", app=DYNAMO
)
"""As an archive: the OCI form that some docs print does not resolve (ai-dynamo/dynamo#12372)."""
KAI_BUNDLED: Final = "v0.9.4"
"""KAI scheduler inside dynamo-platform 0.8.1 (its Chart.yaml); the plan's v0.12.10 is not in it."""
GROVE_BUNDLED: Final = "v0.1.0-alpha.3"
"""Grove inside dynamo-platform 0.8.1 (its Chart.yaml)."""

KUBE_PROMETHEUS_STACK: Final = Chart(
    "kube-prometheus-stack", "82.18.0", "https://prometheus-community.github.io/helm-charts",
    app="Prometheus 3.11.0, Grafana 12.4.2",
)  # fmt: skip
"""2026-04-04, the last one with Grafana 12; Grafana 13 freezes the API that annotations use."""
KEDA: Final = Chart("keda", "2.20.2", "https://kedacore.github.io/charts", app="2.20.2")
"""2026-07-31. From 2.20 on NaN is 0 instead of a huge negative number (kedacore/keda#7475); tested
by KEDA on Kubernetes 1.33 to 1.35."""
DCGM_EXPORTER: Final = Chart(
    "dcgm-exporter", "4.8.2", "https://nvidia.github.io/dcgm-exporter/helm-charts",
    app="4.5.3-4.8.2",
)  # fmt: skip
"""2026-05-06. DOKS brings no NVIDIA exporter of its own."""
CHARTS: Final = (DYNAMO_CRDS, DYNAMO_PLATFORM, KUBE_PROMETHEUS_STACK, KEDA, DCGM_EXPORTER)
"""Every chart that some cluster gets."""


def charts(*, gpus: bool) -> tuple[Chart, ...]:
    """The charts of a cluster with or without GPUs: without, there are none to measure."""
    return tuple(chart for chart in CHARTS if gpus or chart is not DCGM_EXPORTER)


_NVCR: Final = "nvcr.io/nvidia/ai-dynamo"
FRONTEND_IMAGE: Final = f"{_NVCR}/dynamo-frontend:{DYNAMO}"
"""New in 0.8.0. Its entry point is another program, so the manifest names the command."""
WORKER_IMAGE: Final = f"{_NVCR}/tensorrtllm-runtime:{DYNAMO}.post1"
"""NVIDIA's own recommended pull for TensorRT-LLM of this release: 1.2.0rc6.post2 instead of
rc6.post1, CUDA 13 either way."""
VLLM_IMAGE: Final = f"{_NVCR}/vllm-runtime:{DYNAMO}"
"""vLLM 0.12.0, CUDA 12.9. Not the tag ``-cuda13``: by the release's own page it does not start."""
SGLANG_IMAGE: Final = f"{_NVCR}/sglang-runtime:{DYNAMO}"
"""SGLang 0.5.6.post2, CUDA 12.9, by the release's own page; unverified, never pulled here."""
WAIT_IMAGE: Final = "docker.io/library/busybox:1.37.0"
"""A shell that waits for a model, 2 MB, so that a worker's 20 GB come only when it can start.
kube-prometheus-stack pulls the same image, for Grafana's volume."""
DOWNLOAD_IMAGE: Final = "docker.io/library/python:3.12.11-slim-bookworm"
"""Python with nothing installed, 45 MB: the program that brings a model needs the standard library
only. Public Dockerfiles name the tag; it was never pulled here."""
KUBE_RBAC_PROXY_IMAGE: Final = "registry.k8s.io/kubebuilder/kube-rbac-proxy:v0.15.0"
"""The version that dynamo-platform 0.8.1 names, at its new home: the old one is in `DEAD_HOMES`."""
CERTIFICATE_IMAGE: Final = "docker.io/bitnamilegacy/kubectl:1.33.4-debian-12-r0"
"""bash, kubectl and openssl for the hooks that make the operator's webhook certificate, in place of
bitnami/kubectl:latest. Nothing is added to bitnamilegacy any more, so its tags stay what they are;
the platform's etcd comes from there too."""
DEAD_HOMES: Final[Mapping[str, str]] = {
    "gcr.io/kubebuilder": "deleted on 2026-03-06 (kubealex/k8s-mediaserver-operator#115)",
    "k8s.gcr.io": "frozen on 2023-04-03 in favour of registry.k8s.io",
    "docker.io/bitnami": "since 2025-08-28 latest only (bitnami/containers#83267)",
}
"""Registries and folders that images must not come from any more, each with the reason."""
HOST_DRIVER_MIN: Final = 580
"""NVIDIA driver branch that CUDA 13 images need on the node."""

KUBERNETES_MINOR: Final = "1.34"
"""DOKS release line: inside what KEDA 2.20 is tested on, and above DOKS 1.31, which NFS needs."""

TERRAFORM_MIN: Final = "1.11"
"""Write-only attributes; ephemeral variables came with 1.10."""
PROVIDER_DIGITALOCEAN: Final = Provider("digitalocean", "digitalocean/digitalocean", "2.99.1")
"""The NFS share has host and path from 2.72 on and a tier from 2.77; up to 2.92 the tier comes back
under another name, which is a difference at every apply. One version and no range, because cdktf
keeps no lock file."""
PROVIDER_KUBERNETES: Final = Provider("kubernetes", "hashicorp/kubernetes", "2.38.0")
PROVIDER_HELM: Final = Provider("helm", "hashicorp/helm", "3.1.1")
"""Not later: helm 4 inside the next ones applies server-side, which would fight KEDA over
replicas."""
PROVIDERS: Final = (PROVIDER_DIGITALOCEAN, PROVIDER_HELM, PROVIDER_KUBERNETES)
"""Of the classes in ``gtc_constructs.terraform``, which are generated from these versions."""
