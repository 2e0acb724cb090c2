"""A latency as a curve under its name, with whether its goal holds; no figure of its own."""

from __future__ import annotations

from typing import Any

from nicegui import ui

from gtc_panel import stage_text, text
from gtc_panel.components.basics import box, swap, words
from gtc_panel.components.charts import ChartSpec, browser_spec, options
from gtc_panel.components.stage.latency import STYLE
from gtc_panel.components.stage.verdicts import share_in_goal, verdict
from gtc_runtime import formats
from gtc_runtime.view import DemoView


class Curve:
    """One tile a measure."""

    def __init__(self, spec: ChartSpec) -> None:
        self._spec = spec
        goal_ms = spec.goal * (1000 if spec.unit == "s" else 1)
        with box(f"tile-box stage-curve role-{spec.colour}"):
            with box("stage-curve-head"):
                words(spec.title[0], "stage-latency-title")
                words(spec.title[1], "stage-note")
                with box("stage-curve-goal") as self._goal:
                    self._sign = words("", "verdict-sign").mark(f"{spec.key}-sign")
                    words(f"{text.P95} ≤ {formats.latency(goal_ms).narrow}", "verdict-goal")
            self._chart = ui.echart(options(spec, STYLE)).classes("chart")

    @property
    def browser_spec(self) -> dict[str, Any]:
        """What the browser must know to append rows."""
        return browser_spec(self._chart, self._spec, STYLE)

    def draw(self, view: DemoView) -> None:
        """Show the view."""
        held = verdict(share_in_goal(view, self._spec.key))
        self._sign.set_text(stage_text.VERDICT[held])
        swap(self._goal, "verdict-", held)
