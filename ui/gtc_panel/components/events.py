"""The newest events, newest first, on a fixed number of lines."""

from __future__ import annotations

from typing import Final

from gtc_panel import text
from gtc_panel.components.basics import box, heading, swap, tip, words
from gtc_runtime.formats import time_of_day
from gtc_runtime.view import DemoView, EventView

LINES: Final = 6


class Events:
    """The feed."""

    def __init__(self) -> None:
        with box("card events"):
            heading(text.EVENTS, "card-title")
            self._lines = [_Line() for _ in range(LINES)]

    def draw(self, view: DemoView) -> None:
        """Show the view."""
        newest = list(reversed(view.events[-LINES:]))
        for place, line in enumerate(self._lines):
            line.show(newest[place] if place < len(newest) else None)
        if not newest:
            self._lines[0].say(text.NO_EVENTS)


class _Line:
    def __init__(self) -> None:
        with box("event") as self._box:
            self._time = words("", "event-time muted")
            self._sign = words("", "event-sign")
            self._text = words("", "event-text").mark("event")

    def show(self, event: EventView | None) -> None:
        swap(self._box, "event-kind-", event.kind if event else "none")
        self._time.set_text(time_of_day(event.at) if event else "")
        self._sign.set_text(text.EVENT_SIGN[event.kind] if event else "")
        self._text.set_text(event.text if event else "")
        tip(self._text, event.text if event else "")

    def say(self, sentence: str) -> None:
        self._text.set_text(sentence)
