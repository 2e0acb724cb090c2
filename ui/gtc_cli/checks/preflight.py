"""`gtc preflight`: is everything ready for the show? One line a check, exit 1 when any is red."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from gtc_cli import options, verdicts
from gtc_cli.target.target import NoClusterError, Target, choose
from gtc_runtime import settings
from gtc_runtime.checks.check import Probe, chosen
from gtc_runtime.checks.preflight import PROBES, run
from gtc_runtime.checks.scene import Scene, opened
from gtc_runtime.verdict import Report
from gtc_spec.environment import Environment


@click.command()
@options.env
@options.phases
@options.state_dir
@options.kubeconfig
@options.as_json
@verdicts.only
def preflight(
    env: str | None,
    phases: str | None,
    state_dir: Path | None,
    kubeconfig: str | None,
    as_json: bool,
    only: tuple[str, ...],
) -> int:
    """Check everything that the show needs, at the same time, in under 20 s."""
    probes = chosen(PROBES, only)
    absent = None
    try:
        target = choose(env, state_dir, kubeconfig)
    except NoClusterError as error:  # one red check of many; what needs no cluster is checked
        target = Target(settings.read(env=env, state_dir=state_dir), None, env)
        absent = error
    report = asyncio.run(_run(target, target.environment(phases), probes, absent))
    return verdicts.tell(report, as_json)


async def _run(
    target: Target,
    environment: Environment,
    probes: tuple[Probe[Scene], ...],
    absent: NoClusterError | None,
) -> Report:
    there = opened(environment, target.settings, target.addresses, absent=absent)
    async with there as scene:
        return await run(scene, probes)
