"""A latency as a curve under its name, with whether its goal holds; no figure of its own."""

from __future__ import annotations

from typing import Any

from gtc_panel import stage_text, text
from gtc_panel.components.basics import box, swap, words
from gtc_panel.components.charts import Canvas, ChartSpec
from gtc_panel.components.charts.legend import sample
from gtc_panel.components.charts.spec import SHAPES
from gtc_panel.components.stage.latency import STYLE
from gtc_panel.components.stage.verdicts import share_in_goal, verdict
from gtc_runtime.view import DemoView


class Curve:
    """One tile a measure."""

    def __init__(self, spec: ChartSpec) -> None:
        self._spec = spec
        with box(f"tile-box stage-curve role-{spec.colour}"):
            with box("stage-curve-head"):
                words(spec.title[0], "stage-latency-title")
                words(spec.title[1], "stage-note")
                _legend(spec)
                self._goal = words("", "verdict-sign").mark(f"{spec.key}-sign")
            self._canvas = Canvas(spec, STYLE)

    @property
    def browser_spec(self) -> dict[str, Any]:
        """What the browser must know to append rows."""
        return self._canvas.browser_spec

    def draw(self, view: DemoView) -> None:
        """Show the view."""
        self._canvas.draw(view)
        held = verdict(share_in_goal(view, self._spec.key))
        self._goal.set_text(stage_text.VERDICT[held])
        swap(self._goal, "goal-is-", held)


def _legend(spec: ChartSpec) -> None:
    """Both lines by name; of single requests only that they are such: no room for their kinds."""
    with box("stage-curve-legend"):
        for name, line in ((text.P95, "solid"), (text.P50, "dashed")):
            with box("legend-entry"):
                sample(line)
                words(name)
        if spec.dotted:
            signs = dict.fromkeys(shape.sign for shape in SHAPES if not shape.hollow)
            words(f"{''.join(signs)} {stage_text.REQUESTS_AS_DOTS}", "legend-of-dots")
