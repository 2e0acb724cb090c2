"""The kinds of panels that the boards are made of, in one look.

A panel says what it asks and what to look for; which board it hangs on it must not know. Colours
are those of our own pages: blue is prefill, green is decode, amber is a goal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from grafana_foundation_sdk.builders import (
    bargauge,
    common,
    dashboard,
    prometheus,
    stat,
    statetimeline,
    timeseries,
)
from grafana_foundation_sdk.models import common as cm
from grafana_foundation_sdk.models import dashboard as dm

from gtc_spec.colours import COLOURS
from gtc_spec.telemetry import metrics
from gtc_spec.telemetry.buckets import ITL_BUCKETS, TTFT_BUCKETS
from gtc_spec.telemetry.promql_syntax import lacking, metrics_in

DATASOURCE: Final = cm.DataSourceRef(type_val="prometheus", uid="$datasource")
"""Without braces: Terraform would read those as its own."""
NAME_PX, VALUE_PX, BAR_NAME_PX = 24, 72, 28
"""Text of large numbers. From 3 m a letter needs 15 mm, which is 24 px on a 55-inch 1080p wall."""
_BUCKETS: Final = {
    **dict.fromkeys((metrics.TTFT.name, metrics.CLIENT_TTFT.name), TTFT_BUCKETS),
    **dict.fromkeys((metrics.ITL.name, metrics.CLIENT_ITL.name), ITL_BUCKETS),
}
Style = Literal["line", "thin", "dash", "ghost"]


@dataclass(frozen=True)
class Query:
    """One query of a panel.

    Attributes:
        expr: PromQL, from gtc_spec.
        legend: Name of its series; ``{{label}}`` stands for a label's value.
        colour: Key in the colours of our pages; empty takes Grafana's palette.
        style: How its line is drawn; ``ghost`` is a filled, faint line.
        more: Further properties of its series, by Grafana's names.
        ref: Grafana's reference; empty takes the next letter.
    """

    expr: str
    legend: str
    colour: str = ""
    style: Style = "line"
    more: Mapping[str, Any] | None = None
    ref: str = ""


@dataclass(frozen=True)
class Panel:
    """A finished panel with its size on the grid of 24 columns."""

    builder: Any
    width: int
    height: int


def lines(
    title: str,
    look: str,
    queries: Sequence[Query],
    *,
    unit: str,
    width: int = 8,
    height: int = 8,
    top: float | None = None,
    steps: bool = False,
    stacked: bool = False,
) -> Panel:
    """Lines over time.

    Args:
        title: Heading.
        look: What to look for.
        queries: What to draw.
        unit: Grafana's unit of the values.
        width: Columns.
        height: Rows.
        top: Upper end of the axis. Default: as the data need.
        steps: Values hold until the next one, as replicas do.
        stacked: One on the other.
    """
    legend = common.VizLegendOptions().show_legend(True).placement(cm.LegendPlacement.BOTTOM)
    panel = (
        timeseries.Panel()
        .legend(legend.display_mode(cm.LegendDisplayMode.LIST).calcs(["lastNotNull"]))
        .tooltip(common.VizTooltipOptions().mode(cm.TooltipDisplayMode.MULTI))
        .line_width(2)
        .fill_opacity(30 if stacked else 6)
        .show_points(cm.VisibilityMode.NEVER)
        .span_nulls(False)
        .min(0)
    )
    if steps:
        panel = panel.line_interpolation(cm.LineInterpolation.STEP_AFTER)
    if stacked:
        panel = panel.stacking(common.StackingConfig().mode(cm.StackingMode.NORMAL))
    if top is not None:
        panel = panel.max(top)
    return _finished(panel, title, look, queries, unit, width, height)


def numbers(
    title: str, look: str, queries: Sequence[Query], *, unit: str, width: int, height: int = 5
) -> Panel:
    """Large numbers, each with its name."""
    panel = (
        stat.Panel()
        .text_mode(cm.BigValueTextMode.VALUE_AND_NAME)
        .color_mode(cm.BigValueColorMode.VALUE)
        .graph_mode(cm.BigValueGraphMode.NONE)
        .justify_mode(cm.BigValueJustifyMode.CENTER)
        .text(common.VizTextDisplayOptions().title_size(NAME_PX).value_size(VALUE_PX))
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .no_value("idle")
    )
    return _finished(panel, title, look, queries, unit, width, height, instant=True)


def bars(
    title: str, look: str, queries: Sequence[Query], *, end: str, width: int, height: int
) -> Panel:
    """Horizontal bars with their names above them.

    Args:
        title: Heading.
        look: What to look for.
        queries: One bar each.
        end: Query for the right end of all bars.
        width: Columns.
        height: Rows.
    """
    panel = (
        bargauge.Panel()
        .display_mode(cm.BarGaugeDisplayMode.BASIC)
        .orientation(cm.VizOrientation.HORIZONTAL)
        .value_mode(cm.BarGaugeValueMode.HIDDEN)
        .name_placement(cm.BarGaugeNamePlacement.TOP)
        .text(common.VizTextDisplayOptions().title_size(BAR_NAME_PX))
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .show_unfilled(True)
        .min(0)
        .with_transformation(_end_of_scale())
    )
    ends = Query(end, "Max", ref="Max")
    return _finished(panel, title, look, [*queries, ends], "short", width, height, instant=True)


def states(
    title: str, look: str, query: Query, texts: Mapping[int, tuple[str, str]], height: int
) -> Panel:
    """One band over the whole width whose colour and text follow a number.

    Args:
        title: Heading.
        look: What to look for.
        query: The number.
        texts: Number to text and colour.
        height: Rows.
    """
    panel = (
        statetimeline.Panel()
        .mappings([value_map(texts)])
        .merge_values(True)
        .show_value(cm.VisibilityMode.ALWAYS)
        .align_value(cm.TimelineValueAlignment.CENTER)
        .row_height(0.9)
        .fill_opacity(100)
        .legend(common.VizLegendOptions().show_legend(False))
    )
    return _finished(panel, title, look, [query], "none", 24, height)


def value_map(texts: Mapping[int, tuple[str, str]]) -> dm.ValueMap:
    """Texts in place of numbers: number to text and colour."""
    return dm.ValueMap(
        options={
            str(number): dm.ValueMappingResult(text=text, color=COLOURS[colour], index=index)
            for index, (number, (text, colour)) in enumerate(texts.items())
        }
    )


def thresholds(bad: str, good_from: float, good: str) -> dict[str, Any]:
    """A value's own colour: ``bad`` below a limit, ``good`` from there on."""
    steps = [
        {"value": None, "color": COLOURS[bad]},
        {"value": good_from, "color": COLOURS[good]},
    ]
    return {"thresholds": {"mode": "absolute", "steps": steps}, "color": {"mode": "thresholds"}}


