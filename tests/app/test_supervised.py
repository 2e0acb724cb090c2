"""What becomes of a service of which a part dies."""

import asyncio
import os
import signal

import pytest

from gtc_runtime.commands import Commands
from gtc_runtime.load.figures.slice_book import SliceBook
from gtc_runtime.scenario.modes import Modes
from gtc_runtime.tasks.supervisor import FIRST_PAUSE_S
from gtc_spec.errors import GtcError
from tests.app.conftest import Panel, World


async def test_a_part_that_dies_is_started_again_and_shown(
    panel: Panel, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert set(panel.view.process.restarts.values()) == {0}
    with monkeypatch.context() as broken:

        def dies(_service: Commands) -> None:
            raise ValueError("a hand without a finger")

        broken.setattr(Commands, "_tell_settled", dies)
        await panel.until_told("the view ended and is started again: ValueError: a hand without")
    await panel.until(lambda view: view.process.restarts["view"] == 1)

    before = panel.service.view()
    await asyncio.sleep(FIRST_PAUSE_S + 0.6)
    assert panel.service.view() is not before
    assert panel.view.process.loop_lag_s is not None


async def test_a_load_process_comes_back_although_its_keeper_died(
    panel: Panel, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:

        def dies(_book: SliceBook) -> None:
            raise ValueError("no book")

        broken.setattr(SliceBook, "settle_open", dies)
        first = panel.service._load.pid
        assert first
        os.kill(first, signal.SIGKILL)
        await panel.until_told("the load keeper ended and is started again: ValueError: no book")

    await panel.until(lambda _: panel.service._load.pid not in (None, first))


async def test_a_conductor_that_dies_leaves_auto_mode_and_ends_the_service(
    panel: Panel, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await panel.service.auto()
    assert world.paused()
    failed = asyncio.create_task(panel.service.failed())

    async def dies(_modes: Modes, _now_s: float) -> None:
        raise ValueError("no such phase")

    monkeypatch.setattr(Modes, "look", dies)

    with pytest.raises(GtcError, match=r"^the conductor ended: ValueError: no such phase(?m:$)"):
        await asyncio.wait_for(failed, 30)
    assert not world.paused()
    assert world.desired() == world.environment.initial_ratio
    assert not world.lease()["holderIdentity"]
