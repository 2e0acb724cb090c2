"""A chart in one line, for those who do not see it: what it is now, the goal, where it goes."""

from __future__ import annotations

from collections import deque
from typing import Final, Literal

from nicegui import ui

from gtc_panel import text
from gtc_panel.bridge import epoch_ms
from gtc_panel.components.basics import named
from gtc_panel.components.charts.spec import ChartSpec
from gtc_runtime.formats import latency
from gtc_runtime.view import DemoView, Quantiles, freshness

EVERY_MS: Final = 5000
"""Said anew no more often: a screen reader that is on a chart would never come to an end."""
_BACK: Final = 3
"""A trend is what changed over so many of these times."""
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
        self._past: deque[float | None] = deque(maxlen=_BACK)

    def draw(self, view: DemoView) -> None:
        """Say it, unless it was said a moment ago."""
        now_ms = epoch_ms(view.at) or 0
        if self._said_ms is not None and 0 <= now_ms - self._said_ms < EVERY_MS:
            return
        self._said_ms = now_ms
        every = view.workloads.get("all") if freshness(view.load_age_s) == "fresh" else None
        shown: Quantiles = getattr(every, self._spec.key) if every else Quantiles()
        before_ms = self._past[0] if len(self._past) == _BACK else None
        self._past.append(shown.p95_ms)
        named(self._element, summary(self._spec, shown.p95_ms, before_ms))


def summary(spec: ChartSpec, p95_ms: float | None, before_ms: float | None) -> str:
    """``TTFT p95 1.24 s, goal 4 s, falling``.

    Args:
        spec: Of the chart.
        p95_ms: Now; None without data.
        before_ms: 15 s ago; None without data.
    """
    now = f"{spec.title[0]} {text.P95} {latency(p95_ms, text.NO_DATA)}"
    found = trend(spec, p95_ms, before_ms)
    words = [now, f"{text.GOAL} {spec.goal:g} {spec.unit}"]
    return ", ".join(words if found == "unknown" else [*words, text.TREND[found]])


def trend(spec: ChartSpec, p95_ms: float | None, before_ms: float | None) -> Trend:
    """Where p95 goes; a tenth of it, or of the goal, is no change."""
    if p95_ms is None or before_ms is None:
        return "unknown"
    if abs(p95_ms - before_ms) <= _STEADY * max(before_ms, spec.goal_ms):
        return "steady"
    return "rising" if p95_ms > before_ms else "falling"
