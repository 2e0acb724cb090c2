"""How late the event loop of this process wakes whoever sleeps: its lag.

A loop that is blocked answers nobody and renews no Lease. That it was is seen afterwards: the worst
of the last seconds is kept, so that a scrape every few seconds misses none. While it is blocked
nothing in this process can tell; the probe of the pod, which then gets no answer, does.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final

SAMPLE_S: Final = 0.5
KEPT_S: Final = 15.0
"""Three scrapes: the worst lag of so long is what is told."""


class LoopLag:
    """Measures the lag of the loop that it runs in.

    Args:
        clock: Monotonic seconds.
        sleep: Waits; tests make it late.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._clock, self._sleep = clock, sleep
        self._late: deque[float] = deque(maxlen=round(KEPT_S / SAMPLE_S))

    @property
    def worst_s(self) -> float | None:
        """The worst lag of the last `KEPT_S`, seconds; None before the first sample."""
        return max(self._late, default=None)

    async def run(self) -> None:
        """Sample for ever."""
        while True:
            slept_s = self._clock()
            await self._sleep(SAMPLE_S)
            self._late.append(max(0.0, self._clock() - slept_s - SAMPLE_S))
