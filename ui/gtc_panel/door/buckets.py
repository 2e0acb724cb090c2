"""How often something may be asked for, and how many at once."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from starlette.types import Message, Send

REST_SHARE: Final = 1.0
"""After a page was built, no other is for this share of the time that it took."""
REST_MAX_S: Final = 0.5


class TokenBucket:
    """So many at once, then so many a second; one for the whole process.

    Args:
        burst: What a full bucket gives at once.
        per_s: What is added each second.
        clock: Seconds that only grow.
    """

    def __init__(
        self, burst: int, per_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._burst, self._per_s, self._clock = burst, per_s, clock
        self._left, self._at = float(burst), clock()

    def take(self) -> bool:
        """Take one; False when there is none."""
        now = self._clock()
        self._left = min(self._burst, self._left + (now - self._at) * self._per_s)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True

    @property
    def wait_s(self) -> int:
        """Whole seconds until there is one again, at least 1."""
        return max(1, math.ceil((1 - self._left) / self._per_s))


class Seats:
    """So many of something at a time."""

    def __init__(self, count: int) -> None:
        self._free = count

    @contextmanager
    def one(self) -> Iterator[bool]:
        """Hold one for a while; gives whether there was one."""
        there = self._free > 0
        self._free -= there
        try:
            yield there
        finally:
            self._free += there


class Turns:
    """Lets one page be built at a time, with rests between for commands and sockets."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()

    async def next(self) -> Turn:
        """Wait for a turn, which its holder must pass on."""
        await self._lock.acquire()
        return Turn(self._lock.release)


class Turn:
    """One turn, for who got it from `Turns.next`."""

    def __init__(self, release: Callable[[], None]) -> None:
        self._release: Callable[[], None] | None = release
        self._began_s = time.monotonic()

    def pass_on(self) -> None:
        """Let the next one in after a rest; once is enough."""
        if self._release is None:
            return
        rest_s = min((time.monotonic() - self._began_s) * REST_SHARE, REST_MAX_S)
        asyncio.get_running_loop().call_later(rest_s, self._release)
        self._release = None

    def until_answered(self, send: Send) -> Send:
        """Pass it on with the first word of the answer: whoever reads slowly holds nobody up."""

        async def wrapped(message: Message) -> None:
            self.pass_on()
            await send(message)

        return wrapped
