"""The parts of the demo that a person may want to look at, as Services inside the cluster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from gtc_spec import names
from gtc_spec.manifests.panel.panel import PANEL, PORT
from gtc_spec.manifests.serving_graph import frontend_url
from gtc_spec.telemetry.promql import PROMETHEUS_ADDRESS, PROMETHEUS_RELEASE

if TYPE_CHECKING:
    from gtc_runtime.cluster.api.forward import Inside


@dataclass(frozen=True)
class Place:
    """A Service inside the cluster.

    Attributes:
        service, namespace, port: Of the Service.
        local_port: Port of this machine to use unless another is asked for.
        path: What to open there.
    """

    service: str
    namespace: str
    port: int
    local_port: int
    path: str = "/"

    @property
    def inside(self) -> Inside:
        """As the forwarder knows it."""
        from gtc_runtime.cluster.api.forward import Inside

        return Inside(self.namespace, self.service, self.port)


def _at(address: str, local_port: int) -> Place:
    """The Service behind an address inside the cluster, ``http://service.namespace…:port``."""
    parts = urlsplit(address)
    service, namespace = (parts.hostname or "").split(".")[:2]
    return Place(service, namespace, parts.port or 80, local_port)


PLACES: Final = {
    "panel": Place(PANEL, names.NAMESPACE_PANEL, PORT, PORT),
    "stage": Place(PANEL, names.NAMESPACE_PANEL, PORT, PORT, "/stage"),
    "frontend": _at(frontend_url(), 8000),
    "prometheus": _at(PROMETHEUS_ADDRESS, 9090),
    "grafana": Place(f"{PROMETHEUS_RELEASE}-grafana", names.NAMESPACE_MONITORING, 80, 3000),
}
"""Everything that a person may want to look at."""
