"""Where the show stands: phase, countdown, and all phases with the moments of scaling."""

from __future__ import annotations

from typing import Final

from gtc_panel import stage_text
from gtc_panel.bridge import Tick
from gtc_panel.components.basics import box, words
from gtc_panel.components.strip_row import StripRow, strip_legend
from gtc_panel.headline import ByHand, Headline, headline
from gtc_panel.port import PanelPort
from gtc_runtime.formats import countdown
from gtc_runtime.view import DemoView

AUDIENCE: Final = ByHand(
    Headline(stage_text.IDLE, stage_text.IDLE_SENTENCE),
    Headline(stage_text.BY_HAND, stage_text.BY_HAND_SENTENCE),
)


class PhaseTimeline:
    """Name and countdown above the strip of phases.

    Args:
        panel: Where the phase table comes from.
        sentence: Whether the sentence on what happens stands here.
    """

    def __init__(self, panel: PanelPort, *, sentence: bool) -> None:
        with box("tile-box stage-phase"):
            with box("stage-phase-head"):
                self._name = words("", "stage-phase-name").mark("phase")
                self._sentence = words("", "stage-sentence").mark("sentence") if sentence else None
                with box("stage-countdown"):
                    self._what = words("", "stage-countdown-what")
                    self._left = words("", "stage-countdown-number").mark("countdown")
            self._strip = StripRow(panel)
            strip_legend()

    def draw(self, tick: Tick) -> None:
        """Show one tick."""
        view = tick.view
        title, sentence = headline(view, AUDIENCE)
        self._name.set_text(title)
        if self._sentence is not None:
            self._sentence.set_text(sentence)
        what, left = remaining(view)
        self._what.set_text(what)
        self._left.set_text(left)
        self._strip.draw(tick)


def remaining(view: DemoView) -> tuple[str, str]:
    """What the countdown counts to, and how long that takes; both empty while no show runs."""
    phase = view.phase
    if phase.index is None:
        return "", ""
    if view.control.holding:
        return stage_text.HELD, countdown(phase.ends_in_s)
    what = stage_text.AT_MOST if phase.waiting_for_workers else stage_text.NEXT_PHASE
    return what, countdown(phase.ends_in_s)
