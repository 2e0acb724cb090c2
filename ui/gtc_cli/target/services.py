"""The parts of the demo that a person may want to look at, as Services inside the cluster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from gtc_runtime.places import INSIDE, Place
from gtc_spec.manifests.panel.panel import PORT


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
    path: str


def _at(place: Place, local_port: int, path: str = "/") -> Service:
    """The Service behind an address inside the cluster, ``http://service.namespace…:port``."""
    parts = urlsplit(INSIDE[place])
    name, namespace = (parts.hostname or "").split(".")[:2]
    return Service(name, namespace, parts.port or 80, local_port, path)


SERVICES: Final = {
    "panel": _at("panel", PORT),
    "stage": _at("panel", PORT, "/stage"),
    "frontend": _at("frontend", 8000),
    "prometheus": _at("prometheus", 9090),
    "grafana": _at("grafana", 3000),
}
"""Everything that a person may want to look at."""
