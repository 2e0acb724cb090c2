"""Every image that a cluster of this demo pulls, by the release that asks for it.

A chart names images deep inside its templates and its operators start more; a registry that closes
or a tag that moves then shows on the day of the show only. Tests hold this list against what the
charts render. This module must not know how charts are rendered.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gtc_spec import names, versions
from gtc_spec.telemetry.promql import PROMETHEUS_RELEASE
from gtc_spec.versions import GROVE_BUNDLED, KAI_BUNDLED


@dataclass(frozen=True)
class PulledImage:
    """One image.

    Attributes:
        reference: Home and tag; Docker's short names are written out.
        release: Helm release that asks for it.
        why: What runs in it.
        by_operator: Whether an operator starts it, so that no rendered chart shows it.
    """

    reference: str
    release: str
    why: str
    by_operator: bool = False


def _of(release: str, *rows: tuple[str, str]) -> tuple[PulledImage, ...]:
    return tuple(PulledImage(reference, release, why) for reference, why in rows)


_KAI: Final = "ghcr.io/nvidia/kai-scheduler"
_GROVE: Final = "ghcr.io/nvidia/grove"
_PLATFORM: Final = versions.DYNAMO_PLATFORM.name
_KEDA: Final = versions.KEDA.version

PULLED: Final = (
    *_of(
        PROMETHEUS_RELEASE,
        ("quay.io/prometheus/prometheus:v3.11.0", "Prometheus"),
        ("quay.io/prometheus-operator/prometheus-operator:v0.89.0", "its operator"),
        (
            "quay.io/prometheus-operator/prometheus-config-reloader:v0.89.0",
            "reloads Prometheus when a monitor changes",
        ),
        ("quay.io/thanos/thanos:v0.41.0", "only where Prometheus has Thanos, which ours has not"),
        (
            "ghcr.io/jkroepke/kube-webhook-certgen:1.8.0",
            "certificate of the operator's webhook, while installing",
        ),
        ("docker.io/grafana/grafana:12.4.2", "Grafana"),
        ("docker.io/library/busybox:1.37.0", "rights on Grafana's volume"),
        ("quay.io/kiwigrid/k8s-sidecar:2.5.4", "boards and datasources for Grafana"),
        (
            "registry.k8s.io/kube-state-metrics/kube-state-metrics:v2.18.0",
            "replicas and labels as metrics",
        ),
        ("quay.io/prometheus/node-exporter:v1.11.0", "metrics of every node"),
    ),
    *_of(
        versions.DCGM_EXPORTER.name,
        (
            f"nvcr.io/nvidia/k8s/dcgm-exporter:{versions.DCGM_EXPORTER.app}-distroless",
            "metrics of every GPU",
        ),
    ),
    *_of(
        versions.KEDA.name,
        (f"ghcr.io/kedacore/keda:{_KEDA}", "the autoscaler"),
        (f"ghcr.io/kedacore/keda-metrics-apiserver:{_KEDA}", "its metrics for the HPAs"),
        (f"ghcr.io/kedacore/keda-admission-webhooks:{_KEDA}", "checks ScaledObjects"),
    ),
    *_of(
        _PLATFORM,
        (
            f"nvcr.io/nvidia/ai-dynamo/kubernetes-operator:{versions.DYNAMO}",
            "operator of the serving graph",
        ),
        (versions.KUBE_RBAC_PROXY_IMAGE, "guards the operator's metrics; the chart's own is gone"),
        (
            versions.CERTIFICATE_IMAGE,
            "certificate of its webhook, while installing; the chart names one without a version",
        ),
        ("docker.io/bitnamilegacy/etcd:3.5.18-debian-12-r5", "workers find each other"),
        ("docker.io/library/nats:2.10.21-alpine", "events for the KV router"),
        ("docker.io/natsio/nats-server-config-reloader:0.16.0", "reloads NATS"),
        (f"{_GROVE}/grove-operator:{GROVE_BUNDLED}", "pods in gangs"),
        (f"{_GROVE}/grove-initc:{GROVE_BUNDLED}", "lets a pod of a gang wait for others"),
        (f"{_KAI}/operator:{KAI_BUNDLED}", "starts the parts of KAI"),
        (f"{_KAI}/scheduler:{KAI_BUNDLED}", "places gangs on GPUs"),
        (f"{_KAI}/binder:{KAI_BUNDLED}", "binds pods to nodes"),
        (f"{_KAI}/admission:{KAI_BUNDLED}", "checks pods for KAI"),
        (f"{_KAI}/podgroupcontroller:{KAI_BUNDLED}", "states of gangs"),
        (f"{_KAI}/queuecontroller:{KAI_BUNDLED}", "states of queues"),
        (f"{_KAI}/crd-upgrader:{KAI_BUNDLED}", "KAI's resources, while installing"),
        (
            f"{_KAI}/resourcereservation:{KAI_BUNDLED}",
            "only where pods share a GPU, which ours do not",
        ),
    ),
    PulledImage(f"{_KAI}/podgrouper:{KAI_BUNDLED}", _PLATFORM, "finds gangs", by_operator=True),
    *_of(
        names.DEMO,
        (versions.WAIT_IMAGE, "workers on GPUs while they wait for the model"),
        (versions.FRONTEND_IMAGE, "the frontend; in the environment cpu the workers too"),
        (versions.WORKER_IMAGE, "workers on GPUs"),
        (versions.VLLM_IMAGE, "workers on GPUs where the engine is vllm"),
        (versions.SGLANG_IMAGE, "workers on GPUs where the engine is sglang"),
    ),
)
"""All but our own (`gtc_spec.cloud.images`), and tests that a chart runs on demand only."""
