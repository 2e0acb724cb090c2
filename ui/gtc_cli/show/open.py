"""`gtc open`: where a part of the demo answers, with a way to it when it is inside a cluster.

A rehearsal listens on this machine already, so its address is printed and that is all. On a cluster
nothing of ours faces the internet; the way in is a forwarded port, held until Ctrl-C and through
restarted pods.
"""

from __future__ import annotations

from pathlib import Path

import click

from gtc_cli import options
from gtc_cli.target.port_forward import hold
from gtc_cli.target.services import SERVICES
from gtc_cli.target.target import choose
from gtc_spec.errors import GtcError


@click.command("open")
@click.argument("place", type=click.Choice(tuple(SERVICES)))
@options.cluster
@click.option("--local-port", type=click.IntRange(1, 65535), default=None, help="Port to use here.")
def open_place(
    place: str,
    env: str | None,
    state_dir: Path | None,
    kubeconfig: str | None,
    local_port: int | None,
) -> None:
    """Print the address of a part; on a cluster also forward a port to it until Ctrl-C."""
    target = choose(env, state_dir, kubeconfig)
    if target.notes is not None:
        click.echo(_of_rehearsal(place, target.notes["urls"]))
        return
    hold(target, place, local_port, lambda url: [url + SERVICES[place].path])


def _of_rehearsal(place: str, urls: dict[str, str]) -> str:
    address = urls.get("panel" if place == "stage" else place)
    if address is None:
        raise GtcError(f"this rehearsal has no {place}", "the stage page stands in: gtc open stage")
    return address.rstrip("/") + SERVICES[place].path
