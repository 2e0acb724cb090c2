"""Holds the Lease for a panel: takes it when it is free, keeps it, tells of gain and loss.

What is done then is one command after the other in the conductor's queue, so that nothing of the
time before overlaps it. It must not know what these commands do.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from gtc_runtime.cluster.identity import spoken
from gtc_runtime.cluster.writer import Writer
from gtc_runtime.events import EventLog
from gtc_spec.errors import GtcError

log = logging.getLogger(__name__)

RETRY_S: Final = 2.0

Command = Callable[[], Awaitable[None]]


class Holding:
    """The Lease of one panel.

    Args:
        writer: With the Lease.
        events: Log of what happened.
        submit: Has a command done in its turn.
        gained: The command with the Lease in hand; repeated while it fails.
        lost: The command when somebody else has it.
    """

    def __init__(
        self,
        writer: Writer,
        events: EventLog,
        submit: Callable[[Command], Awaitable[None]],
        gained: Command,
        lost: Command,
    ) -> None:
        self._writer, self._events = writer, events
        self._submit, self._gained, self._lost = submit, gained, lost
        self._shows_for = ""

    async def run(self) -> None:
        """Hold the Lease whenever nobody else does, for ever."""
        lease = self._writer.lease
        while True:
            try:
                stored = await self._writer.state.read()
                if await lease.acquire(epoch_floor=stored.epoch):
                    self._shows_for = ""
                    self._events.add("warning", await self._lead())
                    await self._submit(self._lost)
                elif lease.rival != self._shows_for:
                    await self._submit(self._lost)
                    self._shows_for = lease.rival
                    self._events.add("info", f"{spoken(lease.rival)} leads; this panel only shows")
            except GtcError as error:
                self._events.add("warning", error.message)
            await asyncio.sleep(RETRY_S)

    async def _lead(self) -> str:
        """Keep the Lease, and first see what was left behind; why it is kept no more."""
        keeping = asyncio.create_task(self._writer.lease.keep(), name="lease keeper")
        try:
            begun, held = False, True
            while not keeping.done():
                begun = begun or await self._begin()
                await asyncio.wait({keeping}, timeout=RETRY_S)
                held = self._tell_lapse(held)
        finally:
            keeping.cancel()
            await asyncio.wait({keeping})
        error = keeping.exception()
        if error is None:
            return "another panel has taken the lease"
        log.error("the lease is not kept any more", exc_info=error)
        return f"the lease is not kept any more: {type(error).__name__}; it is taken anew"

    def _tell_lapse(self, before: bool) -> bool:
        """Whether our Lease holds now; a change is told once."""
        held = self._writer.lease.held
        if before and not held:
            self._events.add("warning", "kubernetes is away: our lease lapsed, we order nothing")
        elif held and not before:
            self._events.add("info", "kubernetes is back: the lease is ours, we order again")
        return held

    async def _begin(self) -> bool:
        try:
            await self._submit(self._gained)
        except GtcError as error:
            self._events.add("warning", error.message)
            return False
        return True
