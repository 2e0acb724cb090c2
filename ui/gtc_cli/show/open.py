"""`gtc open`: where a part of the demo answers, with a way to it when it is inside a cluster.

A rehearsal listens on this machine already, so its address is printed and that is all. On a cluster
nothing of ours faces the internet; the way in is a forwarded port, held until Ctrl-C and through
restarted pods.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterable
from pathlib import Path

import click

from gtc_cli import options
from gtc_cli.show.places import PLACES
from gtc_cli.target import Target, choose
from gtc_spec.errors import GtcError, UsageError


@click.command("open")
@click.argument("place", type=click.Choice(tuple(PLACES)))
@options.env
@options.state_dir
@options.kubeconfig
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
    hold(target, place, local_port, lambda url: [url + PLACES[place].path])


def _of_rehearsal(place: str, urls: dict[str, str]) -> str:
    address = urls.get("panel" if place == "stage" else place)
    if address is None:
        raise GtcError(f"this rehearsal has no {place}", "the stage page stands in: gtc open stage")
    return address.rstrip("/") + PLACES[place].path


def hold(
    target: Target, place: str, local_port: int | None, lines: Callable[[str], Iterable[str]]
) -> None:
    """Forward a port to a part, print what is there, and stay until Ctrl-C.

    Args:
        target: The cluster.
        place: One of `PLACES`.
        local_port: Port of this machine; None takes the part's usual one.
        lines: What to print, by the base URL.

    Raises:
        UsageError: The port is busy.
        GtcError: The part cannot be reached.
    """
    port = local_port or PLACES[place].local_port
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            raise UsageError(f"port {port} is busy", f"try --local-port {port + 1}")

    async def stay() -> None:
        async with target.forwarded(place, port) as url:
            for line in lines(url):
                click.echo(f"{line} until Ctrl-C")
            await asyncio.Event().wait()

    try:
        asyncio.run(stay())
    except KeyboardInterrupt:
        return
