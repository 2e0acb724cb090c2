"""A panel that comes back: it goes on with the show that it finds, or says why it does not."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gtc_rehearsal.kube_api.resources import LEASE
from gtc_runtime.cluster.state import StateStore
from gtc_runtime.scenario.unattended.safe import SAFE_MODE
from gtc_spec import names
from gtc_spec.pools import PDRatio
from tests.app.conftest import N, NewPanel, Panel, World
from tests.faulty_api.faults import Fault

INITIAL, GROWN = PDRatio(2, 3), PDRatio(4, 3)


async def kill(panel: Panel) -> None:
    """As by kill -9: its load ends, and nothing is written any more; its Lease has lapsed."""
    await panel.end_like_killed()
    await panel.service._load.stop()
    panel.world.store.patch(LEASE, names.LEASE, N, {"spec": {"holderIdentity": ""}})


async def in_recovery(panel: Panel) -> None:
    """Wait until the show is in its second phase and has written that down."""
    await panel.service.auto()
    await panel.until(lambda view: view.phase.name == "PREFILL_RECOVERY")
    await panel.world.until(lambda: stored_show(panel.world).get("segment") == 1)


def stored_show(world: World) -> dict[str, Any]:
    return dict(world.stored().get("show") or {})


def remember(world: World, **changes: Any) -> None:
    world.remember(world.stored() | changes)


async def test_a_show_goes_on_in_its_phase_with_its_load_its_workers_and_its_clock(
    world: World, panel: Panel, new_panel: NewPanel
) -> None:
    await in_recovery(panel)
    run, began_at = stored_show(world)["run"], stored_show(world)["began_at"]
    await kill(panel)

    second = await new_panel()
    view = await second.until(lambda view: view.mode == "auto")

    played_s = (datetime.now(UTC) - datetime.fromisoformat(began_at)).total_seconds()
    assert view.phase.name == "PREFILL_RECOVERY"
    assert view.phase.elapsed_s == pytest.approx(played_s, abs=1.5)
    assert (view.load.running, view.load.rps) == (True, 6)
    assert world.paused()
    assert world.pauser() == view.holder
    await world.until(lambda: world.desired() == GROWN)
    await second.until_told("Prefill recovery; the show goes on after a restart")
    assert view.previous is not None
    assert "went on in Prefill recovery after a restart" in view.previous.text
    await world.until(lambda: stored_show(world).get("run") == run)
    await second.until(lambda view: view.phase.name == "COOLDOWN")


async def test_what_was_done_already_is_not_done_again(
    world: World, panel: Panel, new_panel: NewPanel
) -> None:
    await in_recovery(panel)
    await world.until(lambda: world.desired() == GROWN)
    await kill(panel)
    written = len(scales(world))

    second = await new_panel()
    await second.until_mode("auto")
    await asyncio.sleep(0.5)

    assert scales(world)[written:] == []
    assert not any("Ordered" in told for told in second.told)


def scales(world: World) -> list[Any]:
    return [path for method, path in world.api.log if method == "PATCH" and path.endswith("/scale")]


async def test_of_an_interrupted_cycle_nothing_is_claimed_that_was_not_seen_whole(
    world: World, panel: Panel, new_panel: NewPanel
) -> None:
    await panel.service.auto(once=True)
    await panel.until(lambda view: view.phase.name == "PREFILL_RECOVERY")
    await world.until(lambda: stored_show(world).get("segment") == 1)
    await kill(panel)

    second = await new_panel()
    await second.until_mode("auto")
    report = await asyncio.wait_for(second.service.cycle_report(), 40)

    assert report["interrupted"] == "PREFILL_RECOVERY"
    marked = {phase["name"]: phase.get("interrupted", False) for phase in report["phases"]}
    assert marked == {"PREFILL_RECOVERY": True, "COOLDOWN": False}
    assert second.view.claims == ()
    assert second.view.mode == "manual"
    assert not world.paused()


Change = Callable[[World], None]
LEFT: dict[str, Change] = {
    "played by other facts": lambda world: remember(world, digest="000000000000"),
    "1P:3D is ordered": lambda world: world.scale(PDRatio(1, 3)),
    "the stored state is 20 min": lambda world: remember(
        world, saved_at=(datetime.now(UTC) - timedelta(minutes=20)).isoformat()
    ),
    "its phase ended": lambda world: remember(
        world,
        show=stored_show(world)
        | {"began_at": (datetime.now(UTC) - timedelta(minutes=5)).isoformat()},
    ),
}


@pytest.mark.parametrize("reason", LEFT)
async def test_a_show_that_may_not_go_on_ends_in_manual_mode_and_says_why(
    reason: str, world: World, panel: Panel, new_panel: NewPanel
) -> None:
    await in_recovery(panel)
    await kill(panel)
    LEFT[reason](world)

    second = await new_panel()
    await second.until_mode("manual")

    assert reason in await second.until_told("found auto mode in Prefill recovery")
    assert second.view.previous is not None
    assert reason in second.view.previous.text
    assert not second.view.load.running
    assert not world.paused()
    assert world.desired() == INITIAL

    await second.service.start_load()
    assert second.view.previous is None


async def test_a_foreign_pause_keeps_the_show_from_going_on_and_stays(
    world: World, panel: Panel, new_panel: NewPanel
) -> None:
    await in_recovery(panel)
    await kill(panel)
    world.annotate({names.ANNOTATION_PAUSED_BY: None})

    second = await new_panel()
    await second.until_mode("manual")

    await second.until_told("paused by somebody else")
    assert world.paused()


async def test_the_safe_state_is_the_end_of_the_show(
    world: World, panel: Panel, new_panel: NewPanel
) -> None:
    await in_recovery(panel)
    await kill(panel)
    remember(world, mode=SAFE_MODE)

    second = await new_panel()
    await second.until_mode("manual")

    assert not world.paused()


async def test_a_panel_that_ended_in_order_leaves_no_show_to_go_on_with(
    world: World, panel: Panel, new_panel: NewPanel
) -> None:
    await in_recovery(panel)
    await panel.service.stop()

    assert (world.stored()["mode"], world.stored()["show"]) == ("manual", None)
    second = await new_panel()
    await second.until_mode("manual")


async def test_a_show_that_was_taken_from_its_panel_goes_on_there_when_the_taker_is_gone(
    world: World, panel: Panel
) -> None:
    """As after a time in which this panel alone was cut off from Kubernetes."""
    await in_recovery(panel)
    world.hold_lease("panel@elsewhere/1/1/abc123")
    await panel.until_mode("read-only")
    assert not panel.view.load.running

    world.store.patch(LEASE, names.LEASE, N, {"spec": {"holderIdentity": ""}})

    await panel.until_mode("auto")
    assert panel.view.phase.name == "PREFILL_RECOVERY"


async def test_the_show_does_not_wait_for_its_record(
    world: World, panel: Panel, monkeypatch: pytest.MonkeyPatch
) -> None:
    await panel.service.auto()

    async def silent(*_: Any) -> Any:
        await asyncio.sleep(60)

    monkeypatch.setattr(StateStore, "update", silent)
    await panel.until(lambda view: view.phase.name == "PREFILL_RECOVERY", within_s=4.5)
    assert panel.view.load.rps == 6


Act = Callable[[Panel], Awaitable[None]]
ACTS: dict[str, Act] = {
    "hold": lambda panel: panel.service.hold(True),
    "extend": lambda panel: panel.service.extend(),
}


@pytest.mark.parametrize("act", ACTS)
async def test_what_the_presenter_did_to_the_phase_is_still_so_after_a_restart(
    act: str, world: World, panel: Panel, new_panel: NewPanel
) -> None:
    await in_recovery(panel)
    before = stored_show(world)
    await ACTS[act](panel)
    await world.until(lambda: stored_show(world) not in ({}, before))
    await kill(panel)

    second = await new_panel()
    view = await second.until(lambda view: view.mode == "auto")

    if act == "hold":
        assert view.control.holding
    else:
        assert (view.phase.ends_in_s or 0) > 25


async def test_a_show_goes_on_although_the_first_try_to_take_keda_fails(
    world: World, panel: Panel, new_panel: NewPanel
) -> None:
    await in_recovery(panel)
    await kill(panel)
    world.annotate({names.ANNOTATION_PAUSED: None, names.ANNOTATION_PAUSED_BY: None})
    refused = world.api.faults.add(Fault("PATCH", "scaledobjects", 503, times=-1))

    second = await new_panel()
    await second.until_told("kubernetes answered 503 to patch")
    refused.times = 0

    await second.until_mode("auto")
    assert world.paused()


async def test_a_take_that_fails_for_good_leaves_no_pause_of_ours(
    world: World, panel: Panel, new_panel: NewPanel
) -> None:
    await in_recovery(panel)
    await kill(panel)
    world.annotate({names.ANNOTATION_PAUSED: None, names.ANNOTATION_PAUSED_BY: None})
    world.api.faults.add(Fault("PATCH", "decode-scaler", 403, latency_s=0.4))
    roll_back = world.api.faults.add(Fault("PATCH", "prefill-scaler", 403, times=0))

    starting = asyncio.create_task(new_panel())
    await world.until(lambda: bool(world.pauser("prefill")))
    roll_back.times = 1
    second = await starting
    await second.until_mode("manual")

    assert "KEDA is resumed now" in await second.until_told("found auto mode")
    assert not world.paused()
