"""Who scales, since when and by whom, on a turned clock."""

from datetime import UTC, datetime

import pytest

from gtc_runtime.actor import Actor
from gtc_runtime.scenario.control_log import TAKES_EFFECT_S, ControlLog, who_scales
from gtc_runtime.told import ControlView
from gtc_runtime.view import KedaState, Mode

PRESENTER = Actor("page", "127.0.0.1")


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def log(clock: Clock) -> ControlLog:
    """KEDA scales, as it did before anybody looked."""
    made = ControlLog(clock)
    made.see("manual", "active")
    return made


@pytest.mark.parametrize(
    ("mode", "keda", "scaler"),
    [
        ("auto", "paused-by-us", "SCENARIO"),
        ("starting", "active", "SCENARIO"),
        ("manual", "active", "KEDA"),
        ("manual", "blind", "KEDA"),
        ("manual", "absent", "HUMAN"),
        ("manual", "paused-by-other", "HUMAN"),
        ("unknown", "unknown", None),
    ],
)
def test_exactly_one_scales_or_it_is_not_known(
    mode: Mode, keda: KedaState, scaler: str | None
) -> None:
    assert who_scales(mode, keda) == scaler


def test_what_was_so_before_anybody_looked_has_no_beginning(log: ControlLog) -> None:
    assert log.see("manual", "active") == ControlView("KEDA")


def test_a_command_is_told_as_the_reason_of_the_change_that_follows(log: ControlLog) -> None:
    log.ordered(PRESENTER)
    seen = log.see("starting", "active")

    assert (seen.scaler, seen.by) == ("SCENARIO", "page 127.0.0.1")
    assert datetime.fromisoformat(seen.since) <= datetime.now(UTC)
    assert log.see("auto", "paused-by-us") == seen


def test_a_change_that_nobody_of_ours_ordered_is_by_nobody(log: ControlLog) -> None:
    log.ordered(PRESENTER)

    seen = log.see("manual", "paused-by-other")

    assert (seen.scaler, seen.by) == ("HUMAN", "")
    assert seen.since


def test_a_command_of_long_ago_is_no_reason(log: ControlLog, clock: Clock) -> None:
    log.ordered(PRESENTER)
    clock.now_s += TAKES_EFFECT_S + 1

    assert log.see("manual", "paused-by-us").by == ""


def test_a_moment_in_which_nothing_is_known_forgets_nothing(log: ControlLog) -> None:
    log.ordered(PRESENTER)
    before = log.see("auto", "paused-by-us")

    assert log.see("manual", "unknown") == ControlView()
    assert log.see("auto", "paused-by-us") == before
