"""The newest preflight for everybody who asks: made on demand, shared, and never twice at a time.

It must not know who asks or how the answer is shown.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

from gtc_runtime.checks.preflight import run
from gtc_runtime.checks.scene import opened
from gtc_runtime.places import Place
from gtc_runtime.settings import Settings
from gtc_runtime.verdict import Report
from gtc_spec.environment import Environment

PERIOD_S: Final = 30.0
"""A report younger than this is told again instead of looking anew."""


class Health:
    """Reports of one demo.

    Args:
        look: Makes a report.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        look: Callable[[], Awaitable[Report]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._look, self._clock = look, clock
        self._newest: Report | None = None
        self._at_s = 0.0
        self._running: asyncio.Task[Report] | None = None

    @classmethod
    def of_panel(cls, env: Environment, settings: Settings) -> Health:
        """What the panel's own process can see with its account and its addresses."""
        addresses: dict[Place, str] = {
            "frontend": settings.frontend_url,
            "prometheus": settings.prometheus_url,
            "grafana": settings.grafana_url,
        }

        async def look() -> Report:
            async with opened(env, settings, addresses, is_panel=True) as scene:
                return await run(scene)

        return cls(look)

    async def report(self) -> Report:
        """The newest report; looks first when it is too old.

        Whoever gives up waiting takes nothing from the others: the look goes on.
        """
        if self._newest is not None and self._clock() - self._at_s < PERIOD_S:
            return self._newest
        if self._running is None:
            self._running = asyncio.create_task(self._run(), name="health")
        return await asyncio.shield(self._running)

    async def close(self) -> None:
        """Break off a look that is under way."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)

    async def _run(self) -> Report:
        try:
            self._newest = await self._look()
            self._at_s = self._clock()
            return self._newest
        finally:
            self._running = None
