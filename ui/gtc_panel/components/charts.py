"""TTFT and ITL over the last five minutes: big numbers, goal line, what was ordered and when.

The options are sent once. After that the browser appends one row a draw (static/panel.js), which
costs a hundredth of sending the options again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from nicegui import ui

from gtc_panel import figures, text, theme
from gtc_panel.bridge import WINDOW_S, Bridge, ChartRow, Marker, Tick
from gtc_panel.components.basics import Figure, box, swap, words
from gtc_panel.figures import freshness
from gtc_panel.port import PanelPort
from gtc_runtime.view import DemoView, Quantiles


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


class Charts:
    """Both chart cards; they share the time axis and the vertical lines."""

    def __init__(self, panel: PanelPort, bridge: Bridge) -> None:
        slo = panel.environment.slo
        drawn = specs(slo.ttft_p95_s, slo.itl_p95_s * 1000)
        self._cards = {spec.key: _ChartCard(spec) for spec in drawn}
        self._markers: tuple[Marker, ...] = ()
        start = {
            "windowMs": WINDOW_S * 1000,
            "charts": [card.browser_spec for card in self._cards.values()],
            "rows": bridge.rows,
            "words": {"markers": text.MARKER, "goal": text.GOAL, "silence": text.SILENCE},
            "phases": {
                phase.name: text.phase_title(phase.name) for phase in panel.environment.table.phases
            },
            "colours": theme.COLOURS,
            "font": theme.FONT,
        }
        ui.run_javascript(f"gtcPanel.start({json.dumps(start)})")

    def draw(self, tick: Tick) -> None:
        """Show one tick: numbers here, the new row in the browser."""
        for card in self._cards.values():
            card.draw(tick.view)
        changed = tick.markers != self._markers
        self._markers = tick.markers
        row, markers = json.dumps(tick.row), json.dumps(tick.markers if changed else None)
        ui.run_javascript(f"gtcPanel.push({row}, {markers})")


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
            self._chart = ui.echart(options(spec)).classes("chart")

    @property
    def browser_spec(self) -> dict[str, Any]:
        """What the browser must know to append rows."""
        spec = self._spec
        return {
            "id": self._chart.id,
            "columns": spec.columns,
            "goal": spec.goal,
            "named": spec.key == "ttft",
        }

    def draw(self, view: DemoView) -> None:
        fresh = freshness(view.load_age_s)
        every = view.workloads.get("all")
        shown: Quantiles = getattr(every, self._spec.key) if every else Quantiles()
        self._p95.figure.show(figures.latency(shown.p95_ms), fresh)
        self._p50.figure.show(figures.latency(shown.p50_ms), fresh)
        goal_ms = self._spec.goal * (1000 if self._spec.unit == "s" else 1)
        over = fresh != "gone" and shown.p95_ms is not None and shown.p95_ms > goal_ms
        self._verdict.set_text(text.verdict(str(figures.latency(goal_ms)), over=over))
        swap(self._verdict, "over-", "yes" if over else "no")


class _NamedFigure:
    def __init__(self, name: str, classes: str) -> None:
        with box("named-figure"):
            self.figure = Figure(classes)
            words(name, "muted figure-name")


_AXIS_TEXT: Final = {
    "color": theme.COLOURS["muted"],
    ":fontSize": "gtcPanel.px(16)",
    "fontFamily": theme.FONT,
}


def options(spec: ChartSpec) -> dict[str, Any]:
    """ECharts options of an empty chart; keys with a colon are evaluated in the browser."""
    y_axis: dict[str, Any] = {
        "type": "log" if spec.logarithmic else "value",
        ":min": _axis_end(spec, "min", "floor", spec.floor),
        ":max": _axis_end(spec, "max", "ceil", spec.ceiling),
        "axisLabel": {**_AXIS_TEXT, ":formatter": f"value => +value.toFixed(2) + ' {spec.unit}'"},
        "splitLine": {"lineStyle": {"color": theme.COLOURS["line"], "opacity": 0.6}},
        "splitNumber": 4,
    }
    if spec.logarithmic:
        y_axis["logBase"] = 2
    return {
        "animation": False,
        "grid": {
            ":left": "gtcPanel.px(72)",
            ":right": "gtcPanel.px(60)",
            ":top": "gtcPanel.px(34)",
            ":bottom": "gtcPanel.px(32)",
        },
        "xAxis": {
            "type": "time",
            "axisLine": {"lineStyle": {"color": theme.COLOURS["line"]}},
            "axisTick": {"show": False},
            "axisLabel": {**_AXIS_TEXT, "hideOverlap": True, ":formatter": "gtcPanel.clock"},
            "splitLine": {"show": False},
            "minInterval": 60_000,
        },
        "yAxis": y_axis,
        "series": [
            _series(text.P95, spec.colour, width=3, kind="solid"),
            _series(text.P50, spec.colour, width=2, kind="dashed"),
        ],
    }


def _axis_end(spec: ChartSpec, end: str, rounding: str, least: float) -> str:
    """One end of the axis, in JavaScript, on a power of two or on a full ten."""
    value = f"Math.{end}(value.{end}, {least:g})"
    if spec.logarithmic:
        return f"value => 2 ** Math.{rounding}(Math.log2({value}))"
    return f"value => 10 * Math.{rounding}({value} / 10)"


def _series(name: str, colour: str, *, width: int, kind: str) -> dict[str, Any]:
    return {
        "name": name,
        "type": "line",
        "showSymbol": False,
        "silent": True,
        "data": [],
        "lineStyle": {"width": width, "type": kind, "color": theme.COLOURS[colour]},
        "endLabel": {
            "show": True,
            "formatter": name,
            "color": theme.COLOURS["text"],
            ":fontSize": "gtcPanel.px(17)",
            "fontFamily": theme.FONT,
        },
        "labelLayout": {"moveOverlap": "shiftY"},
    }
