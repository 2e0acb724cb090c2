"""TTFT and ITL in large: the figure that the goal is about, the median, and both as lines."""

from __future__ import annotations

from typing import Any, Final

from gtc_panel import text
from gtc_panel.components.basics import Figure, box, words
from gtc_panel.components.charts import Canvas, ChartSpec, ChartStyle
from gtc_runtime import formats
from gtc_runtime.view import DemoView, Quantiles, freshness

STYLE: Final = ChartStyle(
    axis=31,
    label=31,
    widths=(5, 3),
    margins=(124, 104, 42, 46),
    minutes=2,
    dot=11,
    named=False,
    aside=True,
)


class Latency:
    """One tile a measure."""

    def __init__(self, spec: ChartSpec) -> None:
        self._spec = spec
        with box(f"tile-box stage-latency role-{spec.colour}"):
            with box("stage-latency-head"):
                with box(""):
                    words(spec.title[0], "stage-latency-title")
                    words(spec.title[1], "stage-note")
                with box("stage-latency-figures"):
                    self._p50 = _named(text.P50, "figure-second")
                    self._p95 = _named(text.P95, "figure-hero")
            self._canvas = Canvas(spec, STYLE)

    @property
    def browser_spec(self) -> dict[str, Any]:
        """What the browser must know to append rows."""
        return self._canvas.browser_spec

    def draw(self, view: DemoView) -> None:
        """Show the view."""
        self._canvas.draw(view)
        fresh = freshness(view.load_age_s)
        every = view.workloads.get("all")
        shown: Quantiles = getattr(every, self._spec.key) if every else Quantiles()
        self._p95.show(formats.latency(shown.p95_ms), fresh)
        self._p50.show(formats.latency(shown.p50_ms), fresh)


def _named(name: str, classes: str) -> Figure:
    with box(f"stage-latency-figure {classes}-of"):
        words(name, "stage-note")
        return Figure(classes)
