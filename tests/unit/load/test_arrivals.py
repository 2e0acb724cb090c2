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


# -- ramps -----------------------------------------------------------------------------------------


def at_a_slot(rate_rps):
    """Arrivals at an even rate one interval before their next slot, and that moment."""
    arrivals = Arrivals(seed=1, now_s=0.0)
    arrivals.set_rate(rate_rps, "constant", 0.0)
    return arrivals, arrivals.pop()


def intervals(from_rps, to_rps, ramp_s):
    """How many intervals have passed so long after a ramp began."""

    def passed(t_s):
        within_s = min(t_s, ramp_s)
        slope = (to_rps - from_rps) / ramp_s
        return from_rps * within_s + slope * within_s**2 / 2 + to_rps * (t_s - within_s)

    return passed


RAMPS = [(1.0, 5.0, 10.0), (5.0, 0.5, 10.0), (2.0, 2.0, 10.0), (3.0, 6.0, 1.0), (0.5, 4.0, 30.0)]


@pytest.mark.parametrize(("from_rps", "to_rps", "ramp_s"), RAMPS)
def test_slots_of_a_ramp_and_behind_it_are_one_interval_apart(from_rps, to_rps, ramp_s):
    arrivals, begun_s = at_a_slot(from_rps)
    arrivals.set_rate(to_rps, "constant", begun_s, ramp_s)
    passed = intervals(from_rps, to_rps, ramp_s)
    due = pop_until(arrivals, begun_s + ramp_s + 10.0)
    assert len(due) == int(passed(ramp_s + 10.0) + 1e-6)
    for number, due_s in enumerate(due, start=1):
        assert passed(due_s - begun_s) == pytest.approx(number)


def test_a_ramp_from_nothing_begins_slowly():
    arrivals = Arrivals(seed=1, now_s=0.0)
    arrivals.set_rate(1.0, "constant", 0.0, 20.0)
    passed = intervals(0.0, 1.0, 20.0)
    places = [passed(due_s) for due_s in pop_until(arrivals, 30.0)]
    assert 0.7 <= places[0] <= 1.0
    assert places == pytest.approx([places[0] + number for number in range(len(places))])
    assert len(places) in (19, 20)


@pytest.mark.parametrize(("from_rps", "to_rps", "ramp_s"), RAMPS)
@pytest.mark.parametrize("share", [0.5, 1.0, 1.7])
def test_a_change_during_a_ramp_or_behind_it_keeps_the_unused_part_of_the_interval(
    from_rps, to_rps, ramp_s, share
):
    arrivals, begun_s = at_a_slot(from_rps)
    arrivals.set_rate(to_rps, "constant", begun_s, ramp_s)
    changed_s = begun_s + share * ramp_s + 0.01
    pop_until(arrivals, changed_s)
    used = intervals(from_rps, to_rps, ramp_s)(changed_s - begun_s) % 1
    arrivals.set_rate(0.25, "constant", changed_s)
    assert arrivals.next_due_s == pytest.approx(changed_s + (1 - used) / 0.25)


@pytest.mark.parametrize(("after_s", "rate_rps"), [(5.0, 6.0), (25.0, 10.0)])
def test_a_ramp_after_a_ramp_begins_at_the_rate_of_that_moment(after_s, rate_rps):
    arrivals, begun_s = at_a_slot(2.0)
    arrivals.set_rate(10.0, "constant", begun_s, 10.0)
    changed_s = begun_s + after_s
    pop_until(arrivals, changed_s)
    arrivals.set_rate(1.0, "constant", changed_s, 20.0)
    passed = intervals(rate_rps, 1.0, 20.0)
    due = [due_s - changed_s for due_s in pop_until(arrivals, changed_s + 20.0)]
    assert [passed(later) - passed(sooner) for sooner, later in pairwise(due)] == pytest.approx(
        [1.0] * (len(due) - 1)
    )


def test_a_slot_that_is_overdue_when_a_ramp_begins_at_nothing_is_due_now():
    arrivals = Arrivals(seed=1, now_s=0.0)
    arrivals.set_rate(1.0, "constant", 0.0)
    arrivals.set_rate(0.0, "constant", 100.0)
    arrivals.set_rate(4.0, "constant", 200.0, 10.0)
    assert arrivals.next_due_s == 200.0


def test_there_is_no_ramp_to_nothing():
    arrivals, begun_s = at_a_slot(4.0)
    arrivals.set_rate(0.0, "constant", begun_s, 10.0)
    assert arrivals.next_due_s is None
    arrivals.set_rate(0.5, "constant", begun_s + 5.0)
    assert arrivals.next_due_s == pytest.approx(begun_s + 5.0 + 2.0)


def test_a_slot_that_was_taken_early_uses_up_nothing_of_the_next_interval():
    arrivals, due_s = at_a_slot(1.0)
    arrivals.set_rate(2.0, "constant", due_s - 0.25)
    assert arrivals.next_due_s == pytest.approx(due_s - 0.25 + 0.5)


@pytest.mark.parametrize("seed", range(8))
def test_another_spread_never_makes_the_next_slot_later(seed):
    paced, even = Arrivals(seed, 0.0), Arrivals(seed, 0.0)
    paced.set_rate(1.0, "paced", 0.0)
    even.set_rate(1.0, "constant", 0.0)
    assert even.next_due_s == min(1.0, paced.next_due_s)
