"""A show goes on after a restart only where nothing has changed that it stands on."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gtc_runtime.cluster.keda_status import KedaStatus, ScalerState
from gtc_runtime.scenario import machine, steering
from gtc_runtime.scenario.restart.continuing import Found, GoesOn, continued
from gtc_runtime.scenario.restart.record import ShowRecord
from gtc_spec.pools import PDRatio
from tests.unit.scenario.show import LARGE, SHOW, SMALL, STRESS_AT, Show

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
OURS = ScalerState(present=True, pause="autoscaling.keda.sh/paused: true", owner="panel@a/b/1/2/c")
THEIRS = ScalerState(present=True, pause="autoscaling.keda.sh/paused: true")
HELD = replace(OURS, until=NOON + timedelta(hours=1))
FREE = ScalerState(present=True, hpa_present=True)


def found(state: machine.State, now_s: float, **changes: Any) -> Found:
    """What a panel finds four seconds after the last step of a show."""
    record = ShowRecord.of("7-1", state, now_s, NOON)
    document = {
        "mode": "auto",
        "phase": "PREFILL_STRESS",
        "show": None if record is None else record.to_json(),
        "digest": "abc",
        "holder": "panel@a/b/1/2/c",
        "saved_at": NOON.isoformat(),
    }
    made = Found(document, "abc", SMALL, both(OURS), NOON + timedelta(seconds=4))
    documented = {key: value for key, value in changes.items() if key in document}
    rest = {key: value for key, value in changes.items() if key not in document}
    return replace(made, **{"document": document | documented} | rest)


def both(scaler: ScalerState) -> KedaStatus:
    return KedaStatus({"prefill": scaler, "decode": scaler})


def why(found: Found) -> str:
    answer = continued(SHOW, found, 50.0)
    return "" if isinstance(answer, GoesOn) else answer


def test_a_show_goes_on_where_it_would_be_by_now() -> None:
    show = Show().to(20)
    answer = continued(SHOW, found(show.state, show.now_s), 50.0)

    assert isinstance(answer, GoesOn)
    assert answer.run == "7-1"
    assert machine.elapsed_s(answer.state, 50.0) == 24
    assert answer.state.index == STRESS_AT


@pytest.mark.parametrize("keda", [OURS, FREE, ScalerState(present=False)])
def test_it_goes_on_whether_or_not_somebody_has_resumed_keda_meanwhile(keda: ScalerState) -> None:
    assert why(found(Show().to(20).state, 1020, keda=both(keda))) == ""


CHANGED = {
    "it had not begun": {"mode": "starting"},
    "it was ending": {"mode": "stopping"},
    "its panel had ended in order": {"ended": frozenset({"panel@a/b/1/2/c"})},
    "it was played by other facts, digest xyz and not abc": {"digest": "xyz"},
    "the stored state does not say where it stood": {"show": {"run": "7-1"}},
    "the clock was set back meanwhile": {"now": NOON - timedelta(seconds=6)},
    "its phase ended 31 s ago": {"now": NOON + timedelta(seconds=40 + 31)},
    "KEDA is paused by somebody else: gtc-demo-prefill": {"keda": both(THEIRS)},
    "the fallback state holds": {"keda": both(HELD)},
    "a scaling adapter is missing": {"desired": None},
    "5P:3D is ordered and not 4P:3D": {"desired": PDRatio(5, 3)},
}


@pytest.mark.parametrize("reason", CHANGED)
def test_what_is_not_as_it_was_left_is_the_reason_to_stay_manual(reason: str) -> None:
    assert why(found(Show().to(20).state, 1020, **CHANGED[reason])).startswith(reason)


def test_a_phase_that_is_just_over_is_followed_by_the_next_and_only_that() -> None:
    show = Show().to(20)
    answer = continued(SHOW, found(show.state, 1020, now=NOON + timedelta(seconds=70)), 500.0)
    assert isinstance(answer, GoesOn)

    state, actions = machine.step(SHOW, answer.state, machine.Observation(500, SMALL, 0))
    entered = [each.index for each in actions if isinstance(each, machine.Entered)]
    assert entered == [STRESS_AT + 1]
    assert machine.step(SHOW, state, machine.Observation(501, SMALL, 0))[0].index == state.index


def test_a_show_that_is_held_goes_on_held_but_not_for_ever() -> None:
    held = steering.hold(Show().to(20).state, 1020)
    later = found(held, 1020, now=NOON + timedelta(seconds=50))
    answer = continued(SHOW, later, 50.0)
    assert isinstance(answer, GoesOn)
    assert answer.state.held_s is not None

    old = found(held, 1020, now=NOON + timedelta(minutes=14))
    assert why(old) == "the stored state is 14 min old, allowed: 50 s"

    stamped = NOON + timedelta(minutes=14)
    alive = found(held, 1020, now=stamped + timedelta(seconds=2), saved_at=stamped.isoformat())
    assert why(alive) == ""


@pytest.mark.parametrize("desired", [SMALL, LARGE])
def test_an_order_that_was_on_its_way_when_the_panel_died_is_no_hindrance(desired: PDRatio) -> None:
    show = Show().to(12)  # 4P:3D was ordered 50 s ahead of the recovery
    assert show.state.ordered == LARGE
    assert why(found(show.state, show.now_s, desired=desired)) == ""


def test_a_state_of_an_earlier_version_reads_as_one_that_cannot_go_on() -> None:
    state = found(Show().state, 1000)
    document = {key: value for key, value in state.document.items() if key != "show"}
    assert why(replace(state, document=document)) == "the stored state does not say where it stood"
