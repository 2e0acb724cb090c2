"""One answer as it streams: what all the figures are about."""

from __future__ import annotations

from typing import Final

from gtc_panel import stage_text
from gtc_panel.components.basics import box, swap, words
from gtc_runtime.view import DemoView, freshness

CHARACTERS: Final = 100
"""As many as surely fit into the three lines of the box."""


class LiveAnswer:
    """The end of the answer, with a cursor while it goes on."""

    def __init__(self) -> None:
        with box("answer answer-none") as self._box:
            self._name = words("", "answer-name")
            with box("answer-page"):
                self._text = words("", "answer-text").mark("answer")

    def draw(self, view: DemoView) -> None:
        """Show the view."""
        state, name, text = answered(view)
        self._name.set_text(name)
        self._text.set_text(text)
        swap(self._box, "answer-", state)


def answered(view: DemoView) -> tuple[str, str, str]:
    """State, title and text: an answer that streams or has ended, else why there is none."""
    answer = view.load.answer
    if view.recorded:
        return "none", stage_text.ANSWER, stage_text.NOT_RECORDED
    if answer is None or freshness(view.load_age_s) != "fresh":
        return "none", stage_text.ANSWER, stage_text.NO_ANSWER
    state = "done" if answer.done else "streams"
    return state, stage_text.answer_of(answer.key), ending(answer.text, CHARACTERS)


def ending(text: str, most: int) -> str:
    """The end of a text from a whole word on, ``most`` characters at most."""
    line = " ".join(text.split())
    if len(line) <= most:
        return line
    return "… " + line[-most + 2 :].partition(" ")[2]
