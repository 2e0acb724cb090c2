"""A predicted cycle as a time line: load, workers, and both latencies under one clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import accumulate
from typing import Final

from gtc_cli.paper.lines import Line, Lines, Style, minutes
from gtc_cli.paper.sheet import Drawing
from gtc_runtime.formats import latency_s, per_s, whole
from gtc_runtime.planning.answers.cycle import WINDOW_S, Cycle, Moment, Show
from gtc_spec.phases import phase_title

Read = Callable[[Moment], float | None]
_POOLS: Final[tuple[tuple[str, str, Style, Read], ...]] = (
    ("prefill ordered", "blue", "dashes", lambda m: m.desired.prefill),
    ("prefill ready", "blue", "line", lambda m: m.ready.prefill),
    ("decode ordered", "green", "dashes", lambda m: m.desired.decode),
    ("decode ready", "green", "line", lambda m: m.ready.decode),
)


def drawings(show: Show, cycle: Cycle, words: str = "") -> list[Drawing]:
    """The drawings of one cycle with its course.

    Args:
        show: What was played.
        cycle: How it went.
        words: Before each caption.
    """
    told = f"{words}: " if words else ""
    return [Drawing(f"{told}{lines.name}", lines.svg()) for lines in _lines(show, cycle)]


def _lines(show: Show, cycle: Cycle) -> Iterator[Lines]:
    slo = show.environment.slo
    yield _drawn(cycle, "requests due a second", per_s, _line(cycle, "violet", lambda m: m.rps))
    yield _drawn(
        cycle, "requests that wait for their first token", whole,
        _line(cycle, "rust", lambda m: m.queued),
    )  # fmt: skip
    pools = [_line(cycle, ink, read, style, name) for name, ink, style, read in _POOLS]
    most = max(max(m.desired.prefill, m.desired.decode) for m in cycle.course)
    even = float(most + most % 2)  # so that the middle of the axis is a whole worker
    yield _drawn(cycle, "workers", whole, *pools, top=even)
    yield _drawn(
        cycle, f"time to first token, p95 of {WINDOW_S} s", latency_s,
        _line(cycle, "blue", lambda m: m.ttft_s), goal_s=slo.ttft_p95_s,
    )  # fmt: skip
    yield _drawn(
        cycle, f"time between tokens, p95 (line) and p50 (dashes) of {WINDOW_S} s", latency_s,
        _line(cycle, "green", lambda m: m.itl_s[1]),
        _line(cycle, "green", lambda m: m.itl_s[0], "dashes"), goal_s=slo.itl_p95_s,
    )  # fmt: skip


def _drawn(
    cycle: Cycle,
    name: str,
    label: Callable[[float], str],
    *lines: Line,
    goal_s: float | None = None,
    top: float = 0.0,
) -> Lines:
    length_s = float(cycle.course[-1].at_s)
    return Lines(
        name,
        lines,
        (0.0, length_s),
        minutes(length_s),
        label,
        top=max(top, 1.5 * (goal_s or 0.0)),
        goal=None if goal_s is None else (goal_s, f"goal {latency_s(goal_s)}"),
        bands=_bands(cycle),
        legend=len(lines) > 2,
    )


def _line(cycle: Cycle, ink: str, read: Read, style: Style = "line", name: str = "") -> Line:
    points = [(float(moment.at_s), read(moment)) for moment in cycle.course]
    return Line(name, ink, points, style, stepped=bool(name))


def _bands(cycle: Cycle) -> list[tuple[str, float]]:
    lengths = [float(phase["length_s"]) for phase in cycle.phases]
    starts = [0.0, *accumulate(lengths)]
    names = [phase_title(phase["name"]) for phase in cycle.phases]
    return list(zip(names, starts, strict=False))
