"""The parts of the demo that a person may want to look at, as Services inside the cluster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from gtc_spec import names
from gtc_spec.manifests.panel.panel import PANEL, PORT
from gtc_spec.manifests.serving_graph import frontend_url
from gtc_spec.telemetry.promql import PROMETHEUS_ADDRESS, PROMETHEUS_RELEASE


@dataclass(frozen=True)
class Service:
    """A Service inside the cluster.

    Attributes:
        name, namespace, port: Of the Service.
        local_port: Port of this machine to use unless another is asked for.
        path: What to open there.
    """

    name: str
    namespace: str
    port: int
    local_port: int
    path: str = "/"


def _at(address: str, local_port: int) -> Service:
    """The Service behind an address inside the cluster, ``http://service.namespace…:port``."""
    parts = urlsplit(address)
    name, namespace = (parts.hostname or "").split(".")[:2]
    return Service(name, namespace, parts.port or 80, local_port)


SERVICES: Final = {
    "panel": Service(PANEL, names.NAMESPACE_PANEL, PORT, PORT),
    "stage": Service(PANEL, names.NAMESPACE_PANEL, PORT, PORT, "/stage"),
    "frontend": _at(frontend_url(), 8000),
    "prometheus": _at(PROMETHEUS_ADDRESS, 9090),
    "grafana": Service(f"{PROMETHEUS_RELEASE}-grafana", names.NAMESPACE_MONITORING, 80, 3000),
}
"""Everything that a person may want to look at."""
