from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gtc_runtime.load.demand.arrivals import JITTER, Arrivals


def pop_until(arrivals, end_s):
    due = []
    while (next_s := arrivals.next_due_s) is not None and next_s <= end_s:
        due.append(arrivals.pop())
    return due


@pytest.mark.parametrize(
    ("pacing", "tolerance"), [("constant", 1), ("paced", 20), ("poisson", 250)]
)
def test_the_rate_is_kept_over_a_thousand_seconds(pacing, tolerance):
    arrivals = Arrivals(seed=3, now_s=100.0)
    arrivals.set_rate(8.0, pacing, 100.0)
    due = pop_until(arrivals, 1100.0)
    assert abs(len(due) - 8000) <= tolerance


def test_nothing_is_due_before_a_rate_is_set():
    arrivals = Arrivals(seed=1, now_s=0.0)
    assert arrivals.next_due_s is None
    with pytest.raises(ValueError, match="rate 0"):
        arrivals.pop()


def test_paced_gaps_stay_within_thirty_per_cent_of_the_interval():
    arrivals = Arrivals(seed=1, now_s=0.0)
    arrivals.set_rate(2.0, "paced", 0.0)
    gaps = [later - sooner for sooner, later in pairwise(pop_until(arrivals, 200.0))]
    assert min(gaps) >= 0.5 * (1 - JITTER) - 1e-9
    assert max(gaps) <= 0.5 * (1 + JITTER) + 1e-9
    assert max(gaps) - min(gaps) > 0.2


def test_a_change_of_rate_makes_no_burst_however_long_the_old_rate_held():
    arrivals = Arrivals(seed=1, now_s=0.0)
    arrivals.set_rate(0.1, "constant", 0.0)
    arrivals.set_rate(10.0, "constant", 500.0)  # 50 slots late
    due = pop_until(arrivals, 501.0)
    assert 9 <= len(due) <= 11
    assert due[0] >= 500.0


def test_setting_the_same_low_rate_every_second_does_not_starve_the_schedule():
    arrivals = Arrivals(seed=1, now_s=0.0)
    due = []
    for second in range(100):
        arrivals.set_rate(0.5, "constant", float(second))
        due += pop_until(arrivals, second + 1.0)
    assert len(due) in (49, 50, 51)


def test_a_ramp_delivers_the_area_under_it():
    arrivals = Arrivals(seed=1, now_s=0.0)
    due = []
    for second in range(60):
        arrivals.set_rate(4.5 * (60 - second) / 60, "paced", float(second))
        due += pop_until(arrivals, second + 1.0)
    assert abs(len(due) - 4.5 * 61 / 2) <= 5


def test_a_pause_does_not_lose_the_place_in_the_schedule():
    arrivals = Arrivals(seed=1, now_s=0.0)
    arrivals.set_rate(1.0, "paced", 0.0)
    planned_s = arrivals.next_due_s
    arrivals.set_rate(0.0, "paced", 0.5)
    arrivals.set_rate(1.0, "paced", 50.0)
    assert arrivals.next_due_s == pytest.approx(planned_s + 49.5)


@settings(deadline=None, max_examples=60)
@given(st.integers(), st.sampled_from(["poisson", "paced", "constant"]))
def test_equal_seeds_give_equal_schedules(seed, pacing):
    both = [Arrivals(seed, 0.0), Arrivals(seed, 0.0)]
    for arrivals in both:
        arrivals.set_rate(5.0, pacing, 0.0)
    assert pop_until(both[0], 10.0) == pop_until(both[1], 10.0)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.floats(0, 40), st.floats(0.01, 5)), min_size=1, max_size=20),
    st.sampled_from(["poisson", "paced", "constant"]),
)
def test_due_times_never_run_backwards_whatever_the_changes(changes, pacing):
    arrivals, now_s, due = Arrivals(1, 0.0), 0.0, []
    for rate, length_s in changes:
        arrivals.set_rate(rate, pacing, now_s)
        now_s += length_s
        due += pop_until(arrivals, now_s)
    assert due == sorted(due)
