"""Reads what a panel before this one has left in the cluster.

It must not know what is done about it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from gtc_runtime.cluster.writer import Writer
from gtc_runtime.events import EventLog
from gtc_runtime.scenario.restart.continuing import Found
from gtc_spec.phases import phase_title
from gtc_spec.pools import PDRatio

_TOLD_MAX = 5


class Earlier:
    """The panel before.

    Args:
        writer: Where to read.
        digest: Of the facts that this panel plays by.
        events: Get what others wrote down while no panel lived, each once.
        now: The time.
        ended: Identities of panels that are known to have ended in order.
    """

    def __init__(
        self,
        writer: Writer,
        digest: str,
        events: EventLog,
        now: Callable[[], datetime],
        ended: frozenset[str],
    ) -> None:
        self._writer, self._digest, self._events = writer, digest, events
        self._now, self._ended = now, ended
        self._told: list[Any] = []

    async def find(self) -> Found:
        """Everything that decides whether its show goes on.

        Raises:
            GtcError: The cluster does not answer; try again.
        """
        stored = await self._writer.state.read()
        pools = await self._writer.scaling.read()
        keda = await self._writer.keda.status()
        prefill, decode = pools["prefill"].desired, pools["decode"].desired
        desired = None if prefill is None or decode is None else PDRatio(prefill, decode)
        self._tell(stored.document.get("events"))
        return Found(stored.document, self._digest, desired, keda, self._now(), self._ended)

    def _tell(self, events: Any) -> None:
        for event in (events if isinstance(events, list) else [])[-_TOLD_MAX:]:
            told = isinstance(event, dict) and event.get("kind") in ("keda", "warning")
            if told and event not in self._told:
                self._told.append(event)
                self._events.add("keda", f"earlier: {event.get('text')}", _when(event.get("at")))


def left_behind(found: Found, why: str) -> str:
    """The show that was found and does not go on, one sentence for people."""
    phase = phase_title(str(found.document.get("phase")))
    ended = "is resumed now" if found.keda.paused_by_us else "had been resumed"
    return (
        f"found auto mode in {phase}, left by a panel that died; its load is gone, KEDA {ended};"
        f" the show is not continued: {why}"
    )


def _when(stamp: Any) -> datetime:
    try:
        return datetime.fromisoformat(str(stamp))
    except ValueError:
        return datetime.now(UTC)
