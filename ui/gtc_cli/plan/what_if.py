"""`gtc plan what-if`: the same cycle with another link, GPU, block or start, side by side."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from gtc_cli import options
from gtc_cli.paper.sheet import Drawing, Sheet
from gtc_cli.paper.table import Table, show_all
from gtc_cli.plan import flags, timeline
from gtc_runtime.formats import latency, percent
from gtc_runtime.planning.answers.crew import crew
from gtc_runtime.planning.answers.cycle import Show, play_course
from gtc_runtime.planning.answers.what_if import EVEN, Knobs, WhatIf, turn, what_if
from gtc_runtime.planning.check import PredictedClaim
from gtc_runtime.scenario.story import figure
from gtc_spec.pools import METRIC_TYPES

NOTES = (
    "The table is the same on both sides, its leads too: a worker that starts later than it is"
    " ordered ahead is late. gtc plan fit finds other numbers.",
    "With --scrape, --window or --metric-type both sides leave the workers to KEDA, as manual mode"
    " does, and no lead orders any.",
    f"Figures that change by less than {percent(EVEN, 0)} are left out. Both sides play the same"
    " seeds.",
)


@click.command("what-if")
@options.env
@options.phases
@click.option("--link", "link_gb_s", type=flags.Positive("GB/s"), default=None,
              help="Bandwidth of one worker's KV transfers, GB/s.")  # fmt: skip
@click.option("--block-size", "block_tokens", type=click.IntRange(1, 1024), default=None,
              help="Tokens of a KV block.")  # fmt: skip
@click.option("--worker-start", "worker_start_s", type=flags.Positive("seconds"), default=None,
              help="From the order of a worker to Ready, seconds.")  # fmt: skip
@click.option("--gpu", default=None, help="The same model on another GPU: --env dev --gpu h200.")
@click.option("--scrape", "scrape_s", type=flags.Positive("seconds"), default=None,
              help="How often Prometheus looks, seconds; pools are then KEDA's.")  # fmt: skip
@click.option("--window", "window_s", type=flags.Span(), default=None,
              help="Of latencies in triggers, such as 5m; pools are then KEDA's.")  # fmt: skip
@click.option("--metric-type", type=click.Choice(sorted(set(METRIC_TYPES.values()))), default=None,
              help="How the HPA reads triggers; pools are then KEDA's.")  # fmt: skip
@click.option("--profile", default=None, metavar="NAME", help="Timings by their name.")
@options.as_json
@flags.seeds
@flags.patches
@flags.html
def what_if_verb(
    env: str | None, phases: str | None, as_json: bool, seeds: int, patches: tuple[Path, ...],
    page: Path | None, **knobs: Any,
) -> int:  # fmt: skip
    """Play the same cycle with and without a change; exit 1 when it fails its story with it."""
    flags.refuse_unwritable(page)
    show = Show.of(flags.environment(env, phases, patches))
    turned = Knobs(**knobs)
    turn(show, turned)
    with flags.progress("playing", 2 * seeds) as done, crew(done=done) as players:
        answer = what_if(show, turned, range(1, seeds + 1), players)
    if page is not None:
        sheet(show, turned, answer).write(page)
    if as_json:
        click.echo(json.dumps(answer.to_json() | {"timings": flags.timings(show.environment)}))
    else:
        click.echo(f"timings: {flags.timings(show.environment)}")
        show_all(tables(answer), sentence(answer))
    return 0 if answer.after.passed else 1


def sentence(answer: WhatIf) -> str:
    """The answer in words."""
    lost = [
        each for each in answer.after.failing_phases if each not in answer.before.failing_phases
    ]
    won = [each for each in answer.before.failing_phases if each not in answer.after.failing_phases]
    told = [f"the story then fails in {', '.join(lost)}"] if lost else []
    told += [f"the story then holds in {', '.join(won)}"] if won else []
    return "; ".join(told) or "every claim comes out as before"


def tables(answer: WhatIf) -> list[Table]:
    """What is other, the claims, and the figures that change."""
    before = answer.before
    pairs = zip(before.claims, answer.after.claims, strict=True)
    return [
        Table(
            f"{before.environment}, phases {before.table}: what is other",
            ("what", "as it is", "what if"),
            [[each.what, each.before, each.after] for each in answer.turned],
            words=3,
        ),
        Table(
            "claims: median of the seeds, margin to the limit",
            ("phase", "claim", "as it is", "what if"),
            [[was.phase, was.claim, _claim(was), _claim(now)] for was, now in pairs],
            words=2,
        ),
        Table(
            "figures that change",
            ("phase", "figure", "as it is", "what if"),
            [
                [each.phase, each.figure, latency(each.before_ms), latency(each.after_ms)]
                for each in answer.differences
            ],
            words=2,
        ),
    ]


def _claim(claim: PredictedClaim) -> str:
    margin = None if claim.margin is None else claim.margin.median
    held = "holds" if claim.passed else "FAILS"
    return f"{held} {figure(claim.median)}\n{percent(margin, 0)}"


def sheet(show: Show, knobs: Knobs, answer: WhatIf) -> Sheet:
    """The page, with the course of one cycle on each side."""
    other, _ = turn(show, knobs)
    return Sheet(
        "What if",
        f"{answer.before.environment}, phases {answer.before.table}: {sentence(answer)}.",
        verdicts=[claim.verdict for claim in answer.after.claims],
        drawings=[
            *_side("as it is", show),
            *_side("what if", other),
        ],
        tables=tables(answer),
        notes=(*NOTES, f"Timings: {flags.timings(show.environment)}."),
    )


def _side(words: str, show: Show) -> list[Drawing]:
    return timeline.drawings(show, play_course(show, 1), words)
