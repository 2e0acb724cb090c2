"""A chart in one line, for those who do not see it: what it is now, the goal, where it goes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from nicegui import ui

from gtc_panel import text
from gtc_panel.bridge import ChartRow
from gtc_panel.components.basics import named
from gtc_panel.components.charts.spec import ChartSpec
from gtc_runtime.formats import latency

EVERY_MS: Final = 5000
"""Said anew no more often: a screen reader that is on a chart would never come to an end."""
_BACK_MS: Final = 15_000
_STEADY: Final = 0.1

Trend = Literal["rising", "falling", "steady", "unknown"]


class Summary:
    """Keeps the name of a chart's element up to date.

    Args:
        element: Holds the chart; it becomes a picture with a name.
        spec: Of the chart.
    """

    def __init__(self, element: ui.element, spec: ChartSpec) -> None:
        self._element, self._spec = element.props("role=img"), spec
        self._said_ms: int | None = None

    def draw(self, rows: Sequence[ChartRow]) -> None:
        """Say it, unless it was said a moment ago.

        Args:
            rows: Of the chart window, oldest first.
        """
        now_ms = rows[-1].at_ms if rows else 0
        if self._said_ms is None or not 0 <= now_ms - self._said_ms < EVERY_MS:
            self._said_ms = now_ms
            named(self._element, summary(self._spec, rows))


def summary(spec: ChartSpec, rows: Sequence[ChartRow]) -> str:
    """``TTFT p95 1.24 s, goal 4 s, falling``."""
    in_ms = 1000 if spec.unit == "s" else 1
    now = rows[-1][spec.columns[0]] if rows else None
    figure = latency(now * in_ms if isinstance(now, float) else None, text.NO_DATA)
    found = trend(spec, rows)
    words = [f"{spec.title[0]} {text.P95} {figure}", f"{text.GOAL} {spec.goal:g} {spec.unit}"]
    return ", ".join(words if found == "unknown" else [*words, text.TREND[found]])


def trend(spec: ChartSpec, rows: Sequence[ChartRow]) -> Trend:
    """Where p95 goes: against what it was 15 s ago, a tenth of it or of the goal being nothing."""
    if not rows:
        return "unknown"
    column, since_ms = spec.columns[0], rows[-1].at_ms - _BACK_MS
    before = next((row[column] for row in reversed(rows) if row.at_ms <= since_ms), None)
    now = rows[-1][column]
    if not isinstance(now, float) or not isinstance(before, float):
        return "unknown"
    if abs(now - before) <= _STEADY * max(before, spec.goal):
        return "steady"
    return "rising" if now > before else "falling"
