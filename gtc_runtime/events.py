"""What happened, in order, for people: the feed of the panel, the report and the log.

Events are facts in the past tense, one sentence each. This module must not know who causes them.
"""

from __future__ import annotations

import logging
from collections import deque
from datetime import UTC, datetime
from typing import Literal

from gtc_runtime.view import EventView

Kind = Literal["phase", "scale", "ready", "keda", "load", "warning", "info"]

log = logging.getLogger("gtc.events")


class EventLog:
    """The newest events, newest last.

    Args:
        keep: How many are kept.
    """

    def __init__(self, keep: int = 400) -> None:
        self._events: deque[EventView] = deque(maxlen=keep)

    def add(self, kind: Kind, text: str, at: datetime | None = None) -> None:
        """Note an event; a repeat of the newest one is dropped."""
        if self._events and at is None and self._events[-1].text == text:
            return
        stamp = (at or datetime.now(UTC)).isoformat(timespec="milliseconds")
        self._events.append(EventView(stamp, kind, text))
        log.log(logging.WARNING if kind == "warning" else logging.INFO, "%s: %s", kind, text)

    def newest(self, limit: int = 50) -> tuple[EventView, ...]:
        """The newest events, oldest of them first."""
        return tuple(self._events)[-limit:]

    def since(self, stamp: str) -> list[EventView]:
        """Events at or after an ISO time stamp in UTC."""
        return [event for event in self._events if event.at >= stamp]
