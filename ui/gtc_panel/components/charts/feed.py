"""Keeps the charts of one page going: the past once, then what a draw brings.

The options of a chart are sent once; a row and a few dots cost a hundredth of sending them again.
"""

from __future__ import annotations

import json
from typing import Any

from nicegui import ui

from gtc_panel import text, theme
from gtc_panel.bridge import WINDOW_S, Bridge, Marker, Tick
from gtc_panel.components.charts.spec import SHAPES, ChartStyle
from gtc_panel.port import PanelPort
from gtc_runtime.told import DotView
from gtc_spec.colours import COLOURS

_PLACES = {shape.key: place for place, shape in enumerate(SHAPES)}


def start(
    panel: PanelPort, bridge: Bridge, charts: list[dict[str, Any]], style: ChartStyle
) -> None:
    """Tell the browser once what it needs to append rows to the charts of this page.

    Args:
        panel: Where the titles of phases come from.
        bridge: Where the past comes from.
        charts: For each chart its `options.browser_spec`; a chart without axes has its element's
            id, the columns of a `ChartRow` that are its lines, and no goal.
        style: Sizes.
    """
    setup = {
        "windowMs": WINDOW_S * 1000,
        "charts": charts,
        "rows": bridge.rows,
        "dots": _dots(bridge.dots),
        "shapes": len(SHAPES),
        "words": {
            "markers": text.MARKER,
            "goal": text.GOAL,
            "silence": text.SILENCE,
            "nothing": text.NO_DATA,
            "lights": text.CHART_LIGHT,
            "quantiles": (text.P95, text.P50, text.P99),
        },
        "phases": {
            phase.name: text.phase_title(phase.name) for phase in panel.environment.table.phases
        },
        "colours": COLOURS,
        "font": theme.FONT,
        "labelPx": style.label,
    }
    ui.run_javascript(f"gtcCharts.start({json.dumps(setup)})")


def push(tick: Tick, markers: tuple[Marker, ...] | None) -> None:
    """Send new rows with their dots, and the markers when they have changed."""
    rows, told = json.dumps(tick.rows), json.dumps(markers)
    ui.run_javascript(f"gtcCharts.push({rows}, {told}, {json.dumps(_dots(tick.dots))})")


def _dots(dots: tuple[DotView, ...]) -> list[tuple[int, float, int]]:
    """When, TTFT in seconds, and which shape; requests of no known key are left out."""
    return [
        (dot.at_ms, round(dot.ttft_ms / 1000, 3), _PLACES[dot.key])
        for dot in dots
        if dot.key in _PLACES
    ]
