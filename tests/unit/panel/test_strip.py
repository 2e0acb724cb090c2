"""Where on the strip workers were ordered, ready, and told to go."""

from dataclasses import replace

import pytest

from gtc_panel.strip import StripMark, StripMarks, share_done
from gtc_runtime.view import PhaseView, PoolView
from tests.browser.still_demo import StillDemo


def phase(index, ends_in_s, cycle=1):
    """A phase of two minutes."""
    return PhaseView("BALANCED", "main", index, 120.0 - ends_in_s, ends_in_s, cycle=cycle)


def pools(prefill, decode=(3, 3)):
    """Both pools from pairs of desired and ready."""
    return (PoolView("prefill", *prefill), PoolView("decode", *decode))


@pytest.fixture
def demo():
    return StillDemo()


@pytest.fixture
def marks(demo):
    """The memory of one show, which has seen the calm pools already."""
    memory = StripMarks(demo.environment.table.phases)
    demo.change(pools=pools((2, 2)))
    memory.see(demo.now)
    return memory


def see(demo, marks, at, workers):
    demo.change(phase=at, pools=workers)
    return marks.see(demo.now)


def test_an_order_is_marked_where_the_show_stands(demo, marks):
    assert see(demo, marks, phase(0, 30.0), pools((4, 2))) == (
        StripMark(0, 0.75, "ordered", "prefill"),
    )


def test_a_mark_stays_where_it_was_while_the_show_goes_on(demo, marks):
    first = see(demo, marks, phase(0, 60.0), pools((4, 2)))

    assert see(demo, marks, phase(1, 90.0), pools((4, 3))) == first
    assert see(demo, marks, phase(1, 60.0), pools((4, 4))) == (
        *first,
        StripMark(1, 0.5, "ready", "prefill"),
    )


def test_a_pool_that_shrinks_is_not_marked_as_one_that_grows(demo, marks):
    assert see(demo, marks, phase(0, 60.0), pools((2, 2), (2, 3))) == (
        StripMark(0, 0.5, "fewer", "decode"),
    )
    # the worker that leaves makes nothing ready that was ordered
    assert len(see(demo, marks, phase(0, 50.0), pools((2, 2), (2, 2)))) == 1


def test_a_worker_that_comes_back_by_itself_is_no_order(demo, marks):
    assert see(demo, marks, phase(0, 60.0), pools((2, 1))) == ()
    assert see(demo, marks, phase(0, 50.0), pools((2, 2))) == ()


def test_a_pool_that_is_not_known_for_a_while_makes_no_mark(demo, marks):
    assert see(demo, marks, phase(0, 60.0), pools((None, None))) == ()
    assert see(demo, marks, phase(0, 50.0), pools((2, 2))) == ()


def test_what_happened_before_the_show_is_not_on_its_strip(demo, marks):
    assert see(demo, marks, PhaseView(), pools((3, 3))) == ()
    assert see(demo, marks, phase(0, 120.0), pools((3, 3))) == ()


def test_marks_stay_after_the_end_until_the_next_cycle_begins(demo, marks):
    made = see(demo, marks, phase(3, 30.0), pools((4, 2)))

    assert see(demo, marks, PhaseView(cycle=1), pools((4, 2))) == made
    assert see(demo, marks, phase(0, 110.0), pools((4, 2))) == ()


def test_a_new_cycle_begins_with_an_empty_strip(demo, marks):
    see(demo, marks, phase(0, 30.0), pools((4, 2)))

    assert see(demo, marks, phase(0, 110.0, cycle=2), pools((4, 2))) == ()


def test_a_phase_that_stands_still_keeps_what_is_done(demo):
    planned = next(each for each in demo.environment.table.phases if each.settle)
    length_s = planned.duration_s + planned.settle.duration_s
    held = PhaseView(str(planned.name), "main", 3, planned.duration_s / 2, None)

    assert share_done(held, length_s, planned) == pytest.approx(planned.duration_s / 2 / length_s)
    tail = replace(held, kind="settle", elapsed_s=planned.settle.duration_s)
    assert share_done(tail, length_s, planned) == 1


def test_a_phase_that_was_made_longer_keeps_what_is_done():
    planned = StillDemo().environment.table.phases[0]
    before = PhaseView("BALANCED", "main", 0, 60.0, 60.0)

    assert share_done(before, 120.0, planned) == 0.5
    assert share_done(replace(before, ends_in_s=90.0), 120.0, planned) == pytest.approx(60 / 150)
    longer = [replace(before, elapsed_s=at, ends_in_s=150.0 - at) for at in range(60, 151)]
    shares = [share_done(each, 120.0, planned) for each in longer]
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_a_phase_that_waits_for_workers_moves_on():
    planned = next(each for each in StillDemo().environment.table.phases if each.settle)
    length_s = planned.duration_s + planned.settle.duration_s
    waits = [PhaseView(str(planned.name), "main", 3, at, 300.0 - at) for at in (0.0, 60.0, 200.0)]

    shares = [share_done(each, length_s, planned) for each in waits]
    assert shares == sorted(set(shares))
