"""The numbers of the load itself: sent, open, tokens, conversations."""

from __future__ import annotations

from gtc_panel import text
from gtc_panel.components.basics import Figure, box, heading, swap, words
from gtc_runtime.formats import Written, rate, whole
from gtc_runtime.view import DemoView, freshness


class KeyNumbers:
    """Four figures that can be read across a booth."""

    def __init__(self) -> None:
        with box("card key-numbers"):
            heading(text.OF_LOAD, "unseen")
            self._sent = _KeyNumber(text.SENT)
            self._in_flight = _KeyNumber(text.IN_FLIGHT)
            self._tokens = _KeyNumber(text.TOKENS)
            self._conversations = _KeyNumber(text.CONVERSATIONS)

    def draw(self, view: DemoView) -> None:
        """Show the view."""
        load, age_s = view.load, view.load_age_s
        self._sent.show(rate(load.sent_rps), "", age_s)
        parts = text.in_flight_parts(whole(load.waiting), whole(load.streaming))
        self._in_flight.show(whole(load.in_flight), parts, age_s)
        self._tokens.show(whole(load.output_tokens_s), "", age_s)
        turns = text.turns(whole(load.turns))
        self._conversations.show(whole(load.conversations), turns, age_s)


class _KeyNumber:
    def __init__(self, name: str) -> None:
        with box("key-number"):
            words(name, "muted")
            self._figure = Figure()
            self._note = words("", "muted key-note")

    def show(self, number: str, note: str, age_s: float | None) -> None:
        fresh = freshness(age_s)
        self._figure.show(Written(number), fresh)
        self._note.set_text(text.NO_DATA if fresh == "gone" else note)
        swap(self._note, "is-", fresh)
