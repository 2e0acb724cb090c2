"""Which marks successive views make."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from gtc_runtime.metrics.marks import MarkFinder
from gtc_runtime.view import EventView, PhaseView, PoolView
from tests.unit.metrics.test_exporter import VIEW

START = datetime.fromisoformat(VIEW.at)
START_MS = round(START.timestamp() * 1000)


def after(seconds, **fields):
    return replace(VIEW, at=(START + timedelta(seconds=seconds)).isoformat(), **fields)


def pools(prefill, decode, *, ready=None):
    return (
        PoolView("prefill", prefill, prefill if ready is None else ready),
        PoolView("decode", decode, decode),
    )


def phase(name, index, elapsed_s=0.0, kind="main", cycle=1):
    return PhaseView(name, kind, index, elapsed_s, 60.0, cycle=cycle)


@pytest.fixture
def finder():
    made = MarkFinder()
    made.see(after(0, phase=PhaseView(), pools=pools(2, 3)))
    return made


def test_the_first_view_is_where_things_stand_and_no_change():
    assert MarkFinder().see(after(0, phase=PhaseView(), pools=pools(2, 3))) == []


def test_an_order_and_readiness_are_marked_when_they_are_seen(finder):
    ordered = finder.see(after(1, phase=PhaseView(), pools=pools(4, 3, ready=2)))
    ready = finder.see(after(60, phase=PhaseView(), pools=pools(4, 3)))

    assert [(mark.at_ms - START_MS, mark.text) for mark in ordered + ready] == [
        (1000, "2P:3D → 4P:3D ordered"),
        (60_000, "2P:3D → 4P:3D ready"),
    ]
    assert ordered[0].tags == ("gtc-demo", "prod", "scale", "auto")


def test_nothing_new_makes_no_mark(finder):
    view = after(1, phase=PhaseView(), pools=pools(2, 3))

    assert finder.see(view) == []


def test_a_cluster_that_is_not_known_for_a_while_makes_no_mark(finder):
    unknown = (PoolView("prefill"), PoolView("decode"))

    assert finder.see(after(1, phase=PhaseView(), pools=unknown)) == []
    assert finder.see(after(2, phase=PhaseView(), pools=pools(2, 3))) == []


def test_a_phase_begins_when_it_was_entered_and_not_when_it_was_seen(finder):
    (mark,) = finder.see(after(10, phase=phase("KV_CACHE_DEMO", 1, 0.4), pools=pools(2, 3)))

    assert (mark.text, mark.at_ms, mark.end_ms) == ("KV cache demo", START_MS + 9600, None)


def test_a_phase_ends_where_the_next_begins(finder):
    (first,) = finder.see(after(0, phase=phase("PREFILL_RECOVERY", 3), pools=pools(2, 3)))

    ended, second = finder.see(
        after(90, phase=phase("PREFILL_RECOVERY", 4, 0.0, "settle"), pools=pools(2, 3))
    )

    assert ended is first
    assert ended.end_ms == second.at_ms == START_MS + 90_000
    assert second.text == "Prefill recovery, settling"


def test_the_last_phase_ends_with_the_show(finder):
    (only,) = finder.see(after(0, phase=phase("COOLDOWN", 9), pools=pools(2, 3)))

    (ended,) = finder.see(after(30, phase=PhaseView(cycle=1), pools=pools(2, 3)))

    assert ended is only
    assert ended.end_ms == START_MS + 30_000


def test_a_command_is_marked_once_with_its_giver(finder):
    """What nobody ordered is a mark of its own kind, or none."""
    at = (START + timedelta(seconds=1)).isoformat()
    stopped = EventView(at, "load", "load stopped", "gtc 127.0.0.1")
    events = (EventView(at, "keda", "KEDA resumed"), stopped)

    (mark,) = finder.see(after(2, phase=PhaseView(), pools=pools(2, 3), events=events))

    assert (mark.at_ms - START_MS, mark.text) == (1000, "load stopped, gtc 127.0.0.1")
    assert mark.tags == ("gtc-demo", "prod", "command", "load")
    assert finder.see(after(3, phase=PhaseView(), pools=pools(2, 3), events=events)) == []


def test_commands_from_before_a_restart_are_not_marked_again():
    """What the guardian did meanwhile is told last, with an older time."""
    early, late = ((START + timedelta(seconds=s)).isoformat() for s in (-90, -60))
    restored = EventView(late, "load", "load stopped", "page 10.0.0.7")
    earlier = EventView(early, "keda", "earlier: KEDA resumed")
    finder = MarkFinder()
    finder.see(after(0, phase=PhaseView(), pools=pools(2, 3), events=(restored, earlier)))
    pressed = EventView((START + timedelta(seconds=2)).isoformat(), "load", "load set", "api")
    seen = [
        finder.see(after(n, phase=PhaseView(), pools=pools(2, 3), events=events))
        for n, events in (
            (1, (restored, earlier)),
            (2, (restored, earlier, pressed)),
            (3, (restored, earlier, pressed, earlier)),
        )
    ]

    assert [[mark.text for mark in marks] for marks in seen] == [[], ["load set, api"], []]


def test_a_panel_that_only_shows_marks_nothing(finder):
    assert finder.see(after(1, mode="read-only", pools=pools(4, 3))) == []
