"""`gtc plan check`: does the show tell its story? Prediction in seconds, no cluster needed."""

from __future__ import annotations

import json

import click
from rich.console import Console

from gtc_cli import options, verdicts
from gtc_cli.plan import flags, phase_table
from gtc_runtime import choices, settings
from gtc_runtime.planning.check import Prediction, predict


@click.command()
@options.env
@options.phases
@options.as_json
@flags.seeds
def check(env: str | None, phases: str | None, as_json: bool, seeds: int) -> int:
    """Play the phase table with several seeds; exit 1 when it fails its story."""
    environment = choices.environment(settings.read(env=env).env, phases)
    with flags.progress("playing", seeds) as bar:
        prediction = predict(environment, seeds=seeds, done=lambda: bar.advance(bar.task_ids[0]))
    if as_json:
        click.echo(json.dumps(prediction.to_json()))
    else:
        _print(prediction, environment.story.not_judged)
    return 0 if prediction.passed else 1


def _print(prediction: Prediction, not_judged: str) -> None:
    console = Console()
    phase_table.table(prediction).show()
    verdicts.draw(*(claim.verdict for claim in prediction.claims))
    if not_judged:
        console.print(f"not judged here: {not_judged}", soft_wrap=True)
    if not prediction.passed:
        failing = ", ".join(prediction.failing_phases)
        console.print(f"[red]the story fails in {failing}[/]")
