"""One chart as an element of a page."""

from __future__ import annotations

from typing import Any

from nicegui import ui

from gtc_panel.components.basics import box
from gtc_panel.components.charts.expected import Expected
from gtc_panel.components.charts.options import options
from gtc_panel.components.charts.spec import ChartSpec, ChartStyle
from gtc_panel.components.charts.summary import Summary
from gtc_runtime.view import DemoView


class Canvas:
    """The chart itself, and its name in words.

    Args:
        spec: What it shows.
        style: How large.
    """

    def __init__(self, spec: ChartSpec, style: ChartStyle) -> None:
        self._spec, self._style = spec, style
        with box("chart chart-holder") as holder:
            self._chart = ui.echart(options(spec, style)).classes("chart")
            self._expected = Expected(spec, "chart-aside") if style.aside else None
        if self._expected is not None:
            self._expected.element.style(f"left: {style.margins[0] / 16}rem")
        self._summary = Summary(holder, spec)

    @property
    def browser_spec(self) -> dict[str, Any]:
        """What `feed.start` must tell the browser of it."""
        spec, style = self._spec, self._style
        return {
            "id": self._chart.id,
            "columns": spec.columns[:2],
            "asked": spec.columns,
            "bands": spec.bands,
            "aside": self._expected.element.id if self._expected is not None else None,
            "goal": spec.goal,
            "unit": spec.unit,
            "least": spec.least,
            "most": spec.most,
            "dotted": spec.dotted,
            "named": spec.key == "ttft" and style.named,
            "margins": style.margins,
            "dotPx": style.dot,
            "axisPx": style.axis,
        }

    def draw(self, view: DemoView) -> None:
        """Say in words what the view shows; the lines come with `feed.push`."""
        self._summary.draw(view)
        if self._expected is not None:
            self._expected.draw(view)
