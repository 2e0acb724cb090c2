"""`gtc safe`: the way out of a show that goes wrong, with or without a panel.

A panel that lives does it itself, because two that write would fight for the Lease. One that does
not answer in time, has another key or could not do everything is passed over: the Lease is taken by
force.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import click

from gtc_cli import options
from gtc_cli.steps.safe import reach_safe_state
from gtc_cli.target import panel_client
from gtc_cli.target.panel_address import of
from gtc_cli.target.target import Target, choose
from gtc_runtime.told import SafeReport
from gtc_spec.errors import GtcError

ALIVE_S: Final = 5.0
"""A panel that does not even show itself in this time is not waited for."""
REACHED_S: Final = 120.0
"""KEDA lets go and takes over again, 30 s each at most, behind a command that is being done."""


@click.command()
@options.cluster
@options.as_json
def safe(env: str | None, state_dir: Path | None, kubeconfig: str | None, as_json: bool) -> int:
    """Reach the safe state, with or without a panel: load off, initial ratio, KEDA scaling."""
    target = choose(env, state_dir, kubeconfig)
    report, why = _by_panel(target)
    if report is None:
        if not as_json:
            click.echo(f"not by the panel, by Kubernetes alone: {why}", err=True)
        report = reach_safe_state(target.environment(), target.kubeconfig)
    if as_json:
        click.echo(json.dumps({**asdict(report), "by": "kubernetes" if why else "panel"}))
        return 1 if report.failed else 0
    for line in report.lines:
        click.echo(line)
    if report.failed:
        raise GtcError("; ".join(report.failed), "repeat gtc safe")
    return 0


def _by_panel(target: Target) -> tuple[SafeReport | None, str]:
    """What a living panel reports; None, and why, when it is better passed over."""
    try:
        with of(target) as panel:
            panel_client.call(panel, "GET", "/api/status", timeout_s=ALIVE_S)
            told = panel_client.call(
                panel, "POST", "/api/safe", timeout_s=REACHED_S, known_by="done"
            )
            report = SafeReport(*(_lines(told, name) for name in asdict(SafeReport((), ()))))
    except GtcError as error:
        return None, error.message
    return (None, "; ".join(report.failed)) if report.failed else (report, "")


def _lines(told: dict[str, Any], name: str) -> tuple[str, ...]:
    found = told.get(name)
    return tuple(map(str, found)) if isinstance(found, list) else ()
