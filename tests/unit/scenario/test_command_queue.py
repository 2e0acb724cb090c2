"""Commands wait in order, and only so many of them."""

import asyncio

import pytest

from gtc_runtime.scenario.command_queue import WAITING_MAX, CommandQueue
from gtc_spec.errors import GtcError


async def test_one_command_more_than_may_wait_is_refused_and_the_others_are_done() -> None:
    queue, done = CommandQueue(), []

    async def command() -> None:
        done.append(1)

    waiting = [asyncio.create_task(queue.submit(command)) for _ in range(WAITING_MAX)]
    await asyncio.sleep(0)
    with pytest.raises(GtcError, match=r"^64 commands wait already, allowed: no more(?m:$)"):
        await queue.submit(command)

    while await queue.run_next(0.01):
        pass
    await asyncio.gather(*waiting)
    assert len(done) == WAITING_MAX


async def test_who_has_submitted_a_command_that_breaks_gets_its_error_and_so_does_its_runner() -> (
    None
):
    queue = CommandQueue()

    async def broken() -> None:
        raise KeyError("items")

    submitted = asyncio.create_task(queue.submit(broken))
    await asyncio.sleep(0)
    with pytest.raises(KeyError):
        await queue.run_next(0.01)
    with pytest.raises(KeyError):
        await submitted
