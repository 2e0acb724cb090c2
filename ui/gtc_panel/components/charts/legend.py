"""What the lines, dots and marks of a chart mean: in words beside it, never on a curve."""

from __future__ import annotations

from nicegui import ui

from gtc_panel import text
from gtc_panel.components.basics import box, words
from gtc_panel.components.charts.spec import SHAPES, ChartSpec


def legend(spec: ChartSpec) -> ui.element:
    """One row: single requests where the chart has some, else the marks that both charts have."""
    with box("chart-legend legend-of-dots" if spec.dotted else "chart-legend") as row:
        if spec.dotted:
            for shape in SHAPES:
                with box("legend-entry"):
                    words(shape.sign, f"legend-sign legend-{shape.colour}")
                    words(shape.title)
        else:
            for kind, name in text.MARKER.items():
                with box("legend-entry"):
                    box(f"legend-mark legend-mark-{kind}")
                    words(name)
    return row


def sample(line: str) -> ui.element:
    """A piece of the p95 line (``solid``) or of the p50 line (``dashed``)."""
    return box(f"legend-line legend-{line}")
