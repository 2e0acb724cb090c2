"""The words beside a chart on its band: where a simulation expects the curve now, if it does."""

from __future__ import annotations

from gtc_panel import text
from gtc_panel.components.basics import box, swap, tip, words
from gtc_panel.components.charts.spec import ChartSpec
from gtc_runtime.told import BandView
from gtc_runtime.view import DemoView, freshness


class Expected:
    """A sample of the band and its figures; grey while there is no band.

    Args:
        spec: Of the chart.
        classes: Additional classes, such as its place.
    """

    def __init__(self, spec: ChartSpec, classes: str = "") -> None:
        self._curve, self._quantile = f"{spec.key}_{spec.expected}", spec.expected
        with box(f"legend-entry legend-twin {classes}") as self.element:
            box("legend-band")
            self._words = words("").mark(f"{spec.key}-twin")
        tip(self.element, text.TWIN_TIP)

    def draw(self, view: DemoView) -> None:
        """Show the view."""
        twin = view.twin
        band: BandView | None = getattr(twin, self._curve)
        if freshness(view.load_age_s) != "fresh":
            band = None
        told = text.TWIN_PENDING if twin.state == "pending" else text.TWIN_NONE
        if band is not None:
            told = text.expected(self._quantile, band.low_ms, band.high_ms)
        self._words.set_text(told)
        swap(self.element, "twin-", "off" if twin.state == "off" else "on" if band else "grey")
