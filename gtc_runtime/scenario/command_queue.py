"""A queue of commands: run one after the other, and whoever submitted one gets its outcome.

The conductor must never do two things at once. This module must not know what the commands are.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from gtc_spec.errors import GtcError

WAITING_MAX: Final = 64
"""Commands that may wait: more hands than any booth has."""

Command = Callable[[], Awaitable[None]]


class CommandQueue:
    """`submit` is called by anybody, `run_next` by one task alone."""

    def __init__(self) -> None:
        self._waiting: asyncio.Queue[tuple[Command, asyncio.Future[None]]]
        self._waiting = asyncio.Queue(WAITING_MAX)
        self._open = True

    def close(self) -> None:
        """No command is run any more: who waits for one, and who comes later, gets an error."""
        self._open = False
        while not self._waiting.empty():
            _, done = self._waiting.get_nowait()
            if not done.done():
                done.set_exception(_ended())

    async def submit(self, command: Command) -> None:
        """Have a command run and wait for its end.

        Raises:
            GtcError: What the command raised, the queue is closed, or too many wait.
        """
        if not self._open:
            raise _ended()
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        try:
            self._waiting.put_nowait((command, done))
        except asyncio.QueueFull:
            raise GtcError(
                f"{WAITING_MAX} commands wait already, allowed: no more", "wait for their end"
            ) from None
        await done

    async def run_next(self, wait_s: float) -> bool:
        """Run one command if one comes within ``wait_s`` seconds; False when none did.

        Raises:
            Exception: What a command raised that is no GtcError; its submitter gets it as well.
        """
        try:
            async with asyncio.timeout(wait_s):
                command, done = await self._waiting.get()
        except TimeoutError:
            return False
        try:
            await command()
        except Exception as error:
            if not done.cancelled():
                done.set_exception(error)
            if not isinstance(error, GtcError):
                raise
        except asyncio.CancelledError:
            done.cancel()
            raise
        else:
            if not done.cancelled():
                done.set_result(None)
        return True


def _ended() -> GtcError:
    return GtcError("the panel is ending and takes no commands", "start it again")
