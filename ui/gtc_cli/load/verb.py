"""`gtc load run`: flags in, one run or several, exit code out."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gtc_cli.load import flags as flagged
from gtc_spec.errors import GtcError

if TYPE_CHECKING:
    from gtc_cli.load.judge.conditions import Condition
    from gtc_cli.load.run import Plan, Run
    from gtc_cli.load.serverside.watch import Watch
    from gtc_runtime.load.forked import ForkedWorker

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
    from gtc_cli.load import planned
    from gtc_cli.load.judge import conditions as judged
    from gtc_cli.load.reports import ending
    from gtc_cli.load.reports import outputs as places

    conditions = [judged.parse(each) for each in fail_if]
    plan = planned.plan(flags)
    outputs = places.parse(reports, exports, request_log)
    if flags["sweep"] or flags["find_knee"]:
        from gtc_cli.load.curve import verb as curve

        return curve.carry_out(plan, flags, outputs, conditions, as_json=as_json)
    screen = _screen(no_live, as_json)
    finished, document, logged = _carry_out(
        plan, outputs.needs_requests, screen, flags["server_metrics"]
    )
    told = ending.tell(document, logged, outputs, as_json=as_json)
    refused = _refused(conditions, document)
    if finished.problem:
        raise GtcError(finished.problem)
    return INTERRUPTED if finished.interrupted else refused or (0 if told else 1)


@load.command()
@click.argument("a", type=flagged.FILE, metavar="A.json")
@click.argument("b", type=flagged.FILE, metavar="B.json")
@click.option("--page", type=flagged.PLACE, metavar="FILE", help="The table and plots as HTML.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def compare(a: Path, b: Path, page: Path | None, as_json: bool) -> int:
    """Say what got better or worse from run A to run B, and what is noise."""
    from gtc_cli.load.against import verb as against

    return against.carry_out(a, b, page, as_json=as_json)


def _screen(no_live: bool, as_json: bool) -> Any:
    from gtc_cli.load import screen

    live = sys.stdout.isatty() and not no_live and not as_json
    return screen.Table() if live else screen.Lines(err=as_json)


def _carry_out(
    plan: Plan, log_requests: bool, screen: Any, server_metrics: str | None
) -> tuple[Run, dict[str, Any], list[dict[str, Any]]]:
    """The run that is over, its report, and its finished requests if they are wanted."""
    from gtc_cli.load.probe.wording import worded
    from gtc_cli.load.reports.ending import steadily
    from gtc_cli.load.reports.report import document
    from gtc_cli.load.run import Run
    from gtc_cli.load.session import Session

    with _temporary() as folder:
        if log_requests:
            settings = plan.settings.model_copy(update={"request_log": folder})
            plan = replace(plan, settings=settings)
        finished = Run(plan)

        watch = _watch(server_metrics, plan) if server_metrics else None

        async def drive() -> None:
            async with (
                watch.over() if watch is not None else nullcontext(),
                Session(plan.settings, forked(plan), worded) as session,
            ):
                await session.measure(finished, steadily(screen.draw))

        with screen:
            asyncio.run(drive())
        told = document(finished) | ({} if watch is None else {"server": watch.told()})
        return finished, told, _logged(plan, Path(folder), finished)


def forked(plan: Plan) -> Sequence[ForkedWorker]:
    """Load processes that are coming up already, where that is safe."""
    from gtc_runtime.load.forked import ForkedWorker, may_fork

    return [ForkedWorker() for _ in range(plan.settings.shards if may_fork() else 0)]


def _watch(url: str, plan: Plan) -> Watch:
    from gtc_cli.load.serverside.watch import Watch

    return Watch(url, plan.settings.access)


@contextmanager
def _temporary() -> Iterator[str]:
    from gtc_cli.load.reports.outputs import reason

    try:
        place = tempfile.TemporaryDirectory(prefix="gtc-load-", ignore_cleanup_errors=True)
    except OSError as error:
        raise GtcError(
            f"no place for temporary files: {reason(error)}", "TMPDIR names another one"
        ) from None
    with place as folder:
        yield folder


def _logged(plan: Plan, folder: Path, finished: Run) -> list[dict[str, Any]]:
    """The measured requests of all shards, in the order in which they were due."""
    from gtc_runtime.load.figures import request_log

    shards = range(plan.settings.shards if plan.settings.request_log else 0)
    found: list[dict[str, Any]] = []
    for shard in shards:
        with suppress(OSError):  # the report says how many are missing
            found += request_log.read(request_log.path_of(folder, shard))
    begin_s = finished.measured_from_s or 0.0
    measured = (each for each in found if float(each["due_s"]) >= begin_s)
    return sorted(measured, key=lambda each: float(each["due_s"]))


def _refused(conditions: list[Condition], document: dict[str, Any]) -> int:
    """Say which conditions the run meets that it must not; the exit code for that, 0 for none."""
    met = [(each, why) for each in conditions if (why := each.judge(document))]
    for condition, why in met:
        click.echo(f"failed: {condition}: {why}", err=True)
    return FAILED if met else 0
