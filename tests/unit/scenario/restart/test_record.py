"""Where a show stands, written down and read again by another process at another time."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtc_runtime.scenario import machine, steering
from gtc_runtime.scenario.restart.record import ShowRecord, UnreadableError
from tests.unit.scenario.show import LARGE, RECOVERY_AT, SHOW, STRESS_AT, Show

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def after(state: machine.State, now_s: float, away_s: float, restart_s: float) -> machine.State:
    """The state as another process has it, which read it so much later on its own clock."""
    record = ShowRecord.of("7-1", state, now_s, NOON)
    assert record is not None
    read = ShowRecord.from_json(json.loads(json.dumps(record.to_json())))
    assert read == record
    return read.state(SHOW, restart_s, NOON + timedelta(seconds=away_s))


def test_another_process_finds_the_clock_of_the_phase_where_it_is_now() -> None:
    show = Show().to(20)
    state = after(show.state, show.now_s, away_s=5, restart_s=3.0)

    assert (state.index, state.cycle, state.ordered) == (STRESS_AT, 0, show.state.ordered)
    assert machine.elapsed_s(state, 3.0) == 25
    assert machine.left_s(SHOW, state, 3.0) == machine.left_s(SHOW, show.state, show.now_s) - 5


def test_a_gate_stays_closed_or_open_as_it_was() -> None:
    show = Show().to(65)
    closed = after(show.state, show.now_s, away_s=3, restart_s=0.0)
    assert (closed.index, closed.gate_s) == (RECOVERY_AT, None)

    show.ready = LARGE
    show.to(70)
    opened = after(show.state, show.now_s, away_s=3, restart_s=0.0)
    before = machine.left_s(SHOW, show.state, show.now_s)
    assert machine.left_s(SHOW, opened, 0.0) == pytest.approx(before - 3)


def test_a_show_that_is_held_has_stood_still_meanwhile() -> None:
    show = Show().to(20)
    held = steering.hold(show.state, show.now_s)
    state = after(held, show.now_s + 100, away_s=200, restart_s=9.0)

    assert machine.elapsed_s(state, 9.0) == 20
    assert machine.elapsed_s(steering.release(state, 12.0), 14.0) == 22


def test_what_the_presenter_has_changed_stays_changed() -> None:
    show = Show().to(20)
    longer = steering.extend(SHOW, show.state, show.now_s, 30)
    state = after(longer, show.now_s, away_s=0, restart_s=0.0)

    assert machine.running(SHOW, state) == machine.running(SHOW, longer)


def test_a_gate_that_was_closed_again_and_its_order_keep_their_times() -> None:
    state = replace(Show().to(20).state, closed_s=1015.0, grown_s=1015.0)
    read = after(state, 1020.0, away_s=5, restart_s=3.0)

    assert (read.closed_s, read.grown_s) == (-7.0, -7.0)


def test_an_order_that_was_ahead_of_its_segment_keeps_its_time() -> None:
    state = replace(Show().to(20).state, grown_s=980.0)
    assert after(state, 1020.0, away_s=5, restart_s=3.0).grown_s == -42.0


def test_an_idle_show_has_no_record() -> None:
    assert ShowRecord.of("7-1", machine.IDLE, 5.0, NOON) is None


def record() -> dict[str, object]:
    made = ShowRecord.of("7-1", steering.extend(SHOW, Show().state, 1000, 30), 1000, NOON)
    assert made is not None
    return made.to_json()


nonsense = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just([[1]])


@given(st.dictionaries(st.sampled_from(sorted(record())), nonsense, min_size=1))
def test_whatever_somebody_has_made_of_it_is_read_or_refused(damage: dict[str, object]) -> None:
    try:
        state = ShowRecord.from_json(record() | damage).state(SHOW, 0.0, NOON)
    except UnreadableError:
        return
    assert machine.running(SHOW, state) is not None
    assert machine.load_at(SHOW, state, 1.0) is not None


@pytest.mark.parametrize("key", ["nominal_s", "max_s", "rps", "orders", "gate"])
@given(value=nonsense)
def test_a_damaged_change_is_refused_too(key: str, value: object) -> None:
    found = record()
    changed = found["changed"]
    assert isinstance(changed, dict)
    try:
        state = ShowRecord.from_json(found | {"changed": changed | {key: value}}).state(
            SHOW, 0.0, NOON
        )
    except UnreadableError:
        return
    assert machine.load_at(SHOW, state, 1.0) is not None


@pytest.mark.parametrize("found", [None, [], "x", 5, {}])
def test_something_else_is_no_record(found: object) -> None:
    with pytest.raises(UnreadableError, match="does not say where it stood"):
        ShowRecord.from_json(found)


def test_a_segment_that_the_table_does_not_have_is_refused() -> None:
    with pytest.raises(UnreadableError):
        ShowRecord.from_json(record() | {"segment": 4}).state(SHOW, 0.0, NOON)
