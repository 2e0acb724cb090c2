"""Puts the boards together and writes them as JSON: ``make docs`` runs it.

The output is deterministic, so that a changed panel is a small diff and a test can see a board
that was edited by hand. Boards differ only in their panels; everything else is here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import common as cm
from grafana_foundation_sdk.models import dashboard as dm

from gtc_dashboards import FOLDER, demo, depth, hardware, kv
from gtc_dashboards.panels import DATASOURCE, Panel, datasource_variable
from gtc_spec import names
from gtc_spec.colours import COLOURS
from gtc_spec.engines import REAL, Traits
from gtc_spec.telemetry import metrics, promql_client

REFRESH: Final = f"{metrics.SCRAPE_INTERVAL_S}s"
"""More often would draw the same."""
_GRAFANA: Final = cm.DataSourceRef(type_val="grafana", uid="-- Grafana --")


def files() -> dict[Path, str]:
    """Every board's file and its text; of a further engine only what differs from the default's."""
    default, *others = REAL.values()
    general = boards(default)
    wanted = {FOLDER / f"{name}.json": text for name, text in general.items()}
    for engine in others:
        wanted |= {
            FOLDER / engine.name / f"{name}.json": text
            for name, text in boards(engine).items()
            if text != general[name]
        }
    return wanted


def boards(engine: Traits) -> dict[str, str]:
    """Name of each board and its text, for workers that run this engine."""
    built = {
        "demo": board(demo.TITLE, demo.UID, {"": demo.panels(engine)}),
        "disaggregation": board(
            depth.TITLE, depth.UID, {**depth.rows(engine), **hardware.rows(engine)}
        ),
        "kv_cache": board(kv.TITLE, kv.UID, {"": kv.panels(engine)}),
    }
    return {
        name: json.dumps(made, cls=JSONEncoder, sort_keys=True, indent=1) + "\n"
        for name, made in built.items()
    }


def board(title: str, uid: str, rows: Mapping[str, Sequence[Panel]]) -> dm.Dashboard:
    """A board from panels under the headings of their rows; an empty heading is none."""
    made = _empty(title, uid)
    number = 0
    for heading, panels in rows.items():
        if heading:
            number += 1
            made = made.with_row(dashboard.Row(heading).id(number))
        for panel in panels:
            number += 1
            placed = panel.builder.span(panel.width).height(panel.height).id(number)
            made = made.with_panel(placed)
    return made.build()


def _empty(title: str, uid: str) -> dashboard.Dashboard:
    made = (
        dashboard.Dashboard(title)
        .uid(uid)
        .tags([names.DEMO])
        .refresh(REFRESH)
        .time("now-15m", "now")
        .timezone("browser")
        .readonly()
        .tooltip(dm.DashboardCursorSync.CROSSHAIR)
        .with_variable(datasource_variable())
        .link(_other_boards())
    )
    for mark in _marks():
        made = made.annotation(mark)
    return made


def _other_boards() -> dashboard.DashboardLink:
    link = dashboard.DashboardLink("Boards").type(dm.DashboardLinkType.DASHBOARDS)
    return link.tags([names.DEMO]).as_dropdown(True).keep_time(True)


def _marks() -> list[Any]:
    """Marks from metrics, which need no token and survive everything; then those of the panel."""
    written: Any = dashboard.AnnotationTarget().type("tags").tags([names.DEMO]).match_any(False)
    return [
        _from_metric("Scaling", promql_client.scaling_marks(), "warning", "{{pool}} scaled"),
        _from_metric("Phases", promql_client.phase_marks(), "muted", "{{phase}}"),
        dashboard.AnnotationQuery()
        .name("Marks of the panel")
        .datasource(_GRAFANA)
        .enable(True)
        .hide(True)
        .icon_color(COLOURS["action"])
        .target(written.limit(100)),
    ]


def _from_metric(name: str, expr: str, colour: str, title: str) -> Any:
    return (
        dashboard.AnnotationQuery()
        .name(name)
        .datasource(DATASOURCE)
        .enable(True)
        .hide(True)
        .icon_color(COLOURS[colour])
        .expr(expr)
        .step(REFRESH)
        .title_format(title)
    )
