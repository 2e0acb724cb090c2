"""The parts of the demo that answer HTTP, and where they do inside a cluster."""

from __future__ import annotations

from typing import Final, Literal

from gtc_spec import names
from gtc_spec.manifests.panel.panel import PANEL, PORT
from gtc_spec.manifests.serving_graph import frontend_url
from gtc_spec.telemetry.promql import GRAFANA_ADDRESS, PROMETHEUS_ADDRESS

Place = Literal["frontend", "prometheus", "grafana", "panel"]
INSIDE: Final[dict[Place, str]] = {
    "frontend": frontend_url(),
    "prometheus": PROMETHEUS_ADDRESS,
    "grafana": GRAFANA_ADDRESS,
    "panel": f"http://{PANEL}.{names.NAMESPACE_PANEL}.svc:{PORT}",
}
"""Where each place answers inside a cluster."""
