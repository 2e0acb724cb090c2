"""One worker, many askers: jobs are done one after the other, and each asker gets its outcome.

The conductor must never do two things at once. This module must not know what the jobs are.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from gtc_spec.errors import GtcError

Job = Callable[[], Awaitable[None]]


class Jobs:
    """A queue of jobs; `do` is called by anybody, `work` by one task alone."""

    def __init__(self) -> None:
        self._waiting: asyncio.Queue[tuple[Job, asyncio.Future[None]]] = asyncio.Queue()
        self._open = True

    def close(self) -> None:
        """No job is done any more: who waits for one and who comes later is told."""
        self._open = False
        while not self._waiting.empty():
            _, done = self._waiting.get_nowait()
            if not done.done():
                done.set_exception(_ended())

    async def do(self, job: Job) -> None:
        """Have a job done and wait for its end.

        Raises:
            GtcError: What the job raised, or the worker has ended.
        """
        if not self._open:
            raise _ended()
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        await self._waiting.put((job, done))
        await done

    async def work(self, wait_s: float) -> bool:
        """Do one job if one comes within ``wait_s`` seconds; False when none did."""
        try:
            async with asyncio.timeout(wait_s):
                job, done = await self._waiting.get()
        except TimeoutError:
            return False
        try:
            await job()
        except GtcError as error:
            if not done.cancelled():
                done.set_exception(error)
        except asyncio.CancelledError:
            done.cancel()
            raise
        else:
            if not done.cancelled():
                done.set_result(None)
        return True


def _ended() -> GtcError:
    return GtcError("the panel is ending and takes no commands", "start it again")
