"""`gtc load run --sweep` and `--find-knee`: the flags, the lines as points come in, the report."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

import click

from gtc_cli.load import goals as goaled
from gtc_cli.load import planned
from gtc_cli.load.curve import knee, points
from gtc_cli.load.curve.search import Search
from gtc_cli.load.probe.wording import worded
from gtc_cli.load.reports.outputs import Outputs, reason
from gtc_cli.load.run import Plan
from gtc_cli.load.session import Session, forked
from gtc_runtime.load.demand.forms import Streams
from gtc_spec.errors import GtcError, UsageError

JSON = dict[str, Any]

POINT_S: Final = 30.0
"""Load of one point where the command says nothing."""
NOT_FOUND: Final = 1
INTERRUPTED: Final = 130


def carry_out(
    plan: Plan, flags: JSON, outputs: Outputs, conditions: Sequence[object], *, as_json: bool
) -> int:
    """Measure a curve; the exit code: 0, 1 when a search finds no load, 130 after Ctrl-C.

    Raises:
        UsageError: A flag does not go with a curve.
        GtcError: The server cannot be measured, or a report cannot be written.
    """
    _refuse(flags, outputs, conditions)
    if flags["duration_s"] is None and flags["requests"] is None:
        plan = replace(plan, duration_s=POINT_S)
    kind, loads = _varied(flags)
    goals = goaled.of_a_run(flags["slo"] or "") if flags["find_knee"] else []
    told = _measure(plan, kind, loads, goals, as_json)
    if as_json:
        click.echo(json.dumps(told))
    for path in outputs.reports:
        try:
            path.write_text(json.dumps(told) + "\n", encoding="utf-8")
        except OSError as error:
            raise GtcError(f"cannot write {path}: {reason(error)}") from None
        click.echo(f"wrote {path}", err=True)
    if told["interrupted"]:
        return INTERRUPTED
    return NOT_FOUND if goals and told["search"]["knee"] is None else 0


def _measure(
    plan: Plan, kind: str, loads: Sequence[float], goals: list[goaled.Goal], as_json: bool
) -> JSON:
    search = _search(plan) if goals else None

    def say(text: str) -> None:
        click.echo(text, err=as_json)

    def on_point(point: points.Point) -> None:
        for each in points.line(point, bool(goals)):
            say(each)

    async def drive() -> JSON:
        async with Session(plan.settings, forked(plan.settings), worded) as session:
            if goals:
                say("goals: " + ", ".join(map(str, goals)))
            say(points.heading())
            common = (session, plan, kind)
            if search is None:
                found = await knee.sweep(*common, loads, on_point)
            else:
                found = await knee.find(*common, search, goals, on_point)
            told = knee.curve(plan, kind, found, goals)
            if search is not None:
                told["search"] = knee.verdict(search, kind, session.interrupted)
                say(told["search"]["words"])
            return told | {"interrupted": session.interrupted}

    return asyncio.run(drive())


def _search(plan: Plan) -> Search:
    if isinstance(plan.demand, Streams):
        most = plan.settings.limits.in_flight_max
        return Search(plan.demand.streams, most, whole=True)
    return Search(plan.offered_rps or 1.0, planned.RPS_MAX)


def _varied(flags: JSON) -> tuple[str, list[float]]:
    """What is varied, and the loads of a sweep."""
    if flags["find_knee"]:
        if flags["find_knee"] not in ("rps", "concurrency"):
            raise UsageError(
                f"--find-knee {flags['find_knee']} is unknown, allowed: nothing behind it,"
                " or concurrency"
            )
        return flags["find_knee"], []
    kind, colon, listed = flags["sweep"].rpartition(":")
    kind = kind if colon else "rps"
    read: Callable[[str], float] = int if kind == "concurrency" else float
    try:
        loads = [read(each) for each in listed.split(",")]
    except ValueError:
        loads = []
    if not loads or min(loads) <= 0 or kind not in ("rps", "concurrency"):
        raise UsageError(
            f"not a list of loads: {flags['sweep']!r}, allowed: rates like 1,2,4,8, or"
            " concurrency:1,2,4,8"
        )
    return kind, loads if kind == "concurrency" else [planned.rate(each) for each in loads]


def _refuse(flags: JSON, outputs: Outputs, conditions: Sequence[object]) -> None:
    unfit = {
        "--fail-if": bool(conditions),
        "--export": bool(outputs.aiperf),
        "--request-log": outputs.requests is not None,
        "--trace": flags["trace"] is not None,
        "--server-metrics": flags["server_metrics"] is not None,
        "--report in another form than .json": any(p.suffix != ".json" for p in outputs.reports),
    }
    for name, given in unfit.items():
        if given:
            raise UsageError(f"{name} goes with a single run, not with several")
