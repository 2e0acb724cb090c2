"""The tables of docs/rehearsal-fidelity.md that hold the twin against what was measured."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache

from gtc_runtime.formats import latency
from tools.fidelity import shows
from tools.fidelity.pair import Row, rows
from tools.fidelity.points import Point, points
from tools.fidelity.rehearsal import Row as Seen
from tools.fidelity.replayed import Row as Replayed
from tools.fidelity.replayed import off
from tools.fidelity.replayed import rows as replayed


@cache
def point_table() -> str:
    """One row a figure."""
    heads = ("what", "at", "measured", "twin", "difference", "allowed", "source")
    return _table(heads, _point_rows(points()))


def _point_rows(found: Iterable[Point]) -> Iterator[tuple[str, ...]]:
    before = ""
    for point in found:
        new = point.what != before
        before = point.what
        yield (
            point.what if new else "",
            point.at,
            *(f"{_short(value)} {point.unit}" for value in (point.measured, point.twin)),
            f"{point.difference:+.0%}".replace("-0%", "0%").replace("+0%", "0%").replace("%", " %"),
            f"{point.limit:.0%}".replace("%", " %"),
            point.source if new else "",
        )


@cache
def pair_table() -> str:
    """One row a load and topology: measured, then the twin's median in brackets."""
    found = list(rows())
    heads = ("load", "workers", *(f"{name}" for name in found[0].figures))
    return _table(heads, map(_pair_row, found))


def _pair_row(row: Row) -> tuple[str, ...]:
    cells = (
        f"{value:.0%} ({twin:.0%})".replace("%", " %")
        if name == "good"
        else f"{_short(value)} ({_short(twin)})"
        for name, (value, twin, _, _) in row.figures.items()
    )
    return row.load, str(row.topology), *cells


@cache
def show_table() -> str:
    """One row a phase of each show: in the rehearsal, then the twin's median in brackets."""
    figures = {"ttft_ms p50": "TTFT p50", "ttft_ms p95": "TTFT p95", "itl_ms p50": "ITL p50"}
    lines = [
        (env, phase, *(_beside(found.get(name)) for name in figures))
        for env in shows.ENVIRONMENTS
        for phase, found in shows.by_phase(env)
    ]
    return _table(("environment", "phase", *figures.values()), lines)


def _beside(row: Seen | None) -> str:
    if row is None:
        return "few requests"
    return f"{latency(row.seen)} ({latency(row.middle)})"


@cache
def replay_table() -> str:
    """One row a load: measured, then the twin in brackets; how far apart they are at the end."""
    found = list(replayed())
    names = list(found[0].figures)
    heads = ("load", "workers", "played", "requests", *names)
    return _table(heads, [*map(_replayed_row, found), *_apart(found, names)])


def _replayed_row(row: Replayed) -> tuple[str, ...]:
    cells = (f"{_short(seen)} ({_short(twin)})" for seen, twin in row.figures.values())
    return row.load, row.topology, row.date, str(row.requests), *cells


def _apart(found: list[Replayed], names: list[str]) -> Iterator[tuple[str, ...]]:
    far = [off(found, name) for name in names]
    for what, at in (("median", len(found) // 2), ("largest", -1)):
        shares = (f"{each[at]:.0%}".replace("%", " %") for each in far)
        yield f"difference, {what}", "", "", "", *shares


def _short(value: float) -> str:
    """Three figures, as measurements are worth."""
    if value >= 100:
        return f"{float(f'{value:.3g}'):,.0f}" if value < 1000 else f"{value:,.0f}"
    return f"{value:.1f}"


def _table(heads: tuple[str, ...], found: Iterable[tuple[str, ...]]) -> str:
    lines = [heads, ("---",) * len(heads), *found]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
