"""Rules of PromQL that a recorded answer of Prometheus 2.42 cannot show."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtc_rehearsal.prometheus.promql import Query
from gtc_rehearsal.prometheus.promql_functions import bucket_quantile
from gtc_rehearsal.prometheus.promql_values import PromqlError, Vector
from gtc_rehearsal.prometheus.tsdb import Tsdb, labels_of
from tools.promql import promql_product


def counter(*samples: tuple[int, float]) -> Tsdb:
    store = Tsdb()
    for at_s, value in samples:
        store.append(labels_of({"__name__": "c"}), at_s * 1000, value)
    return store


def number(expr: str, store: Tsdb, at_s: int = 1000) -> float:
    value = Query(expr).at(store, at_s * 1000)
    assert isinstance(value, Vector)
    (sample,) = value.samples
    return sample.value


@pytest.mark.parametrize("expr", promql_product.QUERIES)
def test_every_query_of_the_demo_is_inside_the_subset(expr: str) -> None:
    Query(expr).at(Tsdb(), 0)


@pytest.mark.parametrize(
    ("expr", "named"),
    [
        ("rate(x[5m:1m])", "SubqueryExpr"),
        ("x @ 5", "the @ modifier"),
        ('x{a="1" or b="2"}', "or between matchers"),
        ("topk(3, x)", "aggregation topk"),
        ("holt_winters(x[1m], 0.5, 0.5)", "unknown function"),
        ("predict_linear(x[1m], 5)", "function predict_linear()"),
        ("x atan2 y", "operator atan2"),
        ("sum(rate(x[1m]", "unclosed left parenthesis"),
        ("rate(x)", "expected type matrix"),
        ("", "invalid query"),
        ('x{a=~"[[:alpha:]]+\\\\pL"}', "regular expression"),
        ('label_replace(c, "a", "$3", "b", "(.*)")', "invalid replacement"),
    ],
)
def test_anything_else_is_refused_by_name_in_one_line(expr: str, named: str) -> None:
    with pytest.raises(PromqlError) as raised:
        Query(expr).at(counter((990, 1)), 1_000_000)
    assert named in raised.value.message
    assert "\n" not in raised.value.message


def test_a_sample_on_the_left_edge_of_a_window_is_outside() -> None:
    store = counter((940, 1), (970, 2), (1000, 3))
    assert number("count_over_time(c[60s])", store) == 2


def test_a_sample_as_old_as_the_lookback_is_gone() -> None:
    assert Query("c").at(counter((700, 1)), 1_000_000) == Vector(())
    assert number("c", counter((701, 1))) == 1


def test_a_counter_that_starts_in_the_window_is_stretched_by_half_a_distance() -> None:
    # The window starts 30 s before the first sample, which is beyond 1.1 distances of 10 s.
    store = counter((970, 18), (980, 28), (990, 38), (1000, 48))
    assert number("increase(c[60s])", store) == pytest.approx(30 * 35 / 30)


def test_the_zero_point_is_compared_after_the_threshold() -> None:
    # Zero point 8 s before the first sample: 2.x would stretch by 8 s, 3.x by half a distance.
    store = counter((970, 8), (980, 18), (990, 28), (1000, 38))
    assert number("increase(c[60s])", store) == pytest.approx(30 * 35 / 30)


def test_a_quantile_beyond_the_last_bound_is_that_bound() -> None:
    assert bucket_quantile(0.95, [(1.0, 5), (2.0, 6), (math.inf, 10)]) == 2.0


def test_a_histogram_without_observations_has_no_quantile() -> None:
    assert math.isnan(bucket_quantile(0.5, [(1.0, 0), (math.inf, 0)]))


@given(
    st.lists(st.floats(0.001, 100), min_size=1, max_size=60),
    st.lists(st.floats(0.001, 100), min_size=1, max_size=12, unique=True),
    st.floats(0.01, 1),
)
def test_a_quantile_lies_in_the_bucket_of_the_true_one(
    seen: list[float], bounds: list[float], q: float
) -> None:
    edges = sorted(bounds)
    buckets = [(edge, float(sum(one <= edge for one in seen))) for edge in [*edges, math.inf]]
    true = sorted(seen)[max(0, math.ceil(q * len(seen) - 1e-9) - 1)]
    upper = next((edge for edge in edges if edge >= true), edges[-1])
    lower = max((edge for edge in edges if edge < upper), default=0.0)
    assert lower <= bucket_quantile(q, buckets) <= upper * (1 + 1e-12)


@given(st.lists(st.integers(0, 50), min_size=2, max_size=12))
def test_the_increase_of_a_counter_is_never_negative(steps: list[int]) -> None:
    store = counter(*((1000 - 5 * age, value) for age, value in reversed(list(enumerate(steps)))))
    assert number("increase(c[1m])", store) >= 0


def test_a_range_query_has_a_value_at_both_ends() -> None:
    found = Query("c * 2").over(counter((990, 1), (1000, 2)), 990_000, 1_000_000, 5_000)
    assert found.series[0].points == [(990_000, 2), (995_000, 2), (1_000_000, 4)]


def test_a_range_query_with_absurd_steps_is_refused() -> None:
    with pytest.raises(PromqlError, match="exceeded maximum resolution"):
        Query("c").over(Tsdb(), 0, 10_000_000_000, 1_000)
