"""Carries out ratio orders in the background: the newest one wins, a failed one is repeated.

The scenario must not stand still while a scale is verified. It must not know why a ratio is wanted.
"""

from __future__ import annotations

import asyncio
import logging

from gtc_runtime.cluster.scaling import Scaling
from gtc_runtime.events import EventLog
from gtc_spec.errors import GtcError
from gtc_spec.pools import PDRatio

log = logging.getLogger(__name__)

RETRY_S = 5.0


class Orders:
    """The newest wanted ratio and the task that makes it true.

    Args:
        scaling: What sets ratios.
        events: Log of refusals.
    """

    def __init__(self, scaling: Scaling, events: EventLog) -> None:
        self._scaling, self._events = scaling, events
        self._wanted: PDRatio | None = None
        self._changed = asyncio.Event()
        self._current: asyncio.Task[None] | None = None

    def want(self, ratio: PDRatio) -> None:
        """Order a ratio; an order that is still waiting is replaced."""
        self._wanted = ratio
        self._changed.set()

    async def forget(self) -> None:
        """Drop what is waiting and break off what is being carried out."""
        self._wanted = None
        if self._current is not None:
            self._current.cancel()
            await asyncio.wait({self._current})

    async def run(self) -> None:
        """Carry out orders for ever."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            while (ratio := self._wanted) is not None:
                self._current = asyncio.create_task(self._carry_out(ratio), name=f"set {ratio}")
                try:
                    await asyncio.wait({self._current})
                finally:
                    self._current.cancel()
                    self._current = None

    async def _carry_out(self, ratio: PDRatio) -> None:
        try:
            await self._scaling.set_ratio(ratio)
        except Exception as error:  # also an answer that nobody foresaw: told, never a hot loop
            why = error.message if isinstance(error, GtcError) else type(error).__name__
            if not isinstance(error, GtcError):
                log.exception("%s was not set", ratio)
            self._events.add("warning", f"{ratio} was not set: {why}")
            await asyncio.sleep(RETRY_S)
            return
        if self._wanted == ratio:
            self._wanted = None
