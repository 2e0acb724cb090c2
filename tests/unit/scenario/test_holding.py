"""Why the Lease is not kept any more is told as what it was."""

import asyncio
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

from gtc_runtime.events import EventLog
from gtc_runtime.scenario.holding import Holding


class Leased:
    """A Lease that is taken at once, and that something nobody foresaw keeps from being kept."""

    held, rival = True, ""

    def __init__(self, end: Callable[[], Awaitable[None]]) -> None:
        self.keep = end

    async def acquire(self, *, epoch_floor: int) -> bool:
        return True


async def read() -> Any:
    return SimpleNamespace(epoch=0)


async def told_after(end: Callable[[], Awaitable[None]]) -> list[str]:
    log = EventLog()
    writer: Any = SimpleNamespace(lease=Leased(end), state=SimpleNamespace(read=read))

    async def nothing() -> None:
        pass

    async def at_once(command: Callable[[], Awaitable[None]]) -> None:
        await command()

    running = asyncio.create_task(Holding(writer, log, at_once, nothing, nothing).run())
    await asyncio.sleep(0.05)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return [event.text for event in log.newest()]


async def test_somebody_else_who_has_taken_it_is_told_as_that() -> None:
    async def taken() -> None:
        pass

    assert await told_after(taken) == ["another panel has taken the lease"]


async def test_an_error_that_nobody_foresaw_is_not_told_as_another_panel() -> None:
    async def broken() -> None:
        raise KeyError("spec")

    assert await told_after(broken) == [
        "the lease is not kept any more: KeyError; it is taken anew"
    ]
