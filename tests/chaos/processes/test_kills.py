"""What counts as well after the death of a panel: no pause without a live holder, and its table."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gtc_rehearsal.kube_api.resources import LEASE
from gtc_spec import names
from gtc_spec.pools import PDRatio
from tests.app.conftest import N, World, short_show
from tests.chaos.processes.cases import STEPS, Case, cases
from tests.chaos.processes.kills import _Signs

RESTARTED = Case(0, 1, "SIGKILL", after=False, restart=True)
GUARDED = Case(0, 1, "SIGKILL", after=False, restart=False)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    made = World(short_show(), tmp_path)
    await made.start()
    yield made
    await made.stop()


def renew(world: World, holder: str) -> None:
    spec = {"holderIdentity": holder, "renewTime": "2026-03-17T12:00:00.000000Z"}
    world.store.patch(LEASE, names.LEASE, N, {"spec": spec})


def pause(world: World, holder: str) -> None:
    world.annotate({names.ANNOTATION_PAUSED: "true", names.ANNOTATION_PAUSED_BY: holder})


async def test_a_pause_whose_holder_shows_no_sign_of_life_is_not_well(world: World) -> None:
    pause(world, "panel-1")
    world.hold_lease("panel-1")
    signs = _Signs(world)
    assert not signs.all_well(RESTARTED)
    assert not signs.all_well(GUARDED)
    renew(world, "panel-1")
    assert signs.all_well(RESTARTED)
    assert not signs.all_well(GUARDED)


async def test_a_pause_of_somebody_who_does_not_hold_the_lease_is_not_well(world: World) -> None:
    pause(world, "panel-1")
    signs = _Signs(world)
    renew(world, "panel-2")
    assert not signs.all_well(RESTARTED)


async def test_replicas_that_are_in_no_table_are_not_well_while_keda_is_paused(
    world: World,
) -> None:
    pause(world, "panel-1")
    signs = _Signs(world)
    renew(world, "panel-1")
    world.scale(PDRatio(1, 1))
    assert not signs.all_well(RESTARTED)
    world.scale(PDRatio(2, 3))
    assert signs.all_well(RESTARTED)


def test_cases_go_over_all_steps_in_every_way() -> None:
    found = cases(60)
    assert [case.step for case in found] == sorted(case.step for case in found)
    assert {case.step for case in found} == set(range(1, STEPS + 1))
    assert len({(case.signal, case.after, case.restart) for case in found}) == 8
    assert len({(case.signal, case.restart) for case in cases(4, 12)}) == 4
