"""The boards: valid for Grafana, fillable, explained, and the wall readable from three metres."""

import itertools
import json
import re

import promql_parser
import pytest
from grafana_foundation_sdk.cog import plugins
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

import gtc_dashboards
from gtc_spec.colours import COLOURS
from gtc_spec.engines import REAL, Traits, trtllm, vllm
from gtc_spec.telemetry.buckets import TTFT_BUCKETS
from gtc_spec.telemetry.metrics import SCRAPE_LABELS, owner
from tests.unit.panel.test_theme import contrast
from tests.unit.spec.test_promql import selectors

plugins.register_default_plugins()

BOARDS = gtc_dashboards.load(trtllm.TRAITS) | {
    f"{name} of {engine.name}": board
    for engine in REAL.values()
    if engine is not trtllm.TRAITS
    for name, board in gtc_dashboards.load(engine).items()
    if name != "demo"
}
PANELS = [
    pytest.param(panel, id=f"{name}: {panel['title']}")
    for name, board in BOARDS.items()
    for panel in board["panels"]
    if panel["type"] != "row"
]
QUERIES = sorted(
    {
        asked["expr"]
        for board in BOARDS.values()
        for asked in (
            *(target for panel in board["panels"] for target in panel.get("targets", [])),
            *(mark for mark in board["annotations"]["list"] if "expr" in mark),
        )
    }
)
WALL = BOARDS["demo"]
CELL_PX, GAP_PX = 30, 8
"""Grafana's grid: height of a row and the gap to the next."""
every_board = pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS.keys())
every_panel = pytest.mark.parametrize("panel", PANELS)
every_query = pytest.mark.parametrize("query", QUERIES)


def area(panel):
    at = panel["gridPos"]
    return {
        (x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])
    }


@every_panel
def test_a_panel_of_a_percentile_says_what_the_last_bucket_means(panel):
    asked = [target["expr"] for target in panel["targets"]]
    alone = [query for query in asked if query.count("histogram_quantile(") == 1]
    assert ("means that or more" in panel["description"]) == bool(alone)
    if any("time_to_first_token" in query or "ttft" in query for query in alone):
        assert f"A percentile of {TTFT_BUCKETS.max_s:g} s means" in panel["description"]


def test_the_three_boards_have_the_names_of_their_files():
    for engine in REAL.values():
        assert set(gtc_dashboards.load(engine)) == {"demo", "disaggregation", "kv-cache"}


@every_board
def test_grafanas_own_model_reads_a_board_and_loses_nothing(board):
    read = Dashboard.from_json(board)

    assert json.loads(json.dumps(read, cls=JSONEncoder)) == board


@every_board
def test_panels_have_ids_of_their_own_and_lie_side_by_side(board):
    panels = board["panels"]

    assert len({panel["id"] for panel in panels}) == len(panels)
    for one, other in itertools.combinations(panels, 2):
        assert not area(one) & area(other), (one["title"], other["title"])
    assert all(x < 24 for panel in panels for x, _ in area(panel))


@every_board
def test_a_board_has_no_hole_that_a_panel_fell_out_of(board):
    last = board["panels"][-1]["gridPos"]
    covered = set().union(*map(area, board["panels"]))
    missing = {(x, y) for x in range(24) for y in range(last["y"])} - covered
    rows = {y for _, y in missing}

    # only the last line before a heading may be short
    headings = {panel["gridPos"]["y"] for panel in board["panels"] if panel["type"] == "row"}
    assert all(any(y < heading <= y + 8 for heading in headings) for y in rows)


@every_board
def test_a_board_refreshes_with_the_scrapes_and_finds_its_prometheus_anywhere(board):
    assert board["refresh"] == "5s"
    assert [each["query"] for each in board["templating"]["list"]] == ["prometheus"]
    assert "${" not in json.dumps(board), "Terraform reads that as its own"
    assert all(
        panel["datasource"] == {"type": "prometheus", "uid": "$datasource"}
        for panel in board["panels"]
        if panel["type"] != "row"
    )


@every_panel
def test_a_panel_says_what_to_look_for(panel):
    assert len(panel["description"].split()) >= 8
    assert panel["description"].endswith(".")


@every_panel
def test_a_panel_that_only_a_cluster_can_fill_says_so(panel):
    asked = [selectors(promql_parser.parse(target["expr"])) for target in panel["targets"]]
    absent = [any(not owner(one.name).rehearsal for one in query) for query in asked]
    stand_in = any(not owner(one.name).deployed for query in asked for one in query)
    of_gpus = any(owner(one.name).real_engine for query in asked for one in query)
    only = "Cluster with GPUs only:" if of_gpus else "Cluster only:"

    assert bool(re.search("Cluster (with GPUs )?only:", panel["description"])) == (
        all(absent) and not stand_in
    )
    assert not all(absent) or stand_in or only in panel["description"]


