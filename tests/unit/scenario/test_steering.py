"""What the presenter may do to the running show, on a turned clock."""

from collections.abc import Callable
from typing import Self

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gtc_runtime.scenario import machine, steering
from gtc_runtime.scenario.machine import IDLE, Action, Entered, Finished, GateOpened, SetRatio
from gtc_spec.environment import ENVIRONMENTS, load
from gtc_spec.pools import PDRatio
from tests.unit.scenario.show import (
    COOLDOWN_AT,
    LARGE,
    LEAD_S,
    RECOVERY_AT,
    SETTLE_AT,
    SHOW,
    SMALL,
    STRESS_AT,
    Show,
)


class Steered(Show):
    """A show with a presenter."""

    initial = SMALL

    def hold(self) -> Self:
        self.state = steering.hold(self.state, self.now_s)
        return self

    def release(self) -> Self:
        self.state = steering.release(self.state, self.now_s)
        return self

    def extend(self) -> Self:
        self.state = steering.extend(self.timeline, self.state, self.now_s, 30)
        return self

    def next(self) -> list[Action]:
        self.state, self.actions = steering.next_phase(self.timeline, self.state, self.seen())
        self.told += [(self.now_s - self.began_s, each) for each in self.actions]
        return self.actions

    def stop_and_resume(self, after_s: float = 8.0) -> list[Action]:
        """Stop leaves the initial ratio; whoever resumes finds it."""
        stopped_s, self.ready, self.queued = self.now_s, self.initial, 0
        self.now_s += after_s
        self.state, self.actions = steering.resume(
            self.timeline, self.state, stopped_s, self.now_s, self.initial
        )
        self.told += [(self.now_s - self.began_s, each) for each in self.actions]
        return self.actions

    def following(self) -> tuple[str | None, float | None]:
        found = steering.following(self.timeline, self.state)
        ready_in = steering.ready_in_s(self.timeline, self.state, self.ready, self.now_s)
        return (None if found is None else str(found.phase.name)), ready_in

    def left(self) -> float:
        return machine.left_s(self.timeline, self.state, self.now_s)


def at(second: float, *, ready: PDRatio = SMALL, once: bool = False) -> Steered:
    """The show this long after its start."""
    show = Steered(once=once)
    show.ready = ready
    show.to(second)
    return show


# -- hold ----------------------------------------------------------------------------------------


def test_a_phase_that_is_held_stands_still_with_its_load_and_its_countdown() -> None:
    show = at(20).hold()

    show.to(500)

    assert (show.state.index, show.load(), show.left()) == (STRESS_AT, (2, "0/100/0"), 40)
    assert machine.elapsed_s(show.state, show.now_s) == 20


def test_a_release_goes_on_with_what_was_left() -> None:
    show = at(20).hold()
    show.to(500)

    show.release()
    show.to(539)
    assert show.state.index == STRESS_AT

    show.step()
    assert show.entered()[-1] == (540, RECOVERY_AT, "time")


def test_growth_that_was_ordered_stays_and_what_was_not_waits_for_the_release() -> None:
    early, late = at(5).hold(), at(15).hold()

    assert early.to(300).ordered() == [(0, "2P:3D")]
    assert late.to(300).ordered() == [(0, "2P:3D"), (10, "4P:3D")]
    assert early.release().to(305).ordered() == [(0, "2P:3D"), (305, "4P:3D")]


def test_a_queue_above_its_limit_ends_a_phase_that_is_held_and_the_hold_with_it() -> None:
    show = at(5).hold()
    show.queued = 26

    assert show.step() == [Entered(RECOVERY_AT, "guard"), SetRatio(LARGE)]
    assert show.state.held_s is None


def test_a_gate_opens_while_the_show_is_held_and_the_whole_phase_follows_the_release() -> None:
    show = at(70).hold()
    show.ready = LARGE

    (opened,) = show.step()
    assert isinstance(opened, GateOpened)
    show.to(200)
    show.release()

    assert show.left() == 40


def test_holding_twice_is_holding_once_and_releasing_what_moves_changes_nothing() -> None:
    show = at(20)
    assert show.release().state == at(20).state

    once = show.hold().state
    show.now_s += 5

    assert show.hold().state == once


# -- extend --------------------------------------------------------------------------------------


def test_half_a_minute_more_moves_the_end_and_the_orders_that_were_still_to_come() -> None:
    show = at(5).extend()

    assert show.left() == 85
    show.to(90)
    assert show.ordered() == [(0, "2P:3D"), (40, "4P:3D")]
    assert show.entered()[-1] == (90, RECOVERY_AT, "time")


def test_growth_that_was_ordered_is_not_taken_back_by_half_a_minute_more() -> None:
    show = at(15).extend()

    assert show.to(90).ordered() == [(0, "2P:3D"), (10, "4P:3D")]


