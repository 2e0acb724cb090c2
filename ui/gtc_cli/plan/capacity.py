"""`gtc plan capacity`: how many workers a load takes, how divided, and what that costs."""

from __future__ import annotations

import json
from pathlib import Path

import click

from gtc_cli import options
from gtc_cli.paper.sheet import Sheet
from gtc_cli.paper.table import Table, show_all
from gtc_cli.plan import capacity_plots, flags
from gtc_runtime import choices, settings
from gtc_runtime.formats import NO_DATA, latency_s, per_s, percent
from gtc_runtime.planning.answers.capacity import Candidate, Capacity, capacity
from gtc_runtime.planning.answers.crew import crew
from gtc_runtime.planning.answers.served import GOOD_SHARE, REQUESTS, Demand, Goals
from gtc_runtime.planning.hardware import Hardware
from gtc_spec.cloud import gpus
from gtc_spec.environment import Environment
from gtc_spec.errors import UsageError
from gtc_spec.profiles.profile import Profile
from gtc_spec.workloads import WorkloadMix

NOTES = (
    f"A load is served when TTFT p95 and ITL p95 keep their goals, {percent(GOOD_SHARE, 0)} of the"
    " requests keep both (their own TTFT, and the mean time between their own tokens), and no"
    " queue grows.",
    f"Every figure is of one run of {REQUESTS:,} requests that come at random (Poisson), to caches"
    " that begin empty.",
    "The knee is the highest rate that is served. The same question has the same answer; another"
    " draw of requests would move a knee by up to 5 %.",
    "Dollars are those of the GPUs alone, on demand; gtc cost has the rest of a deployment."
    " Droplets have 1 or 8 GPUs.",
    "These are predictions; how near they come to runs on H200s is in docs/rehearsal-fidelity.md.",
)


@click.command("capacity")
@options.env
@click.option("--rps", type=flags.Positive("requests a second"), required=True,
              help="Requests a second, follow-up questions included.")  # fmt: skip
@click.option("--mix", default="40/30/30", callback=flags.mix, metavar="A/B/C",
              help="Chat, summarization and reasoning in percent. [default 40/30/30]")  # fmt: skip
@click.option("--ttft-p95", type=flags.Positive("seconds"), default=None,
              help="Goal of the time to the first token, in s. [default the env's]")  # fmt: skip
@click.option("--itl-p95", type=flags.Positive("seconds"), default=None,
              help="Goal of the time between tokens, in s. [default the env's]")  # fmt: skip
@click.option("--gpus", "count", type=click.IntRange(2, 64), default=None,
              help="GPUs at most. [default the env's]")  # fmt: skip
@click.option("--profile", metavar="NAME", default=None,
              help="Timings of another GPU, model or engine. [default the env's]")  # fmt: skip
@options.as_json
@flags.html
def capacity_verb(
    env: str | None, rps: float, mix: WorkloadMix, ttft_p95: float | None, itl_p95: float | None,
    count: int | None, profile: str | None, as_json: bool, page: Path | None,
) -> int:  # fmt: skip
    """Find the smallest P:D that serves a load; exit 1 when the GPUs do not suffice.

    Disaggregated serving stands beside aggregated serving on the same number of GPUs.
    """
    flags.refuse_unwritable(page)
    environment = choices.environment(settings.read(env=env).env)
    demand = _demand(environment, profile, mix, ttft_p95, itl_p95)
    with flags.progress("serving", None) as done, crew(done=done) as players:
        answer = capacity(demand, rps, count or environment.slots, players)
    if page is not None:
        sheet(answer, flags.timings(environment, profile)).write(page)
    if as_json:
        click.echo(json.dumps(answer.to_json() | {"timings": flags.timings(environment, profile)}))
    else:
        click.echo(f"timings: {flags.timings(environment, profile)}")
        show_all(tables(answer), sentence(answer))
    return 0 if answer.possible else 1


