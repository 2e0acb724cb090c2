"""Output tokens a second: what all the GPUs give together, and how it came about."""

from __future__ import annotations

from typing import Any, Final

from nicegui import ui

from gtc_panel import text
from gtc_panel.bridge import ChartRow
from gtc_panel.components.basics import Figure, box, words
from gtc_runtime.formats import thousands
from gtc_runtime.view import DemoView, freshness
from gtc_spec.colours import COLOURS

COLUMN: Final = ChartRow._fields.index("output_tokens_s")


class Tokens:
    """The figure and its last five minutes without axes."""

    def __init__(self) -> None:
        with box("tile-box"):
            words(text.TOKENS, "tile-name")
            self._figure = Figure()
            self._chart = ui.echart(_spark()).classes("stage-spark")

    @property
    def browser_spec(self) -> dict[str, Any]:
        """What the browser must know to append rows."""
        return {"id": self._chart.id, "columns": [COLUMN], "goal": None}

    def draw(self, view: DemoView) -> None:
        """Show the view."""
        self._figure.show(thousands(view.load.output_tokens_s), freshness(view.load_age_s))


def _spark() -> dict[str, Any]:
    colour = COLOURS["decode"]
    return {
        "animation": False,
        "grid": {"left": 0, "right": 0, "top": 4, "bottom": 0},
        "xAxis": {"type": "time", "show": False},
        "yAxis": {"type": "value", "show": False, "min": 0},
        "series": [
            {
                "type": "line",
                "showSymbol": False,
                "silent": True,
                "data": [],
                "lineStyle": {":width": "gtcCharts.px(4)", "color": colour},
                "areaStyle": {"color": colour, "opacity": 0.15},
            }
        ],
    }