def test_half_a_minute_more_twice_is_a_minute_more() -> None:
    assert at(5).extend().extend().left() == 115


def test_a_phase_behind_a_gate_becomes_longer_at_both_its_ends() -> None:
    closed = at(70).extend()
    assert closed.left() == 110

    closed.ready = LARGE
    closed.step()

    assert closed.left() == 70


def test_a_ramp_goes_on_from_its_rate_and_still_reaches_its_end() -> None:
    show = at(121 + 15, ready=LARGE)
    assert show.state.index == COOLDOWN_AT
    before = show.load()

    show.extend()

    assert show.load() == before == (1.5, "100/0/0")
    show.to(121 + 59)
    assert show.load() == (pytest.approx(1.5 / 45, abs=1e-6), "100/0/0")


def test_the_next_phase_is_as_long_as_planned() -> None:
    show = at(5).extend()
    show.to(90)
    show.ready = LARGE
    show.step()

    assert show.left() == 40


# -- next ----------------------------------------------------------------------------------------


def test_next_enters_the_next_phase_and_orders_its_workers() -> None:
    show = at(5)

    assert show.next() == [Entered(RECOVERY_AT, "next"), SetRatio(LARGE)]
    assert show.state.gate_s is None


def test_next_leaves_a_settle_tail_out() -> None:
    assert at(70, ready=LARGE).next()[0] == Entered(COOLDOWN_AT, "next")


def test_next_out_of_a_settle_tail_goes_to_the_phase_behind_it() -> None:
    show = at(105, ready=LARGE)
    assert show.state.index == SETTLE_AT

    assert show.next()[0] == Entered(COOLDOWN_AT, "next")


def test_the_gate_waits_for_one_start_of_workers_at_least() -> None:
    show = at(5)
    show.next()
    show.to(5 + LEAD_S)
    show.ready = LARGE

    show.step()

    assert show.left() == pytest.approx(39, abs=1)


def test_a_phase_without_a_gate_waits_for_its_workers_too_when_it_is_entered_early() -> None:
    """As when the third of three ratios is wanted before anybody has ordered it."""
    show = at(105, ready=PDRatio(1, 3))
    show.next()
    assert (show.state.index, show.state.gate_s) == (COOLDOWN_AT, None)

    show.ready = SMALL
    show.to(125)

    assert show.left() == pytest.approx(30 - 19, abs=1)


def test_next_ends_a_hold() -> None:
    show = at(5).hold()

    show.next()

    assert show.state.held_s is None


def test_two_presses_at_once_are_one() -> None:
    show = at(5)
    show.next()

    assert show.next() == []
    assert show.state.index == RECOVERY_AT
    show.to(7)
    assert show.next()[0] == Entered(COOLDOWN_AT, "next")


def test_next_in_the_last_phase_begins_the_show_again() -> None:
    show = at(130, ready=LARGE)

    assert show.next()[0] == Entered(STRESS_AT, "next")
    assert show.state.cycle == 1


def test_next_in_the_last_phase_ends_a_show_that_is_played_once() -> None:
    show = at(130, ready=LARGE, once=True)
    assert show.following() == (None, None)

    assert show.next() == [Finished()]


def test_workers_of_the_next_phase_are_counted_down_from_their_order() -> None:
    not_ordered, ordered, ready = at(5), at(40), at(40, ready=LARGE)

    assert not_ordered.following() == ("PREFILL_RECOVERY", LEAD_S)
    assert ordered.following() == ("PREFILL_RECOVERY", 20)
    assert ready.following() == ("PREFILL_RECOVERY", 0)


def test_workers_that_are_late_or_not_seen_are_not_counted_down() -> None:
    late, unseen = at(20).hold(), at(40)
    late.to(200)
    unseen.ready = None

    assert late.following() == ("PREFILL_RECOVERY", None)
    assert unseen.following() == ("PREFILL_RECOVERY", None)


# -- resume --------------------------------------------------------------------------------------


def test_a_show_that_was_stopped_goes_on_where_it_was_and_orders_its_workers_again() -> None:
    show = at(20)
    played_s, left_s = machine.elapsed_s(show.state, show.now_s), show.left()

    assert show.stop_and_resume(8) == [SetRatio(LARGE)]

    assert (machine.elapsed_s(show.state, show.now_s), show.left()) == (played_s, left_s)


def test_a_show_that_was_held_when_it_was_stopped_is_held_when_it_is_resumed() -> None:
    show = at(20).hold()
    show.to(30)

    show.stop_and_resume(8)

    assert show.state.held_s is not None
    assert show.left() == 40


def test_a_phase_whose_workers_went_with_its_stop_waits_for_them_again() -> None:
    show = at(80, ready=LARGE)
    assert (show.state.index, show.left()) == (RECOVERY_AT, 21)

    show.stop_and_resume(8)
    assert show.state.gate_s is None

    show.to(88 + LEAD_S - 1)
    assert show.state.index == RECOVERY_AT
    show.ready = LARGE
    assert show.step() == [GateOpened(LEAD_S)]
    assert show.left() == 21


