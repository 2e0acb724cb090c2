"""`gtc plan fit`: numbers with which every claim holds on this hardware, each with its reason."""

from __future__ import annotations

import json
from itertools import count
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from gtc_cli import options
from gtc_cli.paper.sheet import Sheet
from gtc_cli.paper.table import Table
from gtc_cli.plan import flags, phase_table, timeline
from gtc_runtime.formats import percent
from gtc_runtime.planning.answers.crew import crew
from gtc_runtime.planning.answers.cycle import Show, play_course
from gtc_runtime.planning.answers.fit.fit import STEPS, Fit, fit
from gtc_runtime.planning.answers.fit.pairs import AIM
from gtc_runtime.planning.check import PredictedClaim
from gtc_runtime.scenario.story import figure
from gtc_spec.errors import UsageError

NOTES = (
    f"A claim fits when three of four seeds keep it with a margin of {percent(AIM, 0)}.",
    "Nothing is changed that fits already. Rates are found by halving between what is too little to"
    " be seen and too much to be taken back.",
    *phase_table.NOTES,
)


@click.command("fit")
@options.env
@options.phases
@options.as_json
@flags.seeds
@flags.patches
@flags.profile
@click.option("--output", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False),
              default=None, help="Write the patch here as well.")  # fmt: skip
@flags.html
def fit_verb(
    env: str | None, phases: str | None, as_json: bool, seeds: int, patches: tuple[Path, ...],
    profile: str | None, output: Path | None, page: Path | None,
) -> int:  # fmt: skip
    """Find rates, ratios, leads, guards and thresholds; exit 1 when a claim stays short.

    Prints a patch of environments/*.toml. gtc plan check --patch FILE plays it; where fit had
    --patch or --profile, check takes the same before it.
    """
    flags.refuse_unwritable(output, page)
    show = Show.of(flags.environment(env, phases, patches), profile)
    answer, timings = _fit(show, seeds), flags.timings(show.environment, profile)
    if output is not None:
        _write(output, answer.patch)
    if page is not None:
        sheet(show, answer, timings).write(page)
    if as_json:
        click.echo(json.dumps(answer.to_json() | {"timings": timings}))
    else:
        _print(answer, timings)
    return 1 if answer.short else 0


def _fit(show: Show, seeds: int) -> Fit:
    console = Console(stderr=True)
    with steps(console, away=not console.is_terminal) as bar:
        task = bar.add_task("the table as it is", total=STEPS, completed=-1, cycles=0)
        played = count(1)

        def told(words: str) -> None:
            done = bar.tasks[task].completed + 1
            bar.update(task, description=words, completed=done, total=max(STEPS, done + 1))

        with crew(done=lambda: bar.update(task, cycles=next(played))) as players:
            return fit(show, range(1, seeds + 1), players, told)


def steps(console: Console, *, away: bool) -> Progress:
    """A bar of the things that are looked for; nobody knows before how many cycles each takes."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[cycles]} cycles"),
        TimeElapsedColumn(),
    )
    return Progress(*columns, console=console, transient=True, disable=away)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from None


def _print(answer: Fit, timings: str) -> None:
    click.echo(f"# timings: {timings}")
    click.echo(answer.patch)
    for table in tables(answer):
        table.show()
    Console(highlight=False).print(sentence(answer), soft_wrap=True, markup=False)


def sentence(answer: Fit) -> str:
    """The answer in words."""
    if not answer.short:
        return f"every claim holds by {percent(AIM, 0)} or more in three of four seeds"
    short = ", ".join(f"{each.phase} ({_lacks(each)})" for each in answer.short)
    return f"nothing was found with which every claim holds by {percent(AIM, 0)}: {short}"


def _lacks(claim: PredictedClaim) -> str:
    if claim.sure is None:
        return "no figure in some seeds"
    return f"{claim.claim}, margin {percent(claim.sure, 0)}"


def tables(answer: Fit) -> list[Table]:
    """What changes, and the claims before and after."""
    pairs = zip(answer.before.claims, answer.after.claims, strict=True)
    return [
        Table(
            f"{answer.before.environment}, phases {answer.before.table}: claims before and after",
            ("phase", "claim", "before", "after"),
            [[was.phase, was.claim, _claim(was), _claim(now)] for was, now in pairs],
            words=2,
            note="median of the seeds, and the margin that three of four seeds have",
        ),
        phase_table.table(answer.after),
    ]


def _claim(claim: PredictedClaim) -> str:
    return f"{figure(claim.median)}\n{percent(claim.sure, 0)}"


def sheet(show: Show, answer: Fit, timings: str) -> Sheet:
    """The page, with the course of one fitted cycle."""
    fitted = Show(answer.environment, show.hardware)
    return Sheet(
        "Numbers that fit",
        f"{answer.before.environment}, phases {answer.before.table}: {sentence(answer)}.",
        verdicts=[claim.verdict for claim in answer.after.claims],
        drawings=timeline.drawings(fitted, play_course(fitted, 1)),
        tables=tables(answer),
        notes=(*NOTES, f"Timings: {timings}."),
        listing=answer.patch,
    )