def _demand(
    environment: Environment, profile: str | None, mix: WorkloadMix,
    ttft_s: float | None, itl_s: float | None,
) -> Demand:  # fmt: skip
    timings = Profile.load(profile or environment.model.profile)
    slo = environment.slo
    goals = Goals(ttft_s or slo.ttft_p95_s, itl_s or slo.itl_p95_s)
    hardware = Hardware.of(environment, timings)
    nodes = environment.nodes
    card = timings.card if profile or not nodes.gpus else gpus.card(nodes.size)
    return Demand(environment, hardware, mix, goals, _usd_h(card))


def _usd_h(name: str) -> float:
    if name not in gpus.GPUS:
        raise UsageError(f"no price of {name} is known, allowed: {', '.join(gpus.GPUS)}")
    return gpus.GPUS[name].usd_h


def sentence(answer: Capacity) -> str:
    """The answer in words."""
    goals, most = answer.demand.goals, answer.whole.asked.topology.gpus
    asked = (
        f"{per_s(answer.rps)} rps of {answer.demand.mix} within TTFT p95"
        f" {latency_s(goals.ttft_s)} and ITL p95 {latency_s(goals.itl_s)}"
    )
    apart = (
        f"no P:D of {most} GPUs serves {asked}" if answer.smallest is None
        else f"{_told(answer.smallest)} serves {asked}"
    )  # fmt: skip
    together = (
        f"aggregated, no number up to {most} does" if answer.aggregated is None
        else f"aggregated, {_told(answer.aggregated)} does"
    )  # fmt: skip
    return f"{apart}; {together}"


def _told(candidate: Candidate) -> str:
    asked = candidate.asked
    gpus_told = f"{asked.topology.gpus} GPU{'' if asked.topology.gpus == 1 else 's'}"
    return (
        f"{asked.topology} ({gpus_told}, {asked.usd_h:.2f} USD/h, knee"
        f" {per_s(candidate.knee_rps)} rps)"
    )


def tables(answer: Capacity) -> list[Table]:
    """The pair, and every ratio."""
    env = answer.demand.environment.name
    first = [answer.pair[0], answer.pair[1]]
    if answer.aggregated and answer.aggregated not in first:
        first.append(answer.aggregated)
    most = answer.whole.asked.topology.gpus
    return [
        Table(
            f"{env}, {per_s(answer.rps)} rps of {answer.demand.mix}: apart against together",
            HEADS,
            [_row(each) for each in first],
            note="good: requests that keep both goals; knee: highest rate that is served",
        ),
        Table(
            f"every P:D of {most} GPUs at the same rate, and {most} aggregated",
            HEADS,
            [_row(each) for each in (*answer.frontier, answer.whole)],
        ),
    ]


HEADS = (
    "workers", "served", "good", "TTFT p50\np95", "ITL p50\np95", "ITL p99\nTPOT p95", "knee\nrps",
    "USD/h\na million",
)  # fmt: skip


def _row(candidate: Candidate) -> list[str]:
    asked = candidate.asked
    figures = asked.figures
    usd = asked.usd_per_million
    return [
        str(asked.topology),
        "yes" if asked.kept else "no",
        percent(figures["good_share"], 0),
        f"{_q(figures, 'ttft_s', 'p50')}\n{_q(figures, 'ttft_s', 'p95')}",
        f"{_q(figures, 'itl_s', 'p50')}\n{_q(figures, 'itl_s', 'p95')}",
        f"{_q(figures, 'itl_s', 'p99')}\n{_q(figures, 'tpot_s', 'p95')}",
        per_s(candidate.knee_rps) if candidate.knee_rps else NO_DATA,
        f"{asked.usd_h:.2f}\n{NO_DATA if usd is None else f'{usd:.2f}'}",
    ]


def _q(figures: dict[str, dict[str, float] | None], measure: str, quantile: str) -> str:
    found = figures[measure]
    return latency_s(None if found is None else found[quantile])


def sheet(answer: Capacity, timings: str) -> Sheet:
    """The page."""
    return Sheet(
        "How many workers the load takes",
        f"{sentence(answer)}.",
        drawings=capacity_plots.drawings(answer),
        tables=tables(answer),
        notes=(*NOTES, f"Timings: {timings}."),
    )
