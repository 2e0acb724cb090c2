"""`gtc safe`: the way out of a show that goes wrong, with or without a panel."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from gtc_cli import options
from gtc_cli.steps.safe import reach_safe_state
from gtc_cli.target.target import choose
from gtc_spec.errors import GtcError


@click.command()
@options.cluster
@options.as_json
def safe(env: str | None, state_dir: Path | None, kubeconfig: str | None, as_json: bool) -> int:
    """Reach the safe state without a panel: load off, initial ratio, KEDA scaling."""
    target = choose(env, state_dir, kubeconfig)
    report = reach_safe_state(target.environment(), target.kubeconfig)
    if as_json:
        click.echo(json.dumps(asdict(report)))
    for line in () if as_json else report.done:
        click.echo(f"done: {line}")
    if report.failed and not as_json:
        raise GtcError("; ".join(report.failed), "repeat gtc safe")
    return 1 if report.failed else 0
