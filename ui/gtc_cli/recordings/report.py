"""`gtc report`: one cycle of a recording as one page to take home."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import click
from jinja2 import Environment as Templates
from jinja2 import StrictUndefined
from markupsafe import Markup

from gtc_cli import options
from gtc_cli.paper.lines import Lines
from gtc_cli.paper.style import style
from gtc_cli.recordings import chosen
from gtc_cli.recordings.curve import curve
from gtc_cli.recordings.story import Story, story
from gtc_runtime import formats
from gtc_runtime.recording.reader import Recording
from gtc_spec.errors import UsageError
from gtc_spec.phases import phase_title


@click.command()
@chosen.file
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), default="report.html",
    help="Where the page goes. [default report.html]",
)  # fmt: skip
@click.option(
    "--cycle", metavar="N", type=int, default=None,
    help="Which cycle, counted from 1. [default the last whole one]",
)  # fmt: skip
@options.state_dir
def report(file: Path | None, output: Path, cycle: int | None, state_dir: Path | None) -> None:
    """Write one HTML page of a recorded cycle, to take home."""
    choice = chosen.choose(file, state_dir)
    told = story(choice.recording, cycle)
    try:
        output.write_text(page(choice.recording, told), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write {output}: {error.strerror}") from None
    held = sum(claim.state == "held" for claim in told.claims)
    found = f"{held} of {len(told.claims)} claims held"
    click.echo(f"{output}: cycle {told.number} of {told.of}, {found}")


def page(recording: Recording, told: Story) -> str:
    """The page; it needs no other file and no network."""
    templates = Templates(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    templates.filters |= {
        "ms": formats.latency, "per_s": formats.per_s, "percent": formats.percent,
        "minutes": formats.countdown, "phase": phase_title,
    }  # fmt: skip
    source = (resources.files("gtc_cli.recordings") / "report.html.j2").read_text(encoding="utf-8")
    return templates.from_string(source).render(
        style=Markup(style()),  # noqa: S704
        told=told,
        first=told.first,
        header=recording.header,
        facts=recording.environment,
        model=recording.environment.model.title,
        lights=formats.LIGHTS,
        plots={name: Markup(drawn.svg()) for name, drawn in curves(told).items()},  # noqa: S704
    )


def curves(told: Story) -> dict[str, Lines]:
    """Both latencies over the cycle."""
    goals = told.first.goals
    phases = [(act.name, act.start_s) for act in told.acts]
    length_s = told.views[-1][0]

    def points(measure: str, quantile: str) -> list[tuple[float, float | None]]:
        found = []
        for at_s, view in told.views:
            every = view.workloads.get("all")
            known = getattr(getattr(every, measure), quantile) if every else None
            found.append((at_s, known))
        return found

    return {
        title: curve(
            title,
            ink,
            (points(measure, "p50_ms"), points(measure, "p95_ms")),
            goal,
            phases,
            length_s,
        )
        for title, measure, ink, goal in (
            ("Time to first token", "ttft", "blue", goals.ttft_p95_ms),
            ("Time between tokens", "itl", "green", goals.itl_p95_ms),
        )
    }
