"""What happened, in order, for people: the feed of the panel, the report and the log.

Events are facts in the past tense, one sentence each. What happens inside `caused_by` carries the
giver of the command. This module must not know what causes them.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Final, Literal

from gtc_runtime.actor import Actor
from gtc_runtime.view import EVENTS_SHOWN, EventView

Kind = Literal["phase", "scale", "ready", "keda", "load", "warning", "info"]

log = logging.getLogger("gtc.events")

_ACTOR: Final[ContextVar[str]] = ContextVar("actor", default="")


@contextmanager
def caused_by(actor: Actor) -> Iterator[None]:
    """Events that are noted inside, by this task, are the doing of ``actor``."""
    token = _ACTOR.set(str(actor))
    try:
        yield
    finally:
        _ACTOR.reset(token)


class EventLog:
    """The newest events, newest last.

    Args:
        keep: How many are kept.
    """

    def __init__(self, keep: int = 400) -> None:
        self._events: deque[EventView] = deque(maxlen=keep)

    def add(self, kind: Kind, text: str, at: datetime | None = None) -> None:
        """Note an event; a repeat of the newest one, by the same actor, is dropped."""
        actor = _ACTOR.get()
        newest = self._events[-1] if self._events else None
        if newest and at is None and (newest.text, newest.actor) == (text, actor):
            return
        stamp = (at or datetime.now(UTC)).isoformat(timespec="milliseconds")
        self._events.append(EventView(stamp, kind, text, actor))
        level = logging.WARNING if kind == "warning" else logging.INFO
        log.log(level, "%s: %s%s", kind, text, f" (by {actor})" if actor else "")

    def restore(self, events: Iterable[EventView]) -> None:
        """Put what an earlier process noted before everything that this one has."""
        newer = list(self._events)
        self._events.clear()
        self._events.extend([*events, *newer])

    def newest(self, limit: int = EVENTS_SHOWN) -> tuple[EventView, ...]:
        """The newest events, oldest of them first."""
        return tuple(self._events)[-limit:]

    def since(self, stamp: str) -> list[EventView]:
        """Events at or after an ISO time stamp in UTC."""
        return [event for event in self._events if event.at >= stamp]