def test_a_gate_that_was_closed_when_its_show_was_stopped_waits_for_one_more_start() -> None:
    show = at(140)
    assert (show.state.index, show.left()) == (RECOVERY_AT, 10)

    show.stop_and_resume(8)

    assert show.left() == 10 + LEAD_S


def test_nothing_can_be_done_to_a_show_that_is_idle() -> None:
    assert steering.hold(IDLE, 5) == steering.release(IDLE, 5) == IDLE
    assert steering.extend(SHOW, IDLE, 5, 30) == IDLE
    assert steering.next_phase(SHOW, IDLE, machine.Observation(5, SMALL, 0)) == (IDLE, [])
    assert steering.following(SHOW, IDLE) is None


# -- any presenter -------------------------------------------------------------------------------

ACTS: dict[str, Callable[[Steered], object]] = {
    "hold": Steered.hold,
    "release": Steered.release,
    "extend": Steered.extend,
    "next": Steered.next,
    "stop and resume": Steered.stop_and_resume,
    "step": Steered.step,
}
workers = st.integers(0, 8)
acts = st.tuples(
    st.sampled_from(sorted(ACTS)),
    st.integers(1, 90),
    st.none() | st.builds(PDRatio, workers, workers),
    st.none() | st.integers(0, 200),
)
Act = tuple[str, int, PDRatio | None, int | None]


def play(name: str, done: list[Act], *, once: bool = False) -> Steered:
    """A show in which a presenter does something after every few seconds."""
    show = Steered(load(name).timeline, once=once)
    show.initial = load(name).initial_ratio
    for act, seconds, show.ready, show.queued in done:
        for _ in range(seconds):
            show.step()
        ACTS[act](show)
    return show


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(ENVIRONMENTS), st.lists(acts, max_size=12))
def test_whatever_the_presenter_does_no_phase_is_left_out_or_gone_back_to(
    name: str, done: list[Act]
) -> None:
    show = play(name, done)
    phases = [
        show.timeline.segments[index].phase.name
        for _, index, _ in show.entered()
        if show.timeline.segments[index].kind == "main"
    ]

    planned = [each.phase.name for each in show.timeline.segments if each.kind == "main"]
    assert phases == [planned[place % len(planned)] for place in range(len(phases))]


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(ENVIRONMENTS), st.lists(acts, max_size=12))
def test_whatever_the_presenter_does_every_order_is_one_of_the_table_and_fits(
    name: str, done: list[Act]
) -> None:
    environment = load(name)
    planned = {str(ratio) for _, ratio in environment.timeline.instants()}

    ordered = play(name, done).ordered()

    assert {ratio for _, ratio in ordered} <= planned


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(ENVIRONMENTS), st.lists(acts, max_size=12))
def test_whatever_the_presenter_does_a_show_that_goes_on_ends_at_the_initial_ratio(
    name: str, done: list[Act]
) -> None:
    show = play(name, done, once=True).release()
    for _ in range(2 * len(show.timeline.segments)):
        show.step(5000)

    assert show.state.index is None
    assert show.state.ordered == load(name).initial_ratio


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(ENVIRONMENTS), st.lists(acts, max_size=12))
def test_while_it_is_held_only_a_guard_moves_a_show(name: str, done: list[Act]) -> None:
    show = play(name, done)
    show.hold()
    before, begun_s = len(show.entered()), show.now_s
    while show.state.held_s is not None and show.now_s < begun_s + 600:
        show.step()

    assert [why for _, _, why in show.entered()[before:]] in ([], ["guard"])


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(ENVIRONMENTS), st.lists(acts, max_size=12))
def test_a_resumed_phase_that_lost_its_workers_lasts_until_they_can_be_there_again(
    name: str, done: list[Act]
) -> None:
    show = play(name, done).release()
    segment, left_s = machine.running(show.timeline, show.state), show.left()
    assert segment

    show.stop_and_resume()

    lost = not machine.covers(show.initial, segment.ratio)
    assert (show.state.gate_s is None) >= lost
    assert show.left() >= left_s + (show.timeline.lead_s if lost else 0) - 1e-6


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(ENVIRONMENTS), st.lists(acts, max_size=12))
def test_a_rate_never_leaves_the_range_of_its_phase(name: str, done: list[Act]) -> None:
    show = play(name, done)
    segment, found = machine.running(show.timeline, show.state), show.load()
    assert segment
    assert found
    planned = show.timeline.segments[show.state.index or 0]

    low, high = sorted((planned.rps, planned.ramp_to_rps))
    assert low - 1e-6 <= found[0] <= high + 1e-6
