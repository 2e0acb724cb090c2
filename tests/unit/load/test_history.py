"""Which changes of rate and mix can be taken back, on a turned clock."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gtc_runtime.actor import Actor
from gtc_runtime.load.history import ONE_STEP_S, STEPS, LoadHistory, Setting
from gtc_spec.workloads import WorkloadMix

MIX = WorkloadMix(40, 30, 30)
HERE, THERE = Actor("page", "10.0.0.7"), Actor("gtc", "127.0.0.1")


class Presenter:
    """Somebody who changes the rate, and the history of it."""

    def __init__(self) -> None:
        self.now_s, self.rps = 0.0, 1.0
        self.history = LoadHistory(lambda: self.now_s)

    @property
    def setting(self) -> Setting:
        return Setting(self.rps, MIX)

    def change(self, *rates: float, by: Actor = HERE, every_s: float = 0.1) -> None:
        for rate in rates:
            before, self.rps = self.setting, rate
            self.history.changed(before, by)
            self.now_s += every_s

    def wait(self) -> None:
        self.now_s += ONE_STEP_S + 0.1

    def undo(self) -> float | None:
        found = self.history.take_back(self.setting)
        if found is not None:
            self.rps = found.rps
        return None if found is None else found.rps


@pytest.fixture
def presenter() -> Presenter:
    return Presenter()


def test_a_drag_is_one_step(presenter: Presenter) -> None:
    presenter.change(2, 3, 4, 5)

    assert (presenter.undo(), presenter.undo()) == (1, None)


def test_two_changes_with_a_pause_between_are_two_steps(presenter: Presenter) -> None:
    presenter.change(2)
    presenter.wait()
    presenter.change(3)

    assert (presenter.undo(), presenter.undo()) == (2, 1)


def test_changes_of_two_people_at_the_same_time_are_two_steps(presenter: Presenter) -> None:
    presenter.change(2)
    presenter.change(3, by=THERE)

    assert (presenter.undo(), presenter.undo()) == (2, 1)


def test_a_drag_out_and_back_is_no_step(presenter: Presenter) -> None:
    presenter.change(2)
    presenter.wait()
    presenter.change(3, 2)

    assert presenter.undo() == 1


def test_a_drag_that_is_seen_at_its_origin_and_goes_on_is_taken_back_to_it(
    presenter: Presenter,
) -> None:
    presenter.change(2)
    presenter.wait()
    presenter.change(3, 2)
    assert str(presenter.history.back(presenter.setting)) == "1 rps, 40/30/30"
    presenter.change(5)

    assert (presenter.undo(), presenter.undo()) == (2, 1)


drags = st.lists(st.lists(st.integers(1, 3).map(float), min_size=1, max_size=5), max_size=STEPS)


@settings(max_examples=30, deadline=None)
@given(drags)
def test_what_is_taken_back_does_not_depend_on_how_often_it_was_asked_for(
    done: list[list[float]],
) -> None:
    asked, unasked = Presenter(), Presenter()
    for drag in done:
        for rate in drag:
            asked.change(rate)
            asked.history.back(asked.setting)
            unasked.change(rate)
        asked.wait()
        unasked.wait()

    assert [asked.undo() for _ in range(STEPS)] == [unasked.undo() for _ in range(STEPS)]


@settings(max_examples=30, deadline=None)
@given(drags)
def test_undoing_goes_through_every_setting_at_which_the_hand_has_rested(
    done: list[list[float]],
) -> None:
    presenter, rests = Presenter(), [1.0]
    for drag in done:
        for rate in drag:
            if rate != presenter.rps:
                presenter.change(rate)
        presenter.wait()
        if presenter.rps != rests[-1]:
            rests.append(presenter.rps)

    taken = [presenter.undo() for _ in range(STEPS)]

    expected = [*reversed(rests[:-1])][:STEPS]
    assert taken[: len(expected)] == expected


def test_the_oldest_steps_are_forgotten(presenter: Presenter) -> None:
    presenter.change(*range(2, STEPS + 5), every_s=ONE_STEP_S + 0.1)

    taken = [presenter.undo() for _ in range(STEPS + 1)]

    assert taken[:2] == [STEPS + 3, STEPS + 2]
    assert taken.index(None) == STEPS


def test_a_change_right_after_an_undo_is_a_step_of_its_own(presenter: Presenter) -> None:
    presenter.change(2)
    presenter.wait()
    presenter.change(3)
    presenter.undo()
    presenter.change(7)

    assert (presenter.undo(), presenter.undo()) == (2, 1)


def test_a_step_comes_to_rest_once(presenter: Presenter) -> None:
    presenter.change(2, 3)
    assert presenter.history.settled() is None

    presenter.wait()

    assert (presenter.history.settled(), presenter.history.settled()) == (HERE, None)


def test_what_undoing_brings_back_is_told_in_a_few_words(presenter: Presenter) -> None:
    presenter.change(2)

    assert str(presenter.history.back(presenter.setting)) == "1 rps, 40/30/30"
