"""What charts are set up with, and what they say in words; the browser's part is tested there."""

import pytest

from gtc_panel.components.charts.options import options
from gtc_panel.components.charts.spec import CONTROL, SHAPES, ChartStyle, specs
from gtc_panel.components.charts.summary import summary
from gtc_spec.environment import load
from gtc_spec.workloads import STATS, WORKLOADS

TTFT, ITL = specs(4.0, 30.0)


@pytest.mark.parametrize("name", ["cpu", "dev", "prod"])
def test_an_empty_chart_has_an_axis_that_begins_at_zero_and_has_its_goal_as_a_tick(name):
    slo = load(name).slo
    for spec in specs(slo.ttft_p95_s, slo.itl_p95_s * 1000):
        axis = options(spec, CONTROL)["yAxis"]
        assert axis["min"] == 0
        assert axis["max"] > spec.goal
        assert spec.goal % axis["interval"] == 0


def test_the_goal_of_either_chart_is_known_in_milliseconds():
    assert (TTFT.goal_ms, ITL.goal_ms) == (4000.0, 30.0)


def test_every_statistics_key_has_a_shape_of_its_own_that_needs_no_colour():
    assert [shape.key for shape in SHAPES] == [stat.key for stat in STATS]
    assert len({(shape.symbol, shape.hollow) for shape in SHAPES}) == len(SHAPES)
    assert len({shape.sign for shape in SHAPES}) == len(SHAPES)
    assert len({shape.symbol for shape in SHAPES}) == len(WORKLOADS)


def test_single_requests_are_dots_of_the_chart_of_first_tokens_only():
    kinds = [[each["type"] for each in options(spec, CONTROL)["series"]] for spec in (TTFT, ITL)]

    assert kinds[0].count("scatter") == len(SHAPES)
    assert "scatter" not in kinds[1]


def test_only_the_presenters_charts_answer_a_pointer():
    assert "tooltip" in options(TTFT, CONTROL)
    assert "tooltip" not in options(TTFT, ChartStyle())


@pytest.mark.parametrize(
    ("before_ms", "now_ms", "words"),
    [
        (4000.0, 1240.0, "TTFT p95 1.24 s, goal 4 s, falling"),
        (1000.0, 16_200.0, "TTFT p95 16.2 s, goal 4 s, rising"),
        (1000.0, 1300.0, "TTFT p95 1.30 s, goal 4 s, steady"),
        (None, 300.0, "TTFT p95 300 ms, goal 4 s"),
        (1000.0, None, "TTFT p95 no data, goal 4 s"),
        (None, None, "TTFT p95 no data, goal 4 s"),
    ],
)
def test_a_chart_says_in_one_line_what_it_shows_and_where_it_goes(before_ms, now_ms, words):
    assert summary(TTFT, now_ms, before_ms) == words
