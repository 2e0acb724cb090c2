"""P:D ratios and scale rules."""

from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from gtc_spec.errors import UsageError
from gtc_spec.pools import METRIC_TYPES, ROLES, PDRatio, Pool, Pools, ScaleRule, Trigger

workers = st.integers(1, 99)
ratios = st.builds(PDRatio, workers, workers)


@given(ratios)
def test_a_ratio_reads_back_what_it_writes(ratio: PDRatio) -> None:
    assert PDRatio.parse(str(ratio)) == ratio


@settings(max_examples=100)
@given(st.text(max_size=8) | st.from_regex(r"\d+P:\d+D\s?"))
def test_any_text_is_a_ratio_that_writes_itself_back_or_a_usage_error(text: str) -> None:
    try:
        ratio = PDRatio.parse(text)
    except UsageError:
        pass
    else:
        assert min(ratio.prefill, ratio.decode) >= 1
        assert PDRatio.parse(str(ratio)) == ratio
        assert text == text.strip()


@pytest.mark.parametrize("text", ["0P:3D", "2P:0D", "00P:1D"])
def test_a_ratio_that_empties_a_pool_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"empties a pool, allowed: at least 1P:1D"):
        PDRatio.parse(text)


@pytest.mark.parametrize("text", ["", "2P3D", "2p:3d", "2P:3D:1F", " 2P:3D", "2P:3D\n", "-1P:3D"])
def test_text_that_is_no_ratio_is_refused_with_the_form_that_is(text: str) -> None:
    with pytest.raises(UsageError, match=r"not a P:D ratio.*allowed: like 2P:3D"):
        PDRatio.parse(text)


@given(ratios)
def test_the_total_is_the_sum_of_the_pools(ratio: PDRatio) -> None:
    assert ratio.total == sum(ratio.of(role) for role in ROLES)


@given(ratios, ratios)
def test_at_least_and_at_most_bound_both_pools(one: PDRatio, two: PDRatio) -> None:
    for role in ROLES:
        assert one.at_least(two).of(role) == max(one.of(role), two.of(role))
        assert one.at_most(two).of(role) == min(one.of(role), two.of(role))


@pytest.mark.parametrize(
    ("trigger", "metric_type"),
    [
        ("queued_requests", "AverageValue"),
        ("decode_streams", "AverageValue"),
        ("ttft_p95_ms", "Value"),
        ("itl_p95_ms", "Value"),
    ],
)
def test_totals_are_divided_by_the_workers_and_latencies_are_not(
    trigger: str, metric_type: str
) -> None:
    assert ScaleRule(trigger=trigger, threshold=1, min=1, max=2).metric_type == metric_type


def test_every_trigger_says_how_its_number_is_read() -> None:
    assert set(METRIC_TYPES) == set(get_args(Trigger))


def rule(**changed: object) -> ScaleRule:
    return ScaleRule(**{"trigger": "queued_requests", "threshold": 1, "min": 1, "max": 2} | changed)


def pool(**changed: object) -> Pool:
    return Pool(**{"initial": 1, "drain_s": 15, "scale": rule()} | changed)


def pools() -> Pools:
    return Pools(prefill=pool(initial=2), decode=pool(initial=3))


def test_a_role_has_its_own_workers_and_its_own_pool() -> None:
    assert (PDRatio(2, 3).of("prefill"), PDRatio(2, 3).of("decode")) == (2, 3)
    assert (pools().of("prefill").initial, pools().of("decode").initial) == (2, 3)
    assert pools().initial_ratio == PDRatio(2, 3)


@pytest.mark.parametrize(
    ("make", "field", "value"),
    [
        (rule, "threshold", 0.1),
        (rule, "min", 1),
        (rule, "max", 1),
        (pool, "initial", 1),
        (pool, "drain_s", 0),
        (pool, "drain_s", 600),
    ],
)
def test_a_value_at_its_limit_is_allowed(make: Any, field: str, value: float) -> None:
    assert getattr(make(**{field: value}), field) == value


@pytest.mark.parametrize(
    ("make", "field", "value"),
    [
        (rule, "threshold", 0),
        (rule, "threshold", float("inf")),
        (rule, "min", 0),
        (rule, "max", 0),
        (pool, "initial", 0),
        (pool, "drain_s", -0.1),
        (pool, "drain_s", 600.1),
        (pool, "drain_s", float("nan")),
        (rule, "mni", 1),
        (pool, "inital", 1),
        (lambda **more: Pools(prefill=pool(), decode=pool(), **more), "aggregated", pool()),
    ],
)
def test_a_value_beyond_its_limit_or_of_an_unknown_name_is_refused(
    make: Any, field: str, value: object
) -> None:
    with pytest.raises((ValidationError, UsageError), match=field):
        make(**{field: value})


@pytest.mark.parametrize(
    ("made", "field"), [(rule(), "min"), (pool(), "initial"), (pools(), "decode")]
)
def test_nobody_changes_a_pool_that_was_loaded(made: Any, field: str) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        setattr(made, field, getattr(made, field))
