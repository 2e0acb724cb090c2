"""Real kube-controller-manager and KEDA on loopback: HPAs act, and KEDA makes and feeds them."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gtc_spec import names
from tests.contract.real_cluster import kubectl
from tests.control_plane.api_server import ApiServer, answers, free_ports, running, wait_until

HTTP = "http://127.0.0.1"
SYNC_S = 2
"""Between two looks of the HPAs; 15 s on a cluster."""
START_S = 120.0
GROUP = "external.metrics.k8s.io"
METRICS_API = f"v1beta1.{GROUP}"
CONTROLLERS = (
    "horizontal-pod-autoscaler-controller,garbage-collector-controller,namespace-controller"
)
WATCHED = (
    ("keda.sh", "ScaledJob", "Namespaced"),
    ("keda.sh", "TriggerAuthentication", "Namespaced"),
    ("keda.sh", "ClusterTriggerAuthentication", "Cluster"),
    ("eventing.keda.sh", "CloudEventSource", "Namespaced"),
    ("eventing.keda.sh", "ClusterCloudEventSource", "Cluster"),
)
"""Kinds that KEDA's operator wants to know, and of which the demo has none."""


@contextlib.contextmanager
def started(programs: Path, server: ApiServer) -> Iterator[None]:
    """Run them until the block ends; the metrics API answers when it begins."""
    grpc, health, metrics, adapter, adapter_metrics = free_ports(5)
    _apply(server, *(_definition(*each) for each in WATCHED), *_metrics_api(adapter))
    own, config = server.certificates, f"--kubeconfig={server.kubeconfig}"
    spaces = ("POD_NAMESPACE", "KEDA_CLUSTER_OBJECT_NAMESPACE")
    environ = {
        **os.environ,
        **dict.fromkeys(spaces, names.NAMESPACE_KEDA),
        "WATCH_NAMESPACE": "",
        "KUBECONFIG": str(server.kubeconfig),
    }
    commands = {
        "kube-controller-manager": [
            config, "--leader-elect=false", f"--controllers={CONTROLLERS}", "--secure-port=0",
            f"--horizontal-pod-autoscaler-sync-period={SYNC_S}s",
        ],
        "keda-operator": [
            "--leader-elect=false", f"--cert-dir={own.folder}", f"--ca-dir={own.folder}",
            f"--metrics-bind-address=127.0.0.1:{metrics}",
            f"--health-probe-bind-address=127.0.0.1:{health}",
            f"--metrics-service-bind-address=127.0.0.1:{grpc}",
        ],
        "keda-adapter": [
            f"--secure-port={adapter}", "--bind-address=127.0.0.1", f"--port={adapter_metrics}",
            f"--metrics-service-address=localhost:{grpc}", f"--cert-dir={own.folder}",
            f"--tls-cert-file={own.certificate}", f"--tls-private-key-file={own.key}",
            *(f"--{each}-kubeconfig={server.kubeconfig}"
              for each in ("lister", "authentication", "authorization")),
        ],
    }  # fmt: skip
    with contextlib.ExitStack() as stack:
        processes = {
            name: stack.enter_context(
                running(name, [str(programs / name), *flags], server.folder, environ)
            )
            for name, flags in commands.items()
        }
        wait_until(lambda: answers(f"{HTTP}:{health}/readyz"), START_S, processes["keda-operator"])
        wait_until(lambda: _metrics_are_served(server), START_S, processes["keda-adapter"])
        yield


def _metrics_are_served(server: ApiServer) -> bool:
    asked = kubectl(server.kubeconfig, "get", "--raw", f"/apis/{GROUP}/v1beta1")
    return asked.returncode == 0


def _apply(server: ApiServer, *objects: dict[str, Any]) -> None:
    done = kubectl(server.kubeconfig, "apply", "--server-side", "-f", "-", objects=objects)
    assert done.returncode == 0, done.stderr


def _metrics_api(port: int) -> list[dict[str, Any]]:
    """The adapter as the server of an API; without a kube-proxy its Service is a name."""
    name = {"name": "keda-metrics-apiserver", "namespace": names.NAMESPACE_KEDA}
    service = {"type": "ExternalName", "externalName": "localhost"}
    served = {
        "service": {**name, "port": port},
        "group": GROUP,
        "version": "v1beta1",
        "insecureSkipTLSVerify": True,
        "groupPriorityMinimum": 100,
        "versionPriority": 100,
    }
    return [
        {"apiVersion": "v1", "kind": "Service", "metadata": name, "spec": service},
        {
            "apiVersion": "apiregistration.k8s.io/v1",
            "kind": "APIService",
            "metadata": {"name": METRICS_API},
            "spec": served,
        },
    ]


def _definition(group: str, kind: str, scope: str) -> dict[str, Any]:
    plural = f"{kind.lower()}s"
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {
        "name": "v1alpha1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": schema},
        "subresources": {"status": {}},
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {
            "group": group,
            "scope": scope,
            "names": {"plural": plural, "singular": kind.lower(), "kind": kind},
            "versions": [version],
        },
    }