@every_query
def test_a_query_asks_only_for_what_the_catalogue_claims(query):
    found = selectors(promql_parser.parse(query))

    assert found
    for selector in found:
        metric = owner(selector.name)
        assert metric is not None, selector.name
        allowed = set(metric.labels) | SCRAPE_LABELS | {"le"}
        assert {matcher.name for matcher in selector.matchers.matchers} <= allowed


@every_query
def test_the_pinned_release_has_a_source_for_every_query(query):
    """Series of the rehearsal alone may only stand in for something."""
    metrics = [owner(selector.name) for selector in selectors(promql_parser.parse(query))]

    assert any(metric.deployed for metric in metrics)
    assert all(metric.deployed for metric in metrics) or " or " in query


@pytest.mark.parametrize("label", ["pod", "node", "pool", "phase", "workload", "ready"])
def test_a_legend_names_only_labels_that_its_query_keeps(label):
    for panel in (param.values[0] for param in PANELS):
        for target in panel["targets"]:
            if f"{{{{{label}}}}}" in target["legendFormat"]:
                assert label in target["expr"], (panel["title"], label)


# --- the wall


def test_the_wall_has_at_most_nine_panels_and_fits_a_1080p_screen_without_scrolling():
    bottom = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in WALL["panels"])

    assert len(WALL["panels"]) <= 9
    assert bottom * (CELL_PX + GAP_PX) - GAP_PX <= 1080 - 2 * 16


def test_the_wall_bears_the_title_where_kiosk_mode_does_not_hide_it():
    title = "GTC Demo: Disaggregated LLM Inference on DO"

    assert WALL["title"] == title
    assert WALL["panels"][0]["title"] == title


def test_numbers_on_the_wall_are_large_and_fit_into_their_panels():
    for panel in WALL["panels"]:
        if panel["type"] == "stat":
            text = panel["options"]["text"]
            height_px = panel["gridPos"]["h"] * (CELL_PX + GAP_PX) - GAP_PX - 32  # its heading
            assert text["valueSize"] >= 72
            assert text["titleSize"] >= 24
            assert (text["valueSize"] + text["titleSize"]) * 1.2 <= height_px


def test_pools_are_named_as_ready_of_desired():
    (pools,) = [panel for panel in WALL["panels"] if panel["type"] == "bargauge"]
    legends = [target["legendFormat"] for target in pools["targets"]]

    assert "prefill {{ready}}/{{desired}}" in legends
    assert "decode {{ready}}/{{desired}}" in legends
    assert pools["options"]["text"]["titleSize"] >= 24


def test_colours_of_lines_stand_out_from_the_dark_ground():
    used = {
        part["value"]["fixedColor"]
        for panel in WALL["panels"]
        for override in panel["fieldConfig"]["overrides"]
        for part in override["properties"]
        if part["id"] == "color" and "fixedColor" in part["value"]
    }
    grafana_dark = "#181b1f"

    assert used <= set(COLOURS.values())
    assert all(contrast(colour, grafana_dark) >= 4.5 for colour in used)


def test_scaling_and_phases_are_marked_from_metrics_first():
    marks = WALL["annotations"]["list"]

    assert [mark["datasource"]["type"] for mark in marks] == ["prometheus", "prometheus", "grafana"]
    assert all(mark["enable"] for mark in marks)
    assert marks[-1]["target"]["tags"] == ["gtc-demo"]


def asked_of(engine: Traits) -> list[str]:
    return [
        target["expr"]
        for board in gtc_dashboards.load(engine).values()
        for panel in board["panels"]
        for target in panel.get("targets", [])
    ]


@pytest.mark.parametrize("engine", REAL.values(), ids=REAL)
def test_the_boards_of_an_engine_ask_for_its_components_and_for_no_others(engine: Traits) -> None:
    asked = "\n".join(asked_of(engine))

    for each in REAL.values():
        named = f'dynamo_component="{each.components["decode"]}"' in asked
        assert named is (each.components == engine.components)
        assert (each.queue_metric in asked) is (each is engine)


def test_pools_whose_workers_have_no_kv_gauges_are_not_asked_for_them() -> None:
    asked = [each for each in asked_of(vllm.TRAITS) if "kvstats" in each]

    assert asked
    assert all('"backend"' in each for each in asked)
