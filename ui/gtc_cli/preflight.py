"""`gtc preflight`: is everything ready for the show? One line a check, exit 1 when any is red."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gtc_cli import findings, options, panel_client
from gtc_cli.deploy import kubeconfig
from gtc_runtime import settings

if TYPE_CHECKING:
    from gtc_runtime.checks.check import Probe, Report
    from gtc_runtime.checks.scene import Place, Scene
    from gtc_runtime.settings import Settings
    from gtc_spec.environment import Environment


@click.command()
@options.env
@options.phases
@options.state_dir
@options.as_json
@findings.only
def preflight(
    env: str | None,
    phases: str | None,
    state_dir: Path | None,
    as_json: bool,
    only: tuple[str, ...],
) -> int:
    """Check everything that the show needs, at the same time, in under 20 s."""
    from gtc_runtime.checks.check import chosen
    from gtc_runtime.checks.preflight import PROBES

    probes = chosen(PROBES, only)
    environment, configured, addresses = where(env, phases, state_dir)
    report = asyncio.run(_run(environment, configured, addresses, probes))
    return findings.tell(report, as_json)


def where(
    env: str | None, phases: str | None, state_dir: Path | None
) -> tuple[Environment, Settings, dict[Place, str]]:
    """What should be there, and where to look: KUBECONFIG, else a rehearsal, else what is deployed.

    The rehearsal that runs here says itself where it answers and how it was scaled.
    """
    configured = settings.read(env=env, state_dir=state_dir)
    addresses: dict[Place, str] = {
        "frontend": configured.frontend_url,
        "prometheus": configured.prometheus_url,
        "grafana": configured.grafana_url,
        "panel": configured.url,
    }
    notes = None
    if not configured.kubeconfig:
        notes = panel_client.rehearsal_notes(configured.state_dir)
    if notes is not None:
        environment = options.environment(env or notes["env"], phases)
        urls = notes["urls"]
        there = {place: urls.get(place) or url for place, url in addresses.items()}
        asks = urls.get("followups", configured.followups_url)
        found = {"kubeconfig": notes["kubeconfig"], "followups_url": asks, "followups_model": ""}
        configured = configured.model_copy(update=found)
        return environment.scaled(notes.get("time_scale", 1)), configured, there
    if not configured.kubeconfig:
        file = kubeconfig.path(configured.state_dir, configured.env)
        if file.exists():
            configured = configured.model_copy(update={"kubeconfig": str(file)})
    return options.environment(configured.env, phases), configured, addresses


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
