"""`gtc plan check`: does the show tell its story? Prediction in seconds, no cluster needed."""

from __future__ import annotations

import json
from pathlib import Path

import click
from rich.console import Console

from gtc_cli import options, verdicts
from gtc_cli.paper.sheet import Sheet
from gtc_cli.plan import flags, phase_table, timeline
from gtc_runtime.planning.answers.crew import crew
from gtc_runtime.planning.answers.cycle import Show, play_course
from gtc_runtime.planning.check import Prediction, predicted


@click.command()
@options.env
@options.phases
@options.as_json
@flags.seeds
@flags.patches
@flags.profile
@flags.html
def check(
    env: str | None, phases: str | None, as_json: bool, seeds: int, patches: tuple[Path, ...],
    profile: str | None, page: Path | None,
) -> int:  # fmt: skip
    """Play the phase table with several seeds; exit 1 when it fails its story."""
    flags.refuse_unwritable(page)
    environment = flags.environment(env, phases, patches)
    show, timings = Show.of(environment, profile), flags.timings(environment, profile)
    with flags.progress("playing", seeds) as done, crew(done=done) as players:
        prediction = predicted(show, range(1, seeds + 1), players)
    if page is not None:
        sheet(show, prediction, timings).write(page)
    if as_json:
        click.echo(json.dumps(prediction.to_json() | {"timings": timings}))
    else:
        click.echo(f"timings: {timings}")
        _print(prediction, environment.story.not_judged)
    return 0 if prediction.passed else 1


def sheet(show: Show, prediction: Prediction, timings: str) -> Sheet:
    """The page, with the course of one cycle."""
    return Sheet(
        "What the show will be",
        f"{prediction.environment}, phases {prediction.table}: {show.environment.model.title}.",
        verdicts=[claim.verdict for claim in prediction.claims],
        drawings=timeline.drawings(show, play_course(show, 1)),
        tables=[phase_table.table(prediction)],
        notes=(*phase_table.NOTES, f"Timings: {timings}."),
    )


def _print(prediction: Prediction, not_judged: str) -> None:
    console = Console()
    phase_table.table(prediction).show()
    verdicts.draw(*(claim.verdict for claim in prediction.claims))
    if not_judged:
        console.print(f"not judged here: {not_judged}", soft_wrap=True)
    if not prediction.passed:
        failing = ", ".join(prediction.failing_phases)
        console.print(f"[red]the story fails in {failing}[/]")
