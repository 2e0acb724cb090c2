"""`gtc preflight`: is everything ready for the show? One line a check, exit 1 when any is red."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gtc_cli import findings, options
from gtc_cli.target import choose

if TYPE_CHECKING:
    from gtc_runtime.checks.check import Probe, Report
    from gtc_runtime.checks.scene import Place, Scene
    from gtc_runtime.settings import Settings
    from gtc_spec.environment import Environment


@click.command()
@options.env
@options.phases
@options.state_dir
@options.kubeconfig
@options.as_json
@findings.only
def preflight(
    env: str | None,
    phases: str | None,
    state_dir: Path | None,
    kubeconfig: str | None,
    as_json: bool,
    only: tuple[str, ...],
) -> int:
    """Check everything that the show needs, at the same time, in under 20 s."""
    from gtc_runtime.checks.check import chosen
    from gtc_runtime.checks.preflight import PROBES

    probes = chosen(PROBES, only)
    target = choose(env, state_dir, kubeconfig)
    run = _run(target.environment(phases), target.settings, target.addresses, probes)
    report = asyncio.run(run)
    return findings.tell(report, as_json)


async def _run(
    environment: Environment,
    configured: Settings,
    addresses: dict[Place, str],
    probes: tuple[Probe[Scene], ...],
) -> Report:
    from gtc_runtime.checks.preflight import run
    from gtc_runtime.checks.scene import opened

    async with opened(environment, configured, addresses) as scene:
        return await run(scene, probes)
