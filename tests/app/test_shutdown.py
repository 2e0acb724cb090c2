"""The way out: one deadline for all of it, whatever is under way and whatever does not answer."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import signal
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from gtc_runtime.recording.folder import recordings
from gtc_runtime.service import DemoService
from gtc_runtime.settings import Settings
from gtc_spec.pools import PDRatio
from gtc_spec.workloads import WorkloadMix
from tests.app.conftest import NewPanel, Panel, World
from tests.faulty_api.faults import Fault

INITIAL, GROWN = PDRatio(2, 3), PDRatio(4, 3)
TOLD_S = 20.0


async def stopped(panel: Panel) -> float:
    """End a panel; how long that took."""
    began = time.monotonic()
    await panel.service.stop()
    return time.monotonic() - began


async def auto(panel: Panel) -> None:
    await panel.service.auto()


async def grown(panel: Panel) -> None:
    await panel.service.auto()
    await panel.world.until(lambda: panel.world.desired() == GROWN)


async def load_by_hand(panel: Panel) -> None:
    await panel.service.set_load(5.0, WorkloadMix(0, 0, 100))
    await panel.service.start_load()
    await panel.until(lambda view: view.workloads["all"].ok > 0)


async def pausing(panel: Panel) -> None:
    panel.begun = asyncio.ensure_future(panel.service.auto())  # type: ignore[attr-defined]
    await panel.world.until(panel.world.paused)


async def resuming(panel: Panel) -> None:
    await grown(panel)
    panel.begun = asyncio.ensure_future(panel.service.manual())  # type: ignore[attr-defined]
    await panel.until_mode("stopping")


async def resetting(panel: Panel) -> None:
    panel.begun = asyncio.ensure_future(panel.service.reset())  # type: ignore[attr-defined]
    await panel.world.until(panel.world.paused)


async def nothing(panel: Panel) -> None:
    pass


Begun = Callable[[Panel], Awaitable[None]]


@pytest.mark.parametrize(
    "begun", [nothing, load_by_hand, auto, grown, pausing, resuming, resetting]
)
async def test_whatever_is_under_way_ends_with_keda_scaling_and_the_lease_free(
    begun: Begun, world: World, panel: Panel
) -> None:
    await begun(panel)

    assert await stopped(panel) < TOLD_S

    assert not world.paused()
    assert world.desired() == INITIAL
    assert world.lease()["holderIdentity"] == ""
    assert world.frontend.open == 0
    await panel.service.stop()
    if hasattr(panel, "begun"):
        await asyncio.gather(panel.begun, return_exceptions=True)


@pytest.mark.slow
async def test_an_api_that_is_away_is_given_up_in_time_and_left_to_the_guardian(
    world: World, panel: Panel
) -> None:
    await grown(panel)
    outage = world.api.faults.add(Fault("", "", 503, times=-1))

    assert await stopped(panel) < TOLD_S

    outage.times = 0
    assert world.paused()
    assert world.frontend.open == 0


@pytest.mark.slow
async def test_an_api_that_never_answers_is_given_up_in_time(world: World, panel: Panel) -> None:
    await grown(panel)
    outage = world.api.faults.add(Fault("", "", 0, latency_s=60, times=-1))

    assert await stopped(panel) < TOLD_S

    outage.times = 0


@pytest.mark.slow
async def test_keda_is_resumed_although_the_pools_cannot_be_set(
    world: World, panel: Panel, monkeypatch: pytest.MonkeyPatch
) -> None:
    await grown(panel)

    async def stuck(ratio: PDRatio) -> None:
        await asyncio.sleep(60)

    monkeypatch.setattr(panel.service._cluster.writer.scaling, "set_ratio", stuck)

    assert await stopped(panel) < TOLD_S

    assert not world.paused()
    assert world.lease()["holderIdentity"] == ""


async def test_a_load_process_that_does_not_listen_holds_nothing_up(
    world: World, panel: Panel
) -> None:
    await grown(panel)
    pid = panel.service._load.pid
    assert pid
    os.kill(pid, signal.SIGSTOP)

    assert await stopped(panel) < TOLD_S

    assert not world.paused()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_a_panel_that_only_shows_ends_and_touches_nothing(
    world: World, panel: Panel, new_panel: NewPanel
) -> None:
    await panel.service.auto()
    second = await new_panel()
    await second.until_mode("read-only")

    assert await stopped(second) < 5

    assert world.paused()
    assert world.lease()["holderIdentity"] == panel.view.holder


async def test_the_recording_ends_with_its_end_line_and_what_was_sent(
    world: World, tmp_path: Path
) -> None:
    panel = Panel(world)
    settings = Settings(frontend_url=world.frontend.url, kubeconfig=str(world.kubeconfig))
    panel.service = DemoService(world.environment, settings, state_dir=tmp_path)
    await panel.start()
    await panel.until_mode("manual")
    await grown(panel)

    await panel.service.stop()

    lines = gzip.decompress(recordings(tmp_path)[0].read_bytes()).splitlines()
    assert "end" in json.loads(lines[-1])
    every = panel.service.view().workloads["all"]
    last = panel.service._build().workloads["all"]
    assert last.due == last.ok + last.shed + last.failed >= every.due


async def test_a_start_that_is_broken_off_leaves_no_load_process(world: World) -> None:
    panel = Panel(world)
    starting = asyncio.create_task(panel.service.start())
    await world.until(lambda: bool(panel.service._load._process.pids))
    starting.cancel()
    await asyncio.gather(starting, return_exceptions=True)
    pids = panel.service._load._process.pids

    assert await stopped(panel) < 10

    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
