"""What a chart shows and how large: no widgets, no ECharts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

from gtc_panel import text
from gtc_panel.bridge import ChartRow
from gtc_spec.workloads import STATS, WORKLOADS


@dataclass(frozen=True)
class ChartSpec:
    """What one chart shows. Its axis is linear, begins at 0 and is counted in goals.

    Attributes:
        key: ``ttft`` or ``itl``.
        title: Short and long name.
        colour: Token of its pool's colour.
        columns: Places of p95, p50 and p99 in a `ChartRow`; the first two are lines.
        bands: Places of low and high of each curve that a simulation expects.
        expected: Which of these quantiles the legend tells.
        goal: Goal line in the chart's unit.
        unit: Unit of the axis.
        least, most: The axis ends at no less and no more than so many goals; what is beyond the
            most is cut off and written as a figure.
        dotted: Whether single requests are shown as dots.
    """

    key: str
    title: tuple[str, str]
    colour: str
    columns: tuple[int, int, int]
    bands: tuple[tuple[int, int], ...]
    expected: str
    goal: float
    unit: str
    least: float
    most: float
    dotted: bool

    @property
    def goal_ms(self) -> float:
        """The goal in milliseconds."""
        return self.goal * (1000 if self.unit == "s" else 1)


@dataclass(frozen=True)
class ChartStyle:
    """Sizes of a chart in pixels of a 1920x1080 screen.

    Attributes:
        axis: Text of the axes.
        label: Text of the goal and of the names above the chart.
        widths: Of the p95 and the p50 line.
        margins: Left, right, top, bottom; one line of names has its place at the top, the goal on
            the right.
        minutes: Between two labels of the time axis.
        dot: Diameter of a single request.
        named: Whether phases have their names above the first chart.
        hover: Whether a pointer asks what was at a moment.
        aside: Whether what is expected is told in the line of names: where there is no other place.
    """

    axis: int = 16
    label: int = 17
    widths: tuple[int, int] = (3, 2)
    margins: tuple[int, int, int, int] = (64, 62, 26, 32)
    minutes: int = 1
    dot: int = 8
    named: bool = True
    hover: bool = False
    aside: bool = False


CONTROL: Final = ChartStyle(hover=True)


class Shape(NamedTuple):
    """How single requests of one key are drawn; shapes differ, not only colours."""

    key: str
    title: str
    symbol: str
    """An ECharts symbol."""
    sign: str
    """The same shape as a letter."""
    hollow: bool
    """An outline: the later turns of a conversation."""
    colour: str
    """Token of the colour."""


_FORMS: Final = (("circle", "●○", "mist"), ("triangle", "▲△", "violet"), ("diamond", "◆◇", "rose"))
SHAPES: Final = tuple(
    Shape(stat.key, stat.title, symbol, signs[stat.turn != "1"], stat.turn != "1", colour)
    for workload, (symbol, signs, colour) in zip(WORKLOADS, _FORMS, strict=True)
    for stat in STATS
    if stat.workload == workload
)
"""One for each statistics key."""


def specs(ttft_goal_s: float, itl_goal_ms: float) -> tuple[ChartSpec, ChartSpec]:
    """Both charts. Five goals are enough to see a queue grow, and the goal stays readable."""
    return (
        ChartSpec(
            "ttft", text.TTFT, "prefill", _columns("ttft", "s"),
            (_band("ttft_p95", "s"), _band("ttft_p50", "s")), "p95", ttft_goal_s, "s", 2, 5, True,
        ),
        ChartSpec(
            "itl", text.ITL, "decode", _columns("itl", "ms"),
            (_band("itl_p50", "ms"),), "p50", itl_goal_ms, "ms", 1.5, 5, False,
        ),
    )  # fmt: skip


def _columns(key: str, unit: str) -> tuple[int, int, int]:
    p95, p50, p99 = (ChartRow._fields.index(f"{key}_{q}_{unit}") for q in ("p95", "p50", "p99"))
    return p95, p50, p99


def _band(curve: str, unit: str) -> tuple[int, int]:
    low, high = (ChartRow._fields.index(f"twin_{curve}_{end}_{unit}") for end in ("low", "high"))
    return low, high
