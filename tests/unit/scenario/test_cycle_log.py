"""Where phases and workers of a cycle lie."""

import pytest

from gtc_runtime.scenario.cycle_log import TAIL_S, CycleLog
from gtc_spec.pools import PDRatio
from tests.unit.scenario.show import COOLDOWN_AT, RECOVERY_AT, SETTLE_AT, SHOW, STRESS_AT

SMALL, LARGE = PDRatio(2, 3), PDRatio(4, 3)


@pytest.fixture
def log() -> CycleLog:
    """STRESS 100-160, RECOVERY 160-230 with its settle tail to 250, COOLDOWN 250-280."""
    log = CycleLog()
    segments = SHOW.segments
    for at, index in ((100, STRESS_AT), (160, RECOVERY_AT), (230, SETTLE_AT), (250, COOLDOWN_AT)):
        log.enter(segments[index], at)
    log.close(280)
    return log


def test_a_phase_ends_where_the_next_one_begins(log: CycleLog) -> None:
    stress, recovery, cooldown = log.spans

    assert (stress.start_s, stress.main_end_s, stress.end_s) == (100, 160, 160)
    assert (cooldown.start_s, cooldown.main_end_s, cooldown.end_s) == (250, 280, 280)
    assert recovery.segment.phase.name == "PREFILL_RECOVERY"


def test_a_settle_tail_belongs_to_the_phase_before_it(log: CycleLog) -> None:
    recovery = log.spans[1]

    assert (recovery.start_s, recovery.main_end_s, recovery.end_s) == (160, 230, 250)


def test_recovery_is_judged_over_the_last_half_minute_before_the_settle_tail(
    log: CycleLog,
) -> None:
    assert TAIL_S == 30
    assert log.spans[1].tail == (200, 230)


def test_the_tail_of_a_short_phase_is_the_whole_phase() -> None:
    log = CycleLog()
    log.enter(SHOW.segments[STRESS_AT], 100)
    log.close(112)

    assert log.spans[0].tail == (100, 112)


def test_a_cycle_that_has_not_begun_has_no_phases() -> None:
    log = CycleLog()

    log.close(5)

    assert log.spans == []


def test_workers_are_listed_as_they_changed_from_what_was_there_when_the_phase_began(
    log: CycleLog,
) -> None:
    log.pools(90, SMALL, SMALL)
    log.pools(120, LARGE, SMALL)
    log.pools(170, LARGE, LARGE)
    log.pools(231, SMALL, SMALL)

    assert log.workers(log.spans[0])["prefill"] == {"desired": [2, 4], "ready": [2]}
    assert log.workers(log.spans[1])["prefill"] == {"desired": [4, 2], "ready": [2, 4, 2]}
    assert log.workers(log.spans[2])["decode"] == {"desired": [3], "ready": [3]}


def test_workers_nobody_could_count_are_left_out_and_not_zero(log: CycleLog) -> None:
    log.pools(100, SMALL, None)
    log.pools(101, SMALL, SMALL)

    assert log.workers(log.spans[0])["prefill"]["ready"] == [2]


def test_a_repeat_of_the_last_sight_adds_nothing(log: CycleLog) -> None:
    for second in range(100, 160):
        log.pools(second, SMALL, SMALL)

    assert log.workers(log.spans[0])["decode"] == {"desired": [3], "ready": [3]}


def test_a_pool_has_grown_when_it_first_has_the_wanted_workers_ready(log: CycleLog) -> None:
    for at, ready in ((90, 2), (150, 3), (158, 4), (165, 3), (170, 4)):
        log.pools(at, LARGE, PDRatio(ready, 3))

    assert log.grown("prefill", 4, 100, 230) == (158, 2)
    assert log.grown("prefill", 4, 100, 158) is None
    assert log.grown("prefill", 4, 160, 230) is None
    assert log.grown("decode", 3, 100, 230) is None


def test_without_a_look_before_a_pool_has_grown_from_what_was_seen_first(log: CycleLog) -> None:
    assert log.grown("prefill", 4, 100, 230) is None

    log.pools(120, LARGE, SMALL)
    log.pools(158, LARGE, LARGE)

    assert log.grown("prefill", 4, 100, 230) == (158, 2)


def test_a_phase_that_runs_is_measured_so_far(log: CycleLog) -> None:
    log.enter(SHOW.segments[STRESS_AT], 300)
    running = log.spans[-1]

    assert not running.measured
    assert (running.so_far(340).main_end_s, running.so_far(340).tail) == (340, (310, 340))
    assert log.spans[0].so_far(340) is log.spans[0]
