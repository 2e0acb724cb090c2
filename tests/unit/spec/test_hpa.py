"""The HPA's arithmetic: formulas, stabilisation, speed limits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtc_spec.autoscaling.hpa import Behavior, History, decide, replicas_for, speed_limit
from gtc_spec.autoscaling.quantities import milli

DEFAULT = Behavior.parse(None)
ONE_UP_A_HALF_MINUTE = {"policies": [{"type": "Pods", "value": 1, "periodSeconds": 30}]}

sizes = st.integers(1, 20)
metrics = st.integers(0, 100_000)
targets = st.integers(1, 10_000)
histories = st.builds(
    History,
    recommendations=st.lists(st.tuples(st.floats(0, 1000), st.integers(1, 20)), max_size=8),
    added=st.lists(st.tuples(st.floats(0, 1000), st.integers(1, 4)), max_size=4),
    removed=st.lists(st.tuples(st.floats(0, 1000), st.integers(1, 4)), max_size=4),
)
policies = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["Pods", "Percent"]),
        "value": st.integers(1, 200),
        "periodSeconds": st.integers(1, 300),
    }
)
rules = st.fixed_dictionaries(
    {},
    optional={
        "stabilizationWindowSeconds": st.integers(0, 600),
        "selectPolicy": st.sampled_from(["Max", "Min", "Disabled"]),
        "policies": st.lists(policies, min_size=1, max_size=3),
    },
)
behaviors = st.builds(Behavior.parse, st.fixed_dictionaries({"scaleUp": rules, "scaleDown": rules}))


@pytest.mark.parametrize(
    ("p95_s", "size", "by_value", "by_average"),
    [
        (0.30, 2, 2, 1),
        (0.45, 2, 2, 1),
        (0.60, 2, 3, 2),
        (0.90, 2, 4, 2),
        (1.20, 2, 5, 3),
        (0.60, 4, 5, 2),
        (1.60, 4, 13, 4),
    ],
)
def test_the_two_formulas_give_the_known_table(
    p95_s: float, size: int, by_value: int, by_average: int
) -> None:
    metric, target = milli(p95_s), milli(0.5)
    assert replicas_for("Value", metric, target, size, size, DEFAULT) == by_value
    assert replicas_for("AverageValue", metric, target, size, size, DEFAULT) == by_average


@given(metrics, targets, sizes)
def test_within_the_tolerance_nothing_changes(metric: int, target: int, size: int) -> None:
    if abs(metric / target - 1) <= 0.1:
        assert replicas_for("Value", metric, target, size, size, DEFAULT) == size
    if abs(metric / (target * size) - 1) <= 0.1:
        assert replicas_for("AverageValue", metric, target, size, size, DEFAULT) == size


@given(metrics, targets, sizes)
def test_an_average_outside_the_tolerance_ignores_the_present_size(
    metric: int, target: int, size: int
) -> None:
    wished = replicas_for("AverageValue", metric, target, size, size, DEFAULT)
    assert wished == size or (wished - 1) * target < metric <= wished * target


@given(metrics, targets, sizes, st.integers(0, 20))
def test_workers_that_are_not_ready_do_not_compound_a_value(
    metric: int, target: int, size: int, ready: int
) -> None:
    wished = replicas_for("Value", metric, target, size, ready, DEFAULT)
    # floats, as in the controller: a product just above a whole number may round up
    assert wished == size or (wished - 1) * target <= metric * ready * (1 + 1e-9)


@given(sizes, sizes, sizes, sizes, behaviors, histories)
def test_a_decision_keeps_the_limits_and_the_direction_of_the_wish(
    one: int, other: int, current: int, wished: int, behavior: Behavior, history: History
) -> None:
    least, most = sorted((one, other))
    current = min(max(current, least), most)
    decision = decide(1000.0, current, wished, least, most, behavior, history)
    assert least <= decision.replicas <= most
    low, high = sorted((current, wished))
    recommended = [n for _, n in history.recommendations]
    assert min(low, *recommended) <= decision.replicas <= max(high, *recommended)


@given(sizes, behaviors)
def test_a_wish_for_the_present_size_of_a_new_hpa_changes_nothing(
    current: int, behavior: Behavior
) -> None:
    decision = decide(0.0, current, current, 1, 20, behavior, History())
    assert decision.replicas == current
    assert not decision.is_limited


@given(sizes, sizes, behaviors, histories)
def test_a_disabled_direction_never_moves(
    current: int, wished: int, behavior: Behavior, history: History
) -> None:
    frozen = {"selectPolicy": "Disabled"}
    still = Behavior.parse({"scaleUp": frozen, "scaleDown": frozen})
    assert decide(1000.0, current, wished, 1, 20, still, history).replicas == current


def test_by_default_a_pool_grows_by_four_or_doubles_in_a_quarter_minute() -> None:
    assert decide(0.0, 1, 20, 1, 20, DEFAULT, History()).replicas == 5
    assert decide(0.0, 6, 20, 1, 20, DEFAULT, History()).replicas == 12


def test_by_default_a_pool_shrinks_to_the_highest_wish_of_five_minutes() -> None:
    history = History()
    assert decide(0.0, 4, 4, 1, 8, DEFAULT, history).replicas == 4
    assert decide(100.0, 4, 2, 1, 8, DEFAULT, history).replicas == 4
    assert decide(299.0, 4, 1, 1, 8, DEFAULT, history).replicas == 4
    assert decide(300.0, 4, 1, 1, 8, DEFAULT, history).replicas == 2


def test_a_stabilised_wish_says_so() -> None:
    history = History()
    decide(0.0, 4, 4, 1, 8, DEFAULT, history)
    assert decide(15.0, 4, 1, 1, 8, DEFAULT, history).stabilized.reason == "ScaleDownStabilized"


def test_a_new_hpa_starts_its_window_with_the_present_size() -> None:
    history = History()
    history.begin(0.0, 4)
    assert decide(1.0, 4, 1, 1, 8, DEFAULT, history).replicas == 4


def test_one_pod_a_half_minute_is_one_pod_a_half_minute() -> None:
    behavior = Behavior.parse({"scaleUp": ONE_UP_A_HALF_MINUTE})
    history, size, steps = History(), 1, []
    for now_s in range(0, 75, 15):
        decision = decide(float(now_s), size, 8, 1, 8, behavior, history)
        history.changed(now_s, size, decision.replicas)
        size = decision.replicas
        steps.append(size)
    assert steps == [2, 2, 3, 3, 4]
    assert decision.limited.reason == "ScaleUpLimit"


def test_the_select_policy_picks_the_wider_or_the_narrower_limit() -> None:
    both = [
        {"type": "Pods", "value": 1, "periodSeconds": 15},
        {"type": "Percent", "value": 50, "periodSeconds": 15},
    ]
    for select, up, down in (("Max", 15, 5), ("Min", 11, 9)):
        given = {"policies": both, "selectPolicy": select}
        behavior = Behavior.parse({"scaleUp": given, "scaleDown": given})
        assert speed_limit(0.0, 10, behavior.up, History(), up=True) == up
        assert speed_limit(0.0, 10, behavior.down, History(), up=False) == down


def test_what_was_removed_in_the_period_may_come_back() -> None:
    behavior = Behavior.parse({"scaleUp": ONE_UP_A_HALF_MINUTE})
    history = History(removed=[(90.0, 3)])
    assert speed_limit(100.0, 2, behavior.up, history, up=True) == 6


def test_the_ceiling_is_named_when_it_binds() -> None:
    assert decide(0.0, 3, 9, 1, 4, DEFAULT, History()).limited.reason == "TooManyReplicas"
    now = Behavior.parse({"scaleDown": {"stabilizationWindowSeconds": 0}})
    assert decide(0.0, 3, 1, 2, 4, now, History()).limited.reason == "TooFewReplicas"


def test_the_time_scale_shortens_windows_and_periods() -> None:
    behavior = Behavior.parse({"scaleUp": ONE_UP_A_HALF_MINUTE}, time_scale=0.1)
    assert behavior.up.policies[0].period_s == pytest.approx(3)
    assert behavior.down.window_s == pytest.approx(30)


def test_a_tolerance_of_its_own_is_read_as_a_quantity() -> None:
    behavior = Behavior.parse({"scaleUp": {"tolerance": "500m"}})
    assert replicas_for("Value", milli(1.4), milli(1), 2, 2, behavior) == 2
    assert replicas_for("Value", milli(1.6), milli(1), 2, 2, behavior) == 4


def test_the_memory_does_not_grow() -> None:
    history = History()
    for now_s in range(10_000):
        history.changed(float(now_s), 1, 2)
        decide(float(now_s), 2, 2, 1, 4, DEFAULT, history)
    assert len(history.recommendations) <= 301
    assert len(history.added) <= 15
