"""`gtc grove off|on`: plain Deployments instead of Grove on a running deployment, and back."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from gtc_cli import options
from gtc_cli.target.target import choose
from gtc_runtime.cluster.api.kube import Kube
from gtc_runtime.scenario.unattended.grove import switch
from gtc_spec import names


@click.command()
@click.argument("state", type=click.Choice(["off", "on"]))
@options.cluster
def grove(state: str, env: str | None, state_dir: Path | None, kubeconfig: str | None) -> None:
    """Serve the graph without Grove, or with it again; replaces every worker.

    Needs an administrator's kubeconfig and no show; nothing is served until the new workers are
    ready. A switch that was broken off is repeated.
    """
    target = choose(env, state_dir, kubeconfig)
    environment = target.environment()

    async def act() -> None:
        async with await Kube.connect(names.NAMESPACE_WORKLOAD, target.kubeconfig) as kube:
            await switch(kube, environment, state == "on", click.echo)

    asyncio.run(act())
    click.echo(f"grove is {state}; GTC_GROVE={state} in .env keeps it for the next deployment")
