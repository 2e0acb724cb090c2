"""`gtc preflight`: is everything ready for the show? One line a check, exit 1 when any is red."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from gtc_cli import options, panel_client
from gtc_cli.deploy import kubeconfig
from gtc_runtime import settings
from gtc_spec.errors import UsageError

if TYPE_CHECKING:
    from gtc_runtime.checks.check import Check
    from gtc_runtime.checks.preflight import Probe, Report
    from gtc_runtime.checks.scene import Place
    from gtc_runtime.settings import Settings
    from gtc_spec.environment import Environment

SIGNS: Final = {
    "green": "[green]ok[/]     ",
    "red": "[red bold]RED[/]    ",
    "not-applicable": "[dim]n/a[/]    ",
    "not-permitted": "[yellow]no view[/]",
}
"""What each state is called in a terminal, seven characters wide."""


@click.command()
@options.env
@options.phases
@options.state_dir
@options.as_json
@click.option("--only", "only", multiple=True, metavar="CHECK", help="Only this; may be repeated.")
def preflight(
    env: str | None,
    phases: str | None,
    state_dir: Path | None,
    as_json: bool,
    only: tuple[str, ...],
) -> int:
    """Check everything that the show needs, at the same time, in under 20 s."""
    probes = _chosen(only)
    environment, configured, addresses = where(env, phases, state_dir)
    report = asyncio.run(_run(environment, configured, addresses, probes))
    if as_json:
        click.echo(json.dumps(report.to_json()))
    else:
        _print(report)
    return 0 if report.passed else 1


def _chosen(only: tuple[str, ...]) -> tuple[Probe, ...]:
    from gtc_runtime.checks.preflight import PROBES

    known = {probe.name: probe for probe in PROBES}
    unknown = [name for name in only if name not in known]
    if unknown:
        raise UsageError(f"unknown check '{unknown[0]}', allowed: {', '.join(known)}")
    return tuple(known[name] for name in only) or PROBES


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
        configured = configured.model_copy(update={"kubeconfig": notes["kubeconfig"]})
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
    probes: tuple[Probe, ...],
) -> Report:
    from gtc_runtime.checks.preflight import run
    from gtc_runtime.checks.scene import opened

    async with opened(environment, configured, addresses) as scene:
        return await run(scene, probes)


def _print(report: Report) -> None:
    from rich.console import Console

    console = Console(soft_wrap=True, highlight=False)
    width = max(len(check.name) for check in report.checks)
    for check in report.checks:
        console.print(SIGNS[check.state], end=" ")
        console.print(f"{check.name:{width}}  {_told(check)}", markup=False)
    console.print(f"{'ready' if report.passed else 'not ready'}: {report.summary}", markup=False)


def _told(check: Check) -> str:
    if check.state != "red":
        return check.found
    told = f"{check.found}; expected: {check.expected}" if check.expected else check.found
    return f"{told}\n{' ' * 8}-> {check.hint}" if check.hint else told
