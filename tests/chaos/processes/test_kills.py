"""What counts as well after the death of a panel: no pause without a live holder, and its table."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gtc_spec import names
from gtc_spec.pools import PDRatio
from tests.app.conftest import World, short_show
from tests.chaos.processes.cases import STEPS, Case, cases
from tests.chaos.processes.outcome import Outcome
from tests.chaos.processes.signs import Settled, Signs, waited_s

DEAD, NEW = "panel@host/1-1/1/10/a", "panel@host/1-1/2/20/b"
RESTARTED = Case(0, 1, "SIGKILL", after=False, restart=True)
GUARDED = Case(0, 1, "SIGKILL", after=False, restart=False)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    made = World(short_show(), tmp_path)
    await made.start()
    yield made
    await made.stop()


def pause(world: World, holder: str) -> None:
    world.annotate({names.ANNOTATION_PAUSED: "true", names.ANNOTATION_PAUSED_BY: holder})


async def test_a_pause_of_a_panel_that_died_is_not_well_whatever_of_it_still_arrives(
    world: World,
) -> None:
    signs = Signs(world, pid=2)
    pause(world, DEAD)
    world.hold_lease(DEAD)
    assert not signs.all_well(RESTARTED)
    assert not signs.all_well(GUARDED)


async def test_a_pause_is_well_when_who_set_it_leads_again(world: World) -> None:
    signs = Signs(world, pid=2)
    pause(world, DEAD)
    world.hold_lease(NEW)
    assert not signs.all_well(RESTARTED)
    pause(world, NEW)
    assert signs.all_well(RESTARTED)
    assert not signs.all_well(GUARDED)


async def test_replicas_that_are_in_no_table_are_not_well_while_keda_is_paused(
    world: World,
) -> None:
    pause(world, NEW)
    world.hold_lease(NEW)
    signs = Signs(world, pid=2)
    world.scale(PDRatio(1, 1))
    assert not signs.all_well(RESTARTED)
    world.scale(PDRatio(2, 3))
    assert signs.all_well(RESTARTED)


async def test_without_a_pause_a_panel_that_was_started_again_has_to_lead(world: World) -> None:
    signs = Signs(world, pid=2)
    world.hold_lease(DEAD)
    assert signs.all_well(GUARDED)
    assert not signs.all_well(RESTARTED)
    world.hold_lease(NEW)
    assert signs.all_well(RESTARTED)


def test_cases_go_over_all_steps_with_both_signals_in_every_way() -> None:
    found = [case for case in cases(60) if not case.goes_on]
    assert [case.step for case in found] == sorted(case.step for case in found)
    both = {(step, signal) for step in range(1, STEPS + 1) for signal in ("SIGKILL", "SIGTERM")}
    assert {(case.step, case.signal) for case in found} == both
    assert len({(case.signal, case.after, case.restart) for case in found}) == 8


def test_a_show_has_to_go_on_only_where_a_killed_panel_is_started_again() -> None:
    found = [case for case in cases(60) if case.goes_on]
    assert len(found) == 4
    assert all(case.signal == "SIGKILL" and case.restart for case in found)


def test_a_slice_has_each_signal_with_and_without_a_restart() -> None:
    assert len({(case.signal, case.restart) for case in cases(4, 8)}) == 4
    assert not any(case.goes_on for case in cases(4, 8))


def test_what_a_process_waits_for_a_core_is_known_while_it_is_there() -> None:
    waited = waited_s(os.getpid())
    assert waited is not None
    assert waited >= 0
    assert waited_s(2**22) is None  # above the highest process id there is


def test_only_what_the_machine_kept_a_panel_waiting_may_exceed_a_limit() -> None:
    busy = Outcome(RESTARTED, settled=Settled("KEDA scales", 45.0, waited_s=40.0), ended=-9)
    slow = Outcome(RESTARTED, settled=Settled("KEDA scales", 45.0, waited_s=20.0), ended=-9)
    never = Outcome(GUARDED, ended=-9)
    for outcome in (busy, slow, never):
        outcome.judge(log="")
    assert not busy.wrong
    assert slow.wrong
    assert never.wrong


def test_a_traceback_is_wrong_however_well_it_ends() -> None:
    outcome = Outcome(RESTARTED, settled=Settled("KEDA scales", 1.0, waited_s=0.0), ended=-9)
    outcome.judge(log="Traceback (most recent call last):")
    assert outcome.wrong


def test_a_show_has_to_go_on_when_its_panel_is_back_before_the_guardian_may_act() -> None:
    case = Case(0, 6, "SIGKILL", after=True, restart=True, goes_on=True)
    first = Outcome(case, settled=Settled("KEDA scales", 10.0, waited_s=0.0), ended=-9)
    late = Outcome(case, settled=Settled("KEDA scales", 17.0, waited_s=0.0), ended=-9)
    for outcome in (first, late):
        outcome.judge(log="")
    assert first.wrong
    assert not late.wrong
