"""Keeps the stored state as new as the show, and lets nobody wait for it.

A step of the show is noted in the background: while Kubernetes is away the show goes on, and the
newest step is written when it is back. A change of mode is written before its command returns.
It must not know how a mode is changed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from gtc_runtime.cluster.api.errors import Fenced
from gtc_runtime.cluster.state import with_event
from gtc_runtime.cluster.writer import Writer
from gtc_runtime.events import EventLog
from gtc_runtime.scenario import machine
from gtc_runtime.scenario.restart.record import ShowRecord
from gtc_runtime.view import Mode
from gtc_spec.errors import GtcError
from gtc_spec.phases import PhaseName

RETRY_S = 5.0
STAMP_S: Final = 10.0
"""A show that stands still is written down this often: it has no steps that show its life."""


class Notes:
    """The document of one panel.

    Args:
        writer: Where it goes.
        digest: Of the facts that are played by.
        events: The newest event is written along; failures become events.
        stand: Tells the mode, the phase, and where the show stands.
        clock: Monotonic seconds, the clock of the show.
        wall: The time.

    Attributes:
        run_name: Which show it is that runs; no two have the same.
    """

    def __init__(
        self,
        writer: Writer,
        digest: str,
        events: EventLog,
        stand: Callable[[], tuple[Mode, PhaseName, machine.State]],
        clock: Callable[[], float],
        wall: Callable[[], datetime],
    ) -> None:
        self._writer, self._digest, self._events = writer, digest, events
        self._stand, self._clock, self._wall = stand, clock, wall
        self.run_name, self._runs = "", 0
        self._changed = asyncio.Event()
        self._complaint = ""

    def begin_run(self) -> None:
        """A show begins: the holding of the Lease is one of its kind, and so are its shows."""
        self._runs += 1
        self.run_name = f"{self._writer.lease.epoch}-{self._runs}"

    def want(self) -> None:
        """Have the state written soon; what changes until then goes along."""
        self._changed.set()

    def forget(self) -> None:
        """What was wanted is somebody else's to write now."""
        self._changed.clear()

    async def write(self) -> bool:
        """Write the state now; whether it was written. If not, that is told and tried again."""
        self._changed.clear()
        try:
            await self._writer.state.update(self._writer.lease.epoch, self._merged)
        except GtcError as error:
            if not isinstance(error, Fenced):
                self._changed.set()
            if error.message != self._complaint:
                self._events.add("warning", f"the state was not saved: {error.message}")
            self._complaint = error.message
            return False
        self._complaint = ""
        return True

    async def run(self) -> None:
        """Write what is wanted, for ever; nothing is written without the Lease."""
        while True:
            try:
                async with asyncio.timeout(STAMP_S):
                    await self._changed.wait()
            except TimeoutError:
                _, _, state = self._stand()
                if state.held_s is None:
                    continue
            if not (self._writer.lease.held and await self.write()):
                await asyncio.sleep(RETRY_S)

    def _document(self) -> dict[str, Any]:
        (mode, phase, state), now = self._stand(), self._wall()
        record = ShowRecord.of(self.run_name, state, self._clock(), now)
        return {
            "mode": mode,
            "phase": str(phase),
            "cycle": state.cycle,
            "show": None if record is None else record.to_json(),
            "digest": self._digest,
            "holder": self._writer.lease.holder,
            "saved_at": now.isoformat(timespec="seconds"),
        }

    def _merged(self, known: dict[str, Any]) -> dict[str, Any]:
        merged = known | self._document()
        newest = self._events.newest(1)
        if not newest or _newest_text(known) == newest[0].text:
            return merged
        return with_event(merged, newest[0].kind, newest[0].text)


def _newest_text(document: dict[str, Any]) -> str:
    events = document.get("events")
    last = events[-1] if isinstance(events, list) and events else None
    return str(last.get("text")) if isinstance(last, dict) else ""
