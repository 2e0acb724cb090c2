"""A forwarded port that is held until Ctrl-C."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterable

import click

from gtc_cli.target.services import SERVICES
from gtc_cli.target.target import Target
from gtc_spec.errors import UsageError


def hold(
    target: Target, place: str, local_port: int | None, lines: Callable[[str], Iterable[str]]
) -> None:
    """Forward a port to a part, print what is there, and stay until Ctrl-C.

    Args:
        target: The cluster.
        place: One of `SERVICES`.
        local_port: Port of this machine; None takes the part's usual one.
        lines: What to print, by the base URL.

    Raises:
        UsageError: The port is busy.
        GtcError: The part cannot be reached.
    """
    port = local_port or SERVICES[place].local_port
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
