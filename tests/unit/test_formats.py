"""How figures are written."""

import math
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtc_runtime import formats
from gtc_runtime.formats import NO_DATA


@pytest.mark.parametrize(
    ("value_ms", "written"),
    [
        (0.0, "0.0 ms"),
        (24.64, "24.6 ms"),
        (99.96, "100 ms"),
        (640.4, "640 ms"),
        (999.6, "1.00 s"),
        (1240.0, "1.24 s"),
        (12_340.0, "12.3 s"),
        (123_400.0, "123 s"),
    ],
)
def test_a_latency_changes_to_seconds_at_one_second(value_ms, written):
    assert formats.latency(value_ms) == written


@given(st.floats(0, 1e7))
def test_a_latency_never_needs_more_than_six_characters(value_ms):
    assert len(formats.latency(value_ms).number) <= 6


@pytest.mark.parametrize(
    "write", [formats.latency, formats.percent, formats.rate, formats.per_s, formats.whole]
)
@pytest.mark.parametrize("value", [None, math.nan, math.inf])
def test_what_is_not_known_is_a_dash_and_never_zero(write, value):
    assert write(value) == NO_DATA


def test_a_rate_drops_its_decimal_when_it_is_large():
    assert (formats.rate(1.15), formats.rate(12_345.6)) == ("1.1", "12,346")


@pytest.mark.parametrize(
    ("value", "written"),
    [(348.2, "348"), (99_999, "99,999"), (123_456, "123 k"), (None, NO_DATA), (0, "0")],
)
def test_large_counts_are_told_in_thousands(value, written):
    assert formats.thousands(value) == written


@pytest.mark.parametrize(
    ("share", "fine", "whole"),
    [(0.956, "95.6 %", "96 %"), (None, NO_DATA, NO_DATA), (0, "0.0 %", "0 %")],
)
def test_a_share_has_as_many_decimals_as_there_is_room_for(share, fine, whole):
    assert (formats.percent(share), formats.percent(share, 0)) == (fine, whole)


def test_a_sentence_says_in_words_that_there_is_no_data():
    assert formats.latency_s(None, formats.NO_DATA_WORDS) == "no data"
    assert formats.latency_s(0.3174, formats.NO_DATA_WORDS) == "317 ms"


def test_a_page_sets_number_and_unit_apart():
    written = formats.latency(2510)

    assert (written.number, written.unit, written.narrow) == ("2.51", "s", "2.51\u202fs")
    assert formats.latency(None).narrow == NO_DATA


@pytest.mark.parametrize(
    ("value", "written"), [(3.514, "3.51"), (9.997, "10.0"), (93.07, "93.1"), (1790.2, "1,790")]
)
def test_a_measured_rate_has_three_figures_or_more(value, written):
    assert formats.per_s(value) == written


@pytest.mark.parametrize(
    ("value", "written"), [(0.0, "0.00"), (0.0033, "0.0033"), (0.0666, "0.067"), (0.0996, "0.10")]
)
def test_a_small_rate_is_not_written_as_none(value, written):
    assert formats.per_s(value) == written


def test_an_end_date_and_what_is_left_until_it():
    assert formats.date(datetime(2026, 3, 16, 18, tzinfo=UTC)) == "2026-03-16 18:00 UTC"
    assert formats.hours(479) == "7 h 59 min"


@pytest.mark.parametrize(
    ("seconds", "written"),
    [(0, "0:00"), (0.2, "0:01"), (59.2, "1:00"), (83, "1:23"), (-4, "0:00"), (None, NO_DATA)],
)
def test_a_countdown_reads_zero_only_when_it_is_over(seconds, written):
    assert formats.countdown(seconds) == written


def test_a_broken_time_is_a_dash():
    assert formats.time_of_day("yesterday") == NO_DATA


@pytest.mark.parametrize(
    ("seconds", "written"),
    [(0.2, "0 s"), (41.4, "41 s"), (59.7, "1 min"), (120, "2 min"), (118, "1 min 58 s")],
)
def test_how_long_something_took_is_told_in_whole_seconds(seconds, written):
    assert formats.duration(seconds) == written


def test_one_worker_is_singular():
    assert formats.workers(1, "prefill", "more") == "1 more prefill worker"
    assert formats.workers(3, "decode") == "3 decode workers"


@pytest.mark.parametrize(
    ("low_ms", "high_ms", "written"),
    [
        (9_123.0, 12_440.0, "9.1–12.4 s"),
        (640.0, 1_240.0, "0.6–1.2 s"),
        (143.2, 160.9, "143–161 ms"),
        (20.94, 21.31, "20.9–21.3 ms"),
        (21.29, 21.31, "21.3 ms"),
    ],
)
def test_a_range_has_one_unit_and_two_ends_where_they_differ(low_ms, high_ms, written):
    assert formats.latency_range(low_ms, high_ms) == written
