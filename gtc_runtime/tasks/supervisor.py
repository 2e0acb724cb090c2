"""Owns the tasks of the serving process: one that dies is told and started again.

The pause before it doubles from 1 s to 30 s, and begins anew after a task has run for a minute. A
vital task is not started again: what it did is not known to be whole, so its end is the end of the
process, which Kubernetes (a rehearsal's supervisor) starts anew. This module must not know what a
task does.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from gtc_runtime.events import EventLog
from gtc_spec.errors import GtcError

FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 30.0
STEADY_S: Final = 60.0
"""A task that ran for so long gets the short pause again."""

log = logging.getLogger(__name__)

Work = Callable[[], Awaitable[None]]


class Supervisor:
    """Keeps tasks alive until it is stopped.

    Args:
        events: Gets one sentence when a task dies: not of each try again that ends likewise.
        clock: Monotonic seconds.
        sleep: Waits; tests wait for nothing.
    """

    def __init__(
        self,
        events: EventLog,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._events, self._clock, self._sleep = events, clock, sleep
        self._tasks: list[asyncio.Task[None]] = []
        self._restarts: dict[str, int] = {}
        self._causes: dict[str, str] = {}
        self._ended: asyncio.Future[GtcError] | None = None

    @property
    def restarts(self) -> Mapping[str, int]:
        """How often each task died, to be started again, by its name; 0 for one that never did."""
        return self._restarts

    @property
    def causes(self) -> Mapping[str, str]:
        """What each task died of last, one line, by its name; none for one that never did."""
        return self._causes

    def keep(self, name: str, work: Work, *, vital: bool = False) -> None:
        """Run work that never ends by itself, and again when it does; needs a running loop.

        Args:
            name: For people.
            work: Called for every start.
            vital: Whether its end is the end of the process, see `ended`.
        """
        self._restarts[name] = 0
        keeper = self._vital(name, work) if vital else self._kept(name, work)
        self._tasks.append(asyncio.create_task(keeper, name=name))

    async def ended(self) -> None:
        """Wait for ever, or until a vital task ends.

        Raises:
            GtcError: Which one did, and of what.
        """
        if self._ended is None:
            self._ended = asyncio.get_running_loop().create_future()
        raise await self._ended

    async def stop(self) -> None:
        """End every task and wait for its end."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()

    async def _vital(self, name: str, work: Work) -> None:
        why = await _end_of(name, work)
        if self._ended is None:
            self._ended = asyncio.get_running_loop().create_future()
        if not self._ended.done():
            error = GtcError(f"the {name} ended: {why}", "the process ends, to be started anew")
            self._ended.set_result(error)

    async def _kept(self, name: str, work: Work) -> None:
        pause_s = FIRST_PAUSE_S
        while True:
            began_s = self._clock()
            why = await _end_of(name, work)
            steady = self._clock() - began_s >= STEADY_S
            if steady:
                pause_s = FIRST_PAUSE_S
            if steady or why != self._causes.get(name):
                self._events.add("warning", f"the {name} ended and is started again: {why}")
            self._restarts[name] += 1  # before the pause: a task that is dead must not look alive
            self._causes[name] = why
            await self._sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)


async def _end_of(name: str, work: Work) -> str:
    """Why it ended, one line; the log has all of it."""
    try:
        await work()
    except Exception as error:  # a supervisor is there for what nobody has foreseen
        log.exception("the %s ended", name)
        cause: BaseException = error
        while isinstance(cause, BaseExceptionGroup):
            cause = cause.exceptions[0]
        words = " ".join(str(cause).split())
        return f"{type(cause).__name__}: {words}" if words else type(cause).__name__
    return "it had no more to do"
