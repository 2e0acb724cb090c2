"""`gtc load run` and `gtc load compare`: flags in, one run or several, exit code out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from gtc_cli.load import flags as flagged
from gtc_cli.load import planned, single
from gtc_cli.load.against import compare as against
from gtc_cli.load.curve import several
from gtc_cli.load.judge import conditions as judged
from gtc_cli.load.judge.conditions import Condition
from gtc_cli.load.reports import finish
from gtc_cli.load.reports import outputs as places
from gtc_cli.load.screen import Lines, Screen, Table
from gtc_spec.errors import GtcError

FAILED = 4
"""A run that meets a condition of --fail-if."""
INTERRUPTED = 130


@click.group()
def load() -> None:
    """Measure any OpenAI-compatible server: at a load, over a curve, or against a run before."""


@load.command(cls=flagged.Grouped)
@flagged.all_of_them
def run(
    reports: tuple[Path, ...], exports: tuple[str, ...], request_log: Path | None,
    no_live: bool, as_json: bool, fail_if: tuple[str, ...], **flags: Any,
) -> int:  # fmt: skip
    r"""Send load to a server and measure what comes back.

    \b
    gtc load run --url http://127.0.0.1:8000 --model NAME --rps 5
    gtc load run --url … --model … --concurrency 32 --isl 2000,200 --osl 300
    gtc load run --url … --model … --find-knee --slo ttft_p95=2,itl_p95=0.05
    """
    conditions = [judged.parse(each) for each in fail_if]
    plan = planned.plan(flags)
    outputs = places.parse(reports, exports, request_log)
    if flags["sweep"] or flags["find_knee"]:
        return several.carry_out(plan, flags, outputs, conditions, as_json=as_json)
    finished, report, requests = single.carry_out(
        plan,
        _screen(no_live, as_json),
        log_requests=outputs.needs_requests,
        server_metrics=flags["server_metrics"],
    )
    whole = finish.print_and_write(report, requests, outputs, as_json=as_json)
    refused = _refused(conditions, report)
    if finished.problem:
        raise GtcError(finished.problem)
    return INTERRUPTED if finished.interrupted else refused or (0 if whole else 1)


@load.command()
@click.argument("a", type=flagged.FILE, metavar="A.json")
@click.argument("b", type=flagged.FILE, metavar="B.json")
@click.option("--page", type=flagged.PLACE, metavar="FILE", help="The table and plots as HTML.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def compare(a: Path, b: Path, page: Path | None, as_json: bool) -> int:
    """Say what got better or worse from run A to run B, and what is noise."""
    return against.carry_out(a, b, page, as_json=as_json)


def _screen(no_live: bool, as_json: bool) -> Screen:
    live = sys.stdout.isatty() and not no_live and not as_json
    return Table() if live else Lines(err=as_json)


def _refused(conditions: list[Condition], document: dict[str, Any]) -> int:
    """Say which conditions the run meets that it must not; the exit code for that, 0 for none."""
    met = [(each, why) for each in conditions if (why := each.judge(document))]
    for condition, why in met:
        click.echo(f"failed: {condition}: {why}", err=True)
    return FAILED if met else 0
