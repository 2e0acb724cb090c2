"""The twin is played once, in a process of its own, and found again."""

import asyncio
import os
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from gtc_runtime.events import EventLog
from gtc_runtime.planning.hardware import Hardware
from gtc_runtime.twin import player as module
from gtc_runtime.twin.child import play
from gtc_runtime.twin.player import SEEDS, Player
from gtc_runtime.twin.predicted import predicted
from gtc_spec.environment import load

SHORT = load("dev").scaled(0.02)


@asynccontextmanager
async def playing(player: Player):
    """It runs, as its supervisor would have it, and was asked for by a show."""
    player.want()
    task = asyncio.create_task(player.run())
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(done, task):
    async with asyncio.timeout(50):
        while not done() and not task.done():
            await asyncio.sleep(0.02)


def children() -> list[int]:
    """Process ids of those that run this module's child."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            mine = (path.parent / "stat").read_text().rpartition(")")[2].split()[1]
            if b"gtc_runtime.twin.child" in path.read_bytes() and int(mine) == os.getpid():
                found.append(int(path.parent.name))
    return found


def priority(process: int) -> int:
    return os.getpriority(os.PRIO_PROCESS, process)


async def test_it_is_played_in_a_process_of_its_own_and_found_by_the_next_panel(tmp_path):
    first, events = Player(SHORT, tmp_path, EventLog()), EventLog()
    async with playing(first) as task:
        await until(lambda: first.predicted is not None, task)
    assert first.predicted is not None
    assert first.predicted.seeds == SEEDS
    assert len(first.predicted.stretches) == len(SHORT.timeline.segments)
    (kept,) = (tmp_path / "twin").iterdir()
    written = kept.stat().st_mtime_ns

    second = Player(SHORT, tmp_path, events)
    async with playing(second) as task:
        await until(lambda: second.predicted is not None, task)
    assert second.predicted == first.predicted
    assert kept.stat().st_mtime_ns == written
    assert events.newest() == ()


async def test_beside_a_rehearsal_it_plays_what_the_rehearsal_simulates(tmp_path, monkeypatch):
    """Its link is nobody's to share, and a chunk pays nothing for what came before it."""
    monkeypatch.setattr(module, "SEEDS", 2)
    found = []
    for simulated in (True, False):
        player = Player(SHORT, tmp_path, EventLog(), simulated=simulated)
        async with playing(player) as task:
            await until(lambda it=player: it.predicted is not None, task)
        found.append(player.predicted)
        hardware = Hardware.of_rehearsal(SHORT) if simulated else Hardware.of(SHORT)
        assert player.predicted == predicted(list(play(SHORT, hardware, 2)))
    assert found[0] != found[1]


async def test_its_process_has_the_lowest_priority_and_ends_with_the_panel():
    player = Player(load("prod"), None, EventLog())
    async with playing(player) as task:
        await until(lambda: [each for each in children() if priority(each) == 19], task)
    assert children() == []
    assert player.predicted is None


async def test_a_twin_that_cannot_be_played_is_told_once_and_not_tried_again(tmp_path):
    events = EventLog()
    model = SHORT.model.model_copy(update={"profile": "no-such"})
    player = Player(SHORT.model_copy(update={"model": model}), tmp_path, events)
    async with playing(player) as task:
        await until(lambda: bool(events.newest()), task)
        assert not task.done()
    assert player.ended
    (event,) = events.newest()
    assert "the twin predicts nothing: unknown profile 'no-such'" in event.text


async def test_a_panel_starts_before_its_twin(monkeypatch):
    monkeypatch.setattr(module, "QUIET_S", 3600.0)
    player = Player(SHORT, None, EventLog())
    task = asyncio.create_task(player.run())
    await asyncio.sleep(0.5)
    assert children() == []
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
