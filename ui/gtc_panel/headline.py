"""What happens now, in a title and one sentence: of the phase, else of the mode, else of the load.

Pure words; it must not know widgets. Each page has words of its own for its reader.
"""

from __future__ import annotations

from typing import NamedTuple

from gtc_panel import text
from gtc_runtime.view import DemoView


class Headline(NamedTuple):
    """A title, and a sentence on it."""

    title: str
    sentence: str


class ByHand(NamedTuple):
    """What a page says while no show runs and its reader may expect none.

    Attributes:
        idle: Nothing is sent.
        load: Somebody drives the load.
    """

    idle: Headline
    load: Headline


PRESENTER = ByHand(
    Headline(text.NO_LOAD, text.NO_LOAD_NARRATION),
    Headline(text.BY_HAND_TITLE, text.BY_HAND_NARRATION),
)


def headline(view: DemoView, by_hand: ByHand = PRESENTER) -> Headline:
    """What happens now; the sentence is the one that the figures choose, where there is one."""
    phase = view.phase
    if phase.index is not None:
        always = Headline(text.phase_title(phase.name), phase.narration)
    elif view.mode in text.MODE_TITLES:
        always = Headline(text.MODE_TITLES[view.mode], text.LOCKED[view.mode])
    else:
        always = by_hand.load if view.load.running else by_hand.idle
    return Headline(always.title, phase.sentence.text or always.sentence)
