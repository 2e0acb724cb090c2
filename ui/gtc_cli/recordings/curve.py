"""A latency over a cycle: two lines, the goal, and the phases behind them."""

from __future__ import annotations

from collections.abc import Sequence

from gtc_cli.paper.lines import Line, Lines, Point, minutes
from gtc_runtime import formats


def curve(
    name: str,
    ink: str,
    quantiles: tuple[Sequence[Point], Sequence[Point]],
    goal_ms: float,
    phases: Sequence[tuple[str, float]],
    length_s: float,
) -> Lines:
    """The drawing of one latency.

    Args:
        name: For people who cannot see it.
        ink: Key in `gtc_spec.colours.INKS`.
        quantiles: p50 and p95, seconds of the cycle and milliseconds; None is a gap.
        goal_ms: Goal line of the p95; the axis goes to twice of it at least.
        phases: Name and start of every phase, seconds.
        length_s: Of the cycle.
    """
    p50, p95 = quantiles
    return Lines(
        name,
        (Line("p50", ink, p50, "dashes"), Line("p95", ink, p95)),
        (0.0, length_s),
        minutes(length_s),
        formats.latency,
        top=2 * goal_ms,
        goal=(goal_ms, f"goal {formats.latency(goal_ms)}"),
        bands=phases,
    )
