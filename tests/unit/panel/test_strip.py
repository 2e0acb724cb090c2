"""Where on the strip workers were scaled."""

from datetime import timedelta

import pytest

from gtc_panel.strip import StripMark, StripMarks
from gtc_runtime.view import EventView, PhaseView
from tests.browser.still_demo import NOON, StillDemo


def event(seconds, kind):
    return EventView((NOON + timedelta(seconds=seconds)).isoformat(), kind, kind)


def phase(index, ends_in_s, cycle=1):
    return PhaseView("BALANCED", "main", index, 0.0, ends_in_s, cycle=cycle)


@pytest.fixture
def demo():
    return StillDemo()


@pytest.fixture
def marks(demo):
    return StripMarks(demo.environment.table.phases)


def test_an_order_is_marked_where_the_show_stands(demo, marks):
    demo.change(phase=phase(0, 30.0), events=(event(1, "scale"),))

    assert marks.see(demo.now) == (StripMark(0, 0.75, "scale"),)


def test_a_mark_stays_where_it_was_while_the_show_goes_on(demo, marks):
    demo.change(phase=phase(0, 60.0), events=(event(1, "scale"),))
    first = marks.see(demo.now)

    demo.change(phase=phase(1, 60.0), events=(event(1, "scale"), event(9, "ready")))

    assert marks.see(demo.now) == (*first, StripMark(1, 0.5, "ready"))


def test_only_orders_and_readiness_are_marked(demo, marks):
    events = tuple(event(place, kind) for place, kind in enumerate(("phase", "keda", "warning")))
    demo.change(phase=phase(0, 60.0), events=events)

    assert marks.see(demo.now) == ()


def test_what_happened_before_the_show_is_not_on_its_strip(demo, marks):
    demo.change(events=(event(1, "ready"),))
    marks.see(demo.now)

    demo.change(phase=phase(0, 120.0))

    assert marks.see(demo.now) == ()


def test_a_new_cycle_begins_with_an_empty_strip(demo, marks):
    demo.change(phase=phase(0, 30.0), events=(event(1, "scale"),))
    marks.see(demo.now)

    demo.change(phase=phase(0, 110.0, cycle=2))

    assert marks.see(demo.now) == ()
