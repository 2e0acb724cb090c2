"""How ECharts is set up, once; what moves is sent later and drawn by ``static/charts.js``.

Keys with a colon are evaluated in the browser, which alone knows how many pixels a size is.
"""

from __future__ import annotations

from typing import Any

from gtc_panel import text, theme
from gtc_panel.components.charts.spec import SHAPES, ChartSpec, ChartStyle, Shape
from gtc_spec.colours import COLOURS


def options(spec: ChartSpec, style: ChartStyle) -> dict[str, Any]:
    """ECharts options of an empty chart: its axes stand although there is nothing to show."""
    axis_text = {
        "color": COLOURS["muted"],
        ":fontSize": f"gtcCharts.px({style.axis})",
        "fontFamily": theme.FONT,
        "hideOverlap": True,
    }
    sides = zip(("left", "right", "top", "bottom"), style.margins, strict=True)
    made: dict[str, Any] = {
        "animation": False,
        "grid": {f":{side}": f"gtcCharts.px({margin})" for side, margin in sides},
        "xAxis": {
            "type": "time",
            "axisLine": {"lineStyle": {"color": COLOURS["line"]}},
            "axisTick": {"show": False},
            "axisLabel": {
                **axis_text,
                ":margin": "gtcCharts.px(10)",
                ":formatter": f"gtcCharts.every({style.minutes})",
            },
            "splitLine": {"show": False},
            "minInterval": 60_000,
        },
        "yAxis": {
            "type": "value",
            "min": 0,
            "max": spec.least * spec.goal,
            "interval": spec.goal / 2,
            "axisLabel": {**axis_text, ":formatter": f"gtcScale.tick('{spec.unit}')"},
            "splitLine": {"lineStyle": {"color": COLOURS["line"], "opacity": 0.6}},
        },
        "series": _series(spec, style),
    }
    if style.hover:
        made["tooltip"] = _hover(spec)
    return made


def _series(spec: ChartSpec, style: ChartStyle) -> list[dict[str, Any]]:
    """In the order in which ``static/charts.js`` fills them."""
    return [
        _line(text.P95, spec.colour, style, place=0),
        _line(text.P50, spec.colour, style, place=1),
        *(_dots(shape) for shape in SHAPES if spec.dotted),
        *(part for place in range(len(spec.bands)) for part in _band(spec.colour, place)),
    ]


def _line(name: str, colour: str, style: ChartStyle, *, place: int) -> dict[str, Any]:
    return {
        "name": name,
        "type": "line",
        "showSymbol": False,
        "silent": True,
        "data": [],
        "z": 3,
        "lineStyle": {
            ":width": f"gtcCharts.px({style.widths[place]})",
            "type": ("solid", "dashed")[place],
            "color": COLOURS[colour],
        },
    }


def _band(colour: str, place: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """What is expected, behind what is: its lower edge unseen, and the room up to the upper one."""
    common = {
        "type": "line",
        "stack": f"expected-{place}",
        "showSymbol": False,
        "silent": True,
        "data": [],
        "z": 1,
        "lineStyle": {"opacity": 0},
    }
    area = {"color": COLOURS[colour], "opacity": 0.28}
    return {**common, "name": f"low-{place}"}, {**common, "name": text.TWIN, "areaStyle": area}


def _dots(shape: Shape) -> dict[str, Any]:
    """Drawn as one figure, however many there are."""
    edge = {"borderColor": COLOURS[shape.colour], ":borderWidth": "gtcCharts.px(1.5)"}
    return {
        "name": shape.title,
        "type": "scatter",
        "symbol": shape.symbol,
        "largeThreshold": 0,
        "progressive": 0,
        "silent": True,
        "clip": False,
        "data": [],
        "z": 2,
        "itemStyle": {
            "color": COLOURS["card" if shape.hollow else shape.colour],
            "opacity": 0.75,
            **(edge if shape.hollow else {}),
        },
    }


def _hover(spec: ChartSpec) -> dict[str, Any]:
    return {
        "trigger": "axis",
        "appendTo": "body",
        "confine": False,
        "transitionDuration": 0,
        "backgroundColor": COLOURS["raised"],
        "borderColor": COLOURS["line"],
        ":padding": "gtcCharts.px(12)",
        "textStyle": {
            "color": COLOURS["text"],
            "fontFamily": theme.FONT,
            ":fontSize": "gtcCharts.px(18)",
        },
        "axisPointer": {"type": "line", "lineStyle": {"color": COLOURS["muted"], "type": "solid"}},
        ":formatter": f"gtcHover.of('{spec.unit}')",
    }
