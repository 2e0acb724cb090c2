"""`gtc prescale`: the fallback state of a show where nothing may surprise any more.

A living panel does it, because it holds the Lease and its load can go on; without one the verb
does it itself.
"""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from gtc_cli import options
from gtc_cli.show.view_lines import print_view
from gtc_cli.target import panel_client
from gtc_cli.target.panel_address import panel
from gtc_cli.target.target import choose
from gtc_runtime.cluster.api.kube import Kube
from gtc_runtime.scenario.unattended.prescale import prescale as order
from gtc_spec import names
from gtc_spec.environment import Environment
from gtc_spec.errors import UnreachableError


@click.command()
@click.option(
    "--minutes",
    type=click.IntRange(1, 720),
    default=90,
    show_default=True,
    help="How long KEDA stays paused.",
)
@options.panel
def prescale(minutes: int, as_json: bool, **where: Any) -> None:
    """Put every GPU to work and pause KEDA for a while; ends by itself, or with gtc reset."""
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=minutes)
    try:
        with panel(**where) as address:
            body = {"until": until.isoformat()}
            view = panel_client.call(address, "POST", "/api/prescale", body)
    except UnreachableError:
        del where["url"]
        target = choose(**where)
        environment = target.environment()
        _directly(environment, target.kubeconfig, until)
        said = f"{environment.full_ratio} ordered without a panel, keda paused until"
        click.echo(
            json.dumps({"ratio": str(environment.full_ratio), "until": until.isoformat()})
            if as_json
            else f"{said} {until:%H:%M} UTC"
        )
        return
    print_view(view, as_json)


def _directly(environment: Environment, kubeconfig: str | None, until: datetime) -> None:
    async def act() -> None:
        async with await Kube.connect(names.NAMESPACE_WORKLOAD, kubeconfig) as kube:
            engine = environment.engine.traits.name
            ratio, slots = environment.full_ratio, environment.slots
            await order(kube, ratio, until, slots, engine=engine)

    asyncio.run(act())
