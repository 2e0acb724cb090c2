"""`gtc open`: where a part of the demo answers, with a way to it when it is inside a cluster.

A rehearsal listens on this machine already, so its address is printed and that is all. On a cluster
nothing of ours faces the internet; the way in is kubectl's port-forward, held until Ctrl-C.
"""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import click

from gtc_cli import options, panel_client
from gtc_cli.deploy import child, kubeconfig
from gtc_runtime import settings
from gtc_spec import names
from gtc_spec.errors import GtcError, UsageError
from gtc_spec.manifests.panel import PANEL, PORT
from gtc_spec.manifests.serving_graph import frontend_url
from gtc_spec.promql import PROMETHEUS_ADDRESS, PROMETHEUS_RELEASE


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


@click.command("open")
@click.argument("place", type=click.Choice(tuple(PLACES)))
@options.env
@options.state_dir
@click.option("--local-port", type=click.IntRange(1, 65535), default=None, help="Port to use here.")
def open_place(place: str, env: str | None, state_dir: Path | None, local_port: int | None) -> None:
    """Print the address of a part; on a cluster also forward a port to it until Ctrl-C."""
    configured = settings.read(env=env, state_dir=state_dir)
    notes = panel_client.rehearsal_notes(configured.state_dir)
    if notes is not None and not configured.kubeconfig:
        click.echo(_of_rehearsal(place, notes["urls"]))
        return
    file = configured.kubeconfig or str(kubeconfig.path(configured.state_dir, configured.env))
    if not Path(file).expanduser().exists():
        raise UsageError(
            f"no rehearsal runs in {configured.state_dir} and there is no {file}",
            "make demo, or make kubeconfig for a deployed cluster",
        )
    _forward(PLACES[place], file, local_port)


def _of_rehearsal(place: str, urls: dict[str, str]) -> str:
    address = urls.get("panel" if place == "stage" else place)
    if address is None:
        raise GtcError(f"this rehearsal has no {place}", "the stage page stands in: gtc open stage")
    return address.rstrip("/") + PLACES[place].path


def _forward(place: Place, file: str, local_port: int | None) -> None:
    port = local_port or place.local_port
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            raise UsageError(f"port {port} is busy", f"try --local-port {port + 1}")
    kubectl = child.find("kubectl", "https://kubernetes.io/docs/tasks/tools")
    click.echo(f"http://127.0.0.1:{port}{place.path} until Ctrl-C")
    child.run(
        [
            *(kubectl, "--kubeconfig", file, "-n", place.namespace, "port-forward"),
            *(f"svc/{place.service}", f"{port}:{place.port}"),
        ],
        folder=Path.cwd(),
        environment=os.environ,
    )