def needs(queries: Sequence[str]) -> str:
    """Why a rehearsal, or a cluster without GPUs, cannot fill a panel; empty when it can."""
    if not all(lacking(query, "rehearsal") for query in queries):
        return ""
    named = [metric for query in queries for metric in metrics_in(query)]
    sources = {metric.emitter.value for metric in named if not metric.rehearsal}
    told = f"has no {' or '.join(sorted(sources))} with these figures."
    if any(lacking(query, "simulated") for query in queries):
        return f"Cluster with GPUs only: a rehearsal or a simulated worker {told}"
    return f"Cluster only: a rehearsal {told}"


def ends(queries: Sequence[str]) -> str:
    """What a percentile reads when it lies above all buckets, for a board writes no ≥ before it."""
    asked = [query for query in queries if query.count("histogram_quantile(") == 1]  # no share
    named = {metric.name for query in asked for metric in metrics_in(query)}
    bounds = sorted({_BUCKETS[name].max_s for name in named & _BUCKETS.keys()})
    told = [f"{bound:g} s" if bound >= 1 else f"{1000 * bound:g} ms" for bound in bounds]
    if not asked:
        return ""
    if named - _BUCKETS.keys():
        return "A percentile at the last bound of its buckets means that or more."
    return f"A percentile of {' or '.join(told)} means that or more: the buckets end there."


def _finished(
    panel: Any,
    title: str,
    look: str,
    queries: Sequence[Query],
    unit: str,
    width: int,
    height: int,
    *,
    instant: bool = False,
) -> Panel:
    asked = [query.expr for query in queries]
    description = " ".join(filter(None, (look, ends(asked), needs(asked))))
    panel = panel.title(title).description(description).datasource(DATASOURCE).unit(unit)
    for letter, query in zip("ABCDEFGHIJKL", queries, strict=False):
        ref = query.ref or letter
        target = prometheus.Dataquery().expr(query.expr).legend_format(query.legend).ref_id(ref)
        panel = panel.with_target(target.instant() if instant else target.range())
        if look_of := _look(query):
            panel = panel.override_by_query(ref, look_of)
    return Panel(panel, width, height)


_STYLES: Final[dict[Style, dict[str, Any]]] = {
    "line": {},
    "thin": {"custom.lineWidth": 1, "custom.fillOpacity": 0},
    "dash": {
        "custom.lineStyle": {"fill": "dash", "dash": [10, 8]},
        "custom.lineWidth": 2,
        "custom.fillOpacity": 0,
    },
    "ghost": {"custom.lineWidth": 1, "custom.fillOpacity": 15},
}


def _look(query: Query) -> list[dm.DynamicConfigValue]:
    wanted: dict[str, Any] = {**_STYLES[query.style], **(query.more or {})}
    if query.colour:
        wanted["color"] = {"mode": "fixed", "fixedColor": COLOURS[query.colour]}
    return [dm.DynamicConfigValue(id_val=key, value=value) for key, value in wanted.items()]


def _end_of_scale() -> dm.DataTransformerConfig:
    """Take the query `Max` as the end of every bar's scale and not as a bar of its own."""
    options = {
        "configRefId": "Max",
        "mappings": [{"fieldName": "Max", "handlerKey": "max"}],
        "applyTo": {"id": "byType", "options": "number"},
    }
    return dm.DataTransformerConfig(id_val="configFromData", options=options)


def datasource_variable() -> dashboard.DatasourceVariable:
    """Which Prometheus is asked: the board works in any Grafana without an edit."""
    return dashboard.DatasourceVariable("datasource").label("Prometheus").type("prometheus")
