import math

from hypothesis import given, settings
from hypothesis import strategies as st

from gtc_runtime.load.figures.histogram import CEILING_S, FLOOR_S, GROWTH, Histogram

durations = st.lists(st.floats(min_value=FLOOR_S * 2, max_value=CEILING_S / 2), max_size=60)


@settings(deadline=None, max_examples=60)
@given(durations, durations)
def test_merging_equals_counting_everything_in_one_histogram(left, right):
    merged = Histogram(left)
    merged.merge(Histogram(right))
    assert merged == Histogram(left + right)


@settings(deadline=None, max_examples=60)
@given(durations.filter(bool), st.floats(min_value=0.0, max_value=1.0))
def test_a_quantile_is_within_half_a_bucket_of_the_true_value(values, q):
    truth = sorted(values)[max(1, math.ceil(q * len(values))) - 1]
    measured = Histogram(values).quantile(q)
    assert measured is not None
    assert truth / GROWTH**0.51 <= measured <= truth * GROWTH**0.51


@settings(deadline=None, max_examples=60)
@given(durations)
def test_json_keeps_every_count(values):
    histogram = Histogram(values)
    assert Histogram.from_json(histogram.to_json()) == histogram
    assert histogram.n == len(values)


@settings(deadline=None, max_examples=60)
@given(durations.filter(bool))
def test_the_sum_is_right_to_half_a_per_cent(values):
    assert math.isclose(Histogram(values).sum_s, math.fsum(values), rel_tol=0.0051)


def test_an_empty_histogram_has_no_quantile():
    assert Histogram().quantile(0.5) is None


def test_values_outside_the_range_land_in_the_outer_buckets():
    histogram = Histogram([-1.0, 0.0, FLOOR_S, 1e9])
    assert histogram.n == 4
    assert histogram.buckets[0] == 3
    assert CEILING_S / GROWTH < histogram.quantile(1.0) < CEILING_S * GROWTH


def test_a_weight_counts_a_value_several_times():
    histogram = Histogram()
    histogram.add(0.02, weight=7)
    assert histogram.n == 7
