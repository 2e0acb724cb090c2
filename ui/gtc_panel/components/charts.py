"""TTFT and ITL over the last five minutes: big numbers, goal line, what was ordered and when.

The options are sent once. After that the browser appends one row a draw (static/charts.js), which
costs a hundredth of sending the options again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from nicegui import ui

from gtc_panel import text, theme
from gtc_panel.bridge import WINDOW_S, Bridge, ChartRow, Marker, Tick
from gtc_panel.components.basics import Figure, box, swap, words
from gtc_panel.freshness import freshness
from gtc_panel.port import PanelPort
from gtc_runtime import formats
from gtc_runtime.view import DemoView, Quantiles
from gtc_spec.colours import COLOURS


@dataclass(frozen=True)
class ChartSpec:
    """What one chart shows.

    Attributes:
        key: ``ttft`` or ``itl``.
        title: Short and long name.
        colour: Token of its pool's colour.
        columns: Places of p95 and p50 in a `ChartRow`.
        goal: Goal line in the chart's unit.
        unit: Unit of the axis.
        logarithmic: Powers of two on the axis; for figures that span decades.
        floor, ceiling: The axis always spans at least these.
    """

    key: str
    title: tuple[str, str]
    colour: str
    columns: tuple[int, int]
    goal: float
    unit: str
    logarithmic: bool
    floor: float
    ceiling: float


@dataclass(frozen=True)
class ChartStyle:
    """Sizes of a chart in pixels of a 1920x1080 screen.

    Attributes:
        axis: Text of the axes.
        label: Text of lines and bands.
        widths: Of the p95 and the p50 line.
        margins: Left, right, top, bottom.
        minutes: Between two labels of the time axis.
        step: Multiple on which the other axis ends when it is linear.
        parts: About how many parts that axis is split into.
        named: Whether the first chart names the phases above its bands.
    """

    axis: int = 16
    label: int = 17
    widths: tuple[int, int] = (3, 2)
    margins: tuple[int, int, int, int] = (72, 60, 34, 32)
    minutes: int = 1
    step: int = 10
    parts: int = 4
    named: bool = True


CONTROL: Final = ChartStyle()


def specs(ttft_goal_s: float, itl_goal_ms: float) -> tuple[ChartSpec, ChartSpec]:
    """Both charts; TTFT spans decades when a queue grows, ITL never does."""
    places = {name: place for place, name in enumerate(ChartRow._fields)}
    ttft = (places["ttft_p95_s"], places["ttft_p50_s"])
    itl = (places["itl_p95_ms"], places["itl_p50_ms"])
    return (
        ChartSpec(
            "ttft", text.TTFT, "prefill", ttft, ttft_goal_s, "s", True, 0.25, 2 * ttft_goal_s
        ),
        ChartSpec("itl", text.ITL, "decode", itl, itl_goal_ms, "ms", False, 0, 1.6 * itl_goal_ms),
    )


def start(
    panel: PanelPort, bridge: Bridge, charts: list[dict[str, Any]], style: ChartStyle
) -> None:
    """Tell the browser once what it needs to append rows to the charts of this page.

    Args:
        panel: Where the titles of phases come from.
        bridge: Where the past comes from.
        charts: For each chart its element's id, the columns of a `ChartRow` that are its lines,
            its goal if it has one, and whether its lines and bands are named.
        style: Sizes.
    """
    setup = {
        "windowMs": WINDOW_S * 1000,
        "charts": charts,
        "rows": bridge.rows,
        "words": {"markers": text.MARKER, "goal": text.GOAL, "silence": text.SILENCE},
        "phases": {
            phase.name: text.phase_title(phase.name) for phase in panel.environment.table.phases
        },
        "colours": COLOURS,
        "font": theme.FONT,
        "labelPx": style.label,
    }
    ui.run_javascript(f"gtcCharts.start({json.dumps(setup)})")


def push(tick: Tick, markers: tuple[Marker, ...] | None) -> None:
    """Send one row, and the markers when they have changed."""
    ui.run_javascript(f"gtcCharts.push({json.dumps(tick.row)}, {json.dumps(markers)})")


class Charts:
    """Both chart cards; they share the time axis and the vertical lines."""

    def __init__(self, panel: PanelPort, bridge: Bridge) -> None:
        slo = panel.environment.slo
        drawn = specs(slo.ttft_p95_s, slo.itl_p95_s * 1000)
        self._cards = {spec.key: _ChartCard(spec) for spec in drawn}
        self._markers: tuple[Marker, ...] = ()
        start(panel, bridge, [card.browser_spec for card in self._cards.values()], CONTROL)

    def draw(self, tick: Tick) -> None:
        """Show one tick: numbers here, the new row in the browser."""
        for card in self._cards.values():
            card.draw(tick.view)
        changed = tick.markers != self._markers
        self._markers = tick.markers
        push(tick, tick.markers if changed else None)


class _ChartCard:
    def __init__(self, spec: ChartSpec) -> None:
        self._spec = spec
        with box(f"card chart-card role-{spec.colour}"):
            with box("chart-side"):
                words(spec.title[0], "chart-title")
                words(spec.title[1], "muted chart-subtitle")
                self._p95 = _NamedFigure(text.P95, "figure-hero")
                self._p50 = _NamedFigure(text.P50, "figure-lesser")
                self._verdict = words("", "chart-goal").mark(f"{spec.key}-verdict")
            self._chart = ui.echart(options(spec, CONTROL)).classes("chart")

    @property
    def browser_spec(self) -> dict[str, Any]:
        """What the browser must know to append rows."""
        return browser_spec(self._chart, self._spec, CONTROL)

    def draw(self, view: DemoView) -> None:
        fresh = freshness(view.load_age_s)
        every = view.workloads.get("all")
        shown: Quantiles = getattr(every, self._spec.key) if every else Quantiles()
        self._p95.figure.show(formats.latency(shown.p95_ms), fresh)
        self._p50.figure.show(formats.latency(shown.p50_ms), fresh)
        goal_ms = self._spec.goal * (1000 if self._spec.unit == "s" else 1)
        over = fresh != "gone" and shown.p95_ms is not None and shown.p95_ms > goal_ms
        self._verdict.set_text(text.verdict(formats.latency(goal_ms).narrow, over=over))
        swap(self._verdict, "over-", "yes" if over else "no")


class _NamedFigure:
    def __init__(self, name: str, classes: str) -> None:
        with box("named-figure"):
            self.figure = Figure(classes)
            words(name, "muted figure-name")


def browser_spec(chart: ui.echart, spec: ChartSpec, style: ChartStyle) -> dict[str, Any]:
    """One entry of the charts that `start` tells the browser of."""
    return {
        "id": chart.id,
        "columns": spec.columns,
        "goal": spec.goal,
        "marked": spec.key == "ttft",
        "named": spec.key == "ttft" and style.named,
    }


def options(spec: ChartSpec, style: ChartStyle) -> dict[str, Any]:
    """ECharts options of an empty chart; keys with a colon are evaluated in the browser."""
    axis_text = {
        "color": COLOURS["muted"],
        ":fontSize": f"gtcCharts.px({style.axis})",
        "fontFamily": theme.FONT,
    }
    y_axis: dict[str, Any] = {
        "type": "log" if spec.logarithmic else "value",
        ":min": _axis_end(spec, style, "min", "floor"),
        ":max": _axis_end(spec, style, "max", "ceil"),
        "axisLabel": {**axis_text, ":formatter": f"value => +value.toFixed(2) + ' {spec.unit}'"},
        "splitLine": {"lineStyle": {"color": COLOURS["line"], "opacity": 0.6}},
        "splitNumber": style.parts,
    }
    if spec.logarithmic:
        y_axis["logBase"] = 2
    sides = zip(("left", "right", "top", "bottom"), style.margins, strict=True)
    return {
        "animation": False,
        "grid": {f":{side}": f"gtcCharts.px({margin})" for side, margin in sides},
        "xAxis": {
            "type": "time",
            "axisLine": {"lineStyle": {"color": COLOURS["line"]}},
            "axisTick": {"show": False},
            "axisLabel": {
                **axis_text,
                "hideOverlap": True,
                ":formatter": f"gtcCharts.every({style.minutes})",
            },
            "splitLine": {"show": False},
            "minInterval": 60_000,
        },
        "yAxis": y_axis,
        "series": [
            _series(text.P95, spec.colour, style, place=0),
            _series(text.P50, spec.colour, style, place=1),
        ],
    }


def _axis_end(spec: ChartSpec, style: ChartStyle, end: str, rounding: str) -> str:
    """One end of the axis, in JavaScript, on a power of two or on a full step."""
    least = spec.floor if end == "min" else spec.ceiling
    value = f"Math.{end}(value.{end}, {least:g})"
    if spec.logarithmic:
        return f"value => 2 ** Math.{rounding}(Math.log2({value}))"
    return f"value => {style.step} * Math.{rounding}({value} / {style.step})"


def _series(name: str, colour: str, style: ChartStyle, *, place: int) -> dict[str, Any]:
    return {
        "name": name,
        "type": "line",
        "showSymbol": False,
        "silent": True,
        "data": [],
        "lineStyle": {
            ":width": f"gtcCharts.px({style.widths[place]})",
            "type": ("solid", "dashed")[place],
            "color": COLOURS[colour],
        },
        "endLabel": {
            "show": True,
            "formatter": name,
            "color": COLOURS["text"],
            ":fontSize": f"gtcCharts.px({style.label})",
            "fontFamily": theme.FONT,
        },
        "labelLayout": {"moveOverlap": "shiftY"},
    }
