"""Carries out the runs of a curve on one session, and says what was found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from gtc_cli.load.curve.points import Point
from gtc_cli.load.curve.search import TOLERANCE, Search
from gtc_cli.load.goals import Goal
from gtc_cli.load.planned import demand_of
from gtc_cli.load.reports.report import document
from gtc_cli.load.run import Plan, Run
from gtc_cli.load.session import Session

JSON = dict[str, Any]
SCHEMA = "gtc-load-curve/1"

OnPoint = Callable[[Point], None]
"""Called with each point as it is measured."""


async def measured(
    session: Session, plan: Plan, kind: str, load: float, goals: Sequence[Goal]
) -> Point:
    """One point of a curve."""
    run = Run(replace(plan, demand=demand_of(kind, load, plan.demand)))
    await session.measure(run)
    await session.clear()
    return Point.of(load, document(run), goals)


async def sweep(
    session: Session, plan: Plan, kind: str, loads: Sequence[float], on_point: OnPoint
) -> list[Point]:
    """Every load once, in the order given, until somebody ends it."""
    points: list[Point] = []
    for load in loads:
        points.append(await measured(session, plan, kind, load, ()))
        on_point(points[-1])
        if session.interrupted:
            break
    return points


async def find(
    session: Session, plan: Plan, kind: str, search: Search, goals: Sequence[Goal],
    on_point: OnPoint,
) -> list[Point]:  # fmt: skip
    """Measure until the search is over, or somebody ends it."""
    points: list[Point] = []
    while (load := search.next()) is not None and not session.interrupted:
        point = await measured(session, plan, kind, load, goals)
        points.append(point)
        on_point(point)
        if session.interrupted:
            break
        if point.limited:
            search.record_limited(load)
        else:
            search.record(load, not point.missed)
    return points


def verdict(search: Search, kind: str, interrupted: bool) -> JSON:
    """What a search found.

    Returns:
        `knee`, the highest load that met the goals (null when none did), `misses_at`, the lowest
        that did not, `limited_at`, `surprises`, and all of it in `words`.
    """
    unit = " requests/s" if kind == "rps" else " open requests"
    low, high, ceiling = search.low, search.high, search.ceiling
    if low is None:
        words = "no load that was tried meets the goals"
    elif high is not None and (ceiling is None or high <= ceiling):
        words = f"the goals are met up to {low:.4g}{unit} and missed at {high:.4g}"
        if high > low * TOLERANCE and not search.whole:
            words += "; the search ended before they were closer"
    elif ceiling is not None and ceiling <= low:
        words = f"the goals are met at {low:.4g}{unit}, where the client began to be the limit"
    elif ceiling is not None:
        words = (
            f"the goals are met at {low:.4g}{unit}; at {ceiling:.4g} the client was the limit,"
            " so the server may take more"
        )
    else:
        words = f"the goals are met at {low:.4g}{unit}, the highest load that was tried"
    if search.surprises:
        loads = ", ".join(f"{load:.4g}" for load in search.surprises)
        words += f"; noise: results at {loads} contradict others"
    if interrupted:
        words += "; ended early by hand"
    return {
        "knee": low, "misses_at": high, "limited_at": ceiling, "surprises": search.surprises,
        "words": words,
    }  # fmt: skip


def curve(plan: Plan, kind: str, points: Sequence[Point], goals: Sequence[Goal]) -> JSON:
    """The report of a curve; what it was measured with is that of its first run."""
    first = points[0].document if points else {"run": {}, "client": {}}
    return {
        "schema": SCHEMA,
        "varies": kind,
        "goals": [str(goal) for goal in goals],
        "duration_s": plan.duration_s,
        "warmup_s": plan.warmup_s,
        "run": first["run"],
        "client": first["client"],
        "points": [point.plain() for point in points],
    }
