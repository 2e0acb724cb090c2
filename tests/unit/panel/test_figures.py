"""How figures are written."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtc_panel import figures
from gtc_panel.figures import NO_DATA


@pytest.mark.parametrize(
    ("value_ms", "written"),
    [
        (0.0, ("0.0", "ms")),
        (24.64, ("24.6", "ms")),
        (99.96, ("100", "ms")),
        (640.4, ("640", "ms")),
        (999.6, ("1.00", "s")),
        (1240.0, ("1.24", "s")),
        (12_340.0, ("12.3", "s")),
        (123_400.0, ("123", "s")),
    ],
)
def test_a_latency_changes_to_seconds_at_one_second(value_ms, written):
    assert figures.latency(value_ms) == written


@given(st.floats(0, 1e7))
def test_a_latency_never_needs_more_than_six_characters(value_ms):
    assert len(figures.latency(value_ms).number) <= 6


@pytest.mark.parametrize("write", [figures.latency, figures.rate, figures.whole])
@pytest.mark.parametrize("value", [None, math.nan, math.inf])
def test_what_is_not_known_is_a_dash_and_never_zero(write, value):
    assert str(write(value)) == NO_DATA


def test_a_rate_drops_its_decimal_when_it_is_large():
    assert (figures.rate(1.15), figures.rate(12_345.6)) == ("1.1", "12,346")


@pytest.mark.parametrize(
    ("value", "written"),
    [(348.2, "348"), (99_999, "99,999"), (123_456, "123\u202fk"), (None, NO_DATA), (0, "0")],
)
def test_large_counts_are_told_in_thousands(value, written):
    assert str(figures.thousands(value)) == written


@pytest.mark.parametrize(
    ("share", "written"), [(0.956, "96\u202f%"), (None, NO_DATA), (0, "0\u202f%")]
)
def test_a_share_is_a_whole_percentage(share, written):
    assert str(figures.percent(share)) == written


@pytest.mark.parametrize(
    ("seconds", "written"),
    [(0, "0:00"), (0.2, "0:01"), (59.2, "1:00"), (83, "1:23"), (-4, "0:00"), (None, NO_DATA)],
)
def test_a_countdown_reads_zero_only_when_it_is_over(seconds, written):
    assert figures.countdown(seconds) == written


@pytest.mark.parametrize(
    ("age_s", "expected"),
    [(0, "fresh"), (5, "fresh"), (5.1, "stale"), (15, "stale"), (15.1, "gone"), (None, "gone")],
)
def test_figures_go_stale_after_5_s_and_are_gone_after_15_s(age_s, expected):
    assert figures.freshness(age_s) == expected


def test_a_broken_time_is_a_dash():
    assert figures.time_of_day("yesterday") == NO_DATA
    assert figures.epoch_ms("yesterday") is None


def test_a_time_keeps_its_zone_on_the_way_to_the_charts():
    assert figures.epoch_ms("1970-01-01T01:00:01+01:00") == 1000
