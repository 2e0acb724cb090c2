"""One key to the safe state, from wherever the demo stands."""

import asyncio

import pytest

from gtc_rehearsal.kube_api.resources import HPA
from gtc_spec import names
from tests.app.conftest import N, NewPanel, Panel, World
from tests.app.test_api import serving
from tests.faulty_api.faults import Fault


def is_safe(world: World) -> bool:
    at_rest = world.desired() == world.environment.initial_ratio
    return at_rest and not world.paused() and len(world.hpas()) == 2


def patches(world: World, what: str) -> list[str]:
    """Paths of all writes of a kind so far."""
    return [path for method, path in world.api.log if method == "PATCH" and what in path]


async def test_in_auto_mode_load_ratio_and_keda_are_put_right(world: World, panel: Panel) -> None:
    await panel.service.auto()
    await panel.until(lambda view: (view.load.in_flight or 0) > 0)

    report = await panel.service.safe()

    assert report.failed == ()
    assert report.done[:2] == ("load off, open streams ended", "auto mode left")
    assert is_safe(world)
    view = await panel.until(lambda view: view.load.in_flight == 0)
    assert (view.mode, view.load.running) == ("manual", False)
    assert view.control.resume_s is None
    assert any(told.startswith("safe state: done: load off") for told in panel.told)


async def test_load_by_hand_and_more_workers_are_put_right(world: World, panel: Panel) -> None:
    await panel.service.start_load()
    world.scale(world.environment.full_ratio)

    report = await panel.service.safe()

    assert report.failed == ()
    assert "manual mode" in report.already
    assert is_safe(world)


async def test_when_everything_is_safe_it_says_so_and_writes_no_scale(
    world: World, panel: Panel
) -> None:
    await panel.until(lambda view: view.load.in_flight == 0)
    before = len([path for _, path in world.api.log if "scaledobjects" in path and "PATCH" in _])

    report = await panel.service.safe()

    assert report.was_safe
    assert report.lines[0] == "everything was safe already"
    assert set(report.already) >= {"load off", "manual mode", "keda scales"}
    after = len([path for _, path in world.api.log if "scaledobjects" in path and "PATCH" in _])
    assert after == before


async def test_a_blind_keda_that_scales_is_safe_already(world: World, panel: Panel) -> None:
    world.keda_is_blind = True
    await panel.until(lambda view: view.keda == "blind")
    before = len(patches(world, "scale"))

    report = await panel.service.safe()

    assert set(report.already) >= {"load off", "manual mode", "keda scales"}
    assert (report.done, report.failed) == ((), ())
    assert len(patches(world, "scale")) == before


async def test_a_blind_keda_is_paused_before_the_ratio_is_ordered(
    world: World, panel: Panel
) -> None:
    world.keda_is_blind = True
    await panel.until(lambda view: view.keda == "blind")
    world.scale(world.environment.full_ratio)
    before = len(patches(world, "scale"))

    report = await panel.service.safe()

    assert report.failed == ()
    asked = patches(world, "scale")[before:]
    assert "scaledobjects" in asked[0]  # its HPA would put its own number back
    assert any("/scale" in path for path in asked)
    assert is_safe(world)


async def test_a_keda_that_has_no_hpa_is_not_said_to_scale(
    world: World, panel: Panel, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = panel.service._cluster
    assert cluster
    monkeypatch.setattr(cluster.writer.keda, "_hpa_deadline_s", 0.5)
    assert world.keda_task
    world.keda_task.cancel()
    for name in list(world.hpas()):
        world.store.delete(HPA, name, N)

    report = await panel.service.safe()

    assert "keda scales" not in report.already
    (failed,) = report.failed
    assert failed.startswith("keda is not resumed yet: hpa")


async def test_a_pause_by_somebody_else_is_named_and_left(world: World, panel: Panel) -> None:
    world.annotate({names.ANNOTATION_PAUSED: "true"})

    report = await panel.service.safe()

    assert report.failed == ()
    assert "paused by somebody else" in report.left[0]
    assert world.paused()


async def test_a_panel_without_the_lease_takes_it_by_force(
    world: World, panel: Panel, new_panel: NewPanel
) -> None:
    await panel.service.auto()
    second = await new_panel()
    await second.until_mode("read-only")

    report = await second.service.safe()

    assert report.failed == ()
    assert "load asked to stop" in report.done
    await world.until(lambda: is_safe(world), 40)
    await panel.until(lambda view: not view.load.running)
    modes = {panel.view.mode, second.view.mode}
    assert "auto" not in modes


async def test_without_a_cluster_the_load_is_off_and_the_rest_is_told(
    world: World, panel: Panel
) -> None:
    await panel.service.start_load()
    world.api.faults.add(Fault(status=503, times=-1))

    report = await panel.service.safe()

    assert not panel.view.load.running
    assert report.done == ("load off, open streams ended",)
    ratio, keda = report.failed
    assert ratio.startswith("ratio 2P:3D ordered: ")
    assert keda.startswith("keda is not resumed yet: ")


async def test_whoever_asks_meanwhile_gets_the_same_report(panel: Panel) -> None:
    await panel.service.start_load()

    first, second = await asyncio.gather(panel.service.safe(), panel.service.safe())

    assert first is second


@pytest.mark.parametrize("times", [2])
async def test_over_rest_it_answers_with_what_came_of_each_step(panel: Panel, times: int) -> None:
    async with serving(panel) as client:
        for _ in range(times):
            status, told = await client.post("/api/safe")
            assert status == 200
            assert set(told) == {"done", "failed", "already", "left"}
        assert told["done"] == []


async def test_ordered_while_the_cluster_is_away_it_stays_and_is_finished_when_it_is_back(
    world: World, panel: Panel
) -> None:
    await panel.service.auto()
    await panel.until(lambda view: (view.load.in_flight or 0) > 0)
    outage = world.api.faults.add(Fault(status=503, times=-1))
    lease = panel.service._cluster.writer.lease
    await world.until(lambda: not lease.held)

    report = await panel.service.safe()

    assert any(line.startswith("auto mode left: ") for line in report.failed)
    await asyncio.sleep(3)
    assert (panel.view.mode, panel.view.load.running) == ("manual", False)
    outage.times = 0
    await world.until(lambda: not world.paused() and len(world.hpas()) == 2, 15)
    assert (panel.view.mode, panel.view.load.running) == ("manual", False)
