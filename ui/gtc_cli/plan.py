"""`gtc plan check`: does the show tell its story? Prediction in seconds, no cluster needed."""

from __future__ import annotations

import json
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from gtc_cli import options, verdicts
from gtc_runtime import choices, settings
from gtc_runtime.formats import latency
from gtc_runtime.planning.check import Prediction, predict

SEEDS = 12
"""Cycles of one check: enough to tell a broken table from an unlucky draw."""


@click.group()
def plan() -> None:
    """Predict the show before playing it."""


@plan.command()
@options.env
@options.phases
@options.as_json
@click.option("--seeds", type=click.IntRange(1, 100), default=SEEDS, help="Cycles to play.")
def check(env: str | None, phases: str | None, as_json: bool, seeds: int) -> int:
    """Play the phase table with several seeds; exit 1 when it fails its story."""
    name = settings.read(env=env).env
    environment = choices.environment(name, phases)
    prediction = predict(environment, seeds=seeds)
    if as_json:
        click.echo(json.dumps(prediction.to_json()))
    else:
        _print(prediction, environment.story.not_judged)
    return 0 if prediction.passed else 1


def _print(prediction: Prediction, not_judged: str) -> None:
    console = Console()
    table = Table(title=f"{prediction.environment}, phases {prediction.table}: median of the seeds")
    for head in ("phase", "length", "due", "TTFT B p95", "tail", "ITL p50", "tail"):
        table.add_column(head, justify="left" if head == "phase" else "right", no_wrap=True)
    for phase in prediction.phases:
        table.add_row(*_cells(phase))
    console.print(table)
    verdicts.draw(*(claim.verdict for claim in prediction.claims))
    if not_judged:
        console.print(f"not judged here: {not_judged}", soft_wrap=True)
    if not prediction.passed:
        failing = ", ".join(prediction.failing_phases)
        console.print(f"[red]the story fails in {failing}[/]")


def _cells(phase: dict[str, Any]) -> list[str]:
    return [
        phase["name"],
        f"{phase['length_s']:.0f} s",
        f"{phase['requests']['due']:.0f}",
        *(latency(phase[each]["summarization"]["p95"]) for each in ("ttft_ms", "ttft_ms_tail")),
        *(latency(phase[each]["all"]["p50"]) for each in ("itl_ms", "itl_ms_tail")),
    ]
