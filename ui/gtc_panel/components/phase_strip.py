"""Where the show stands: name, countdown, one sentence, and the strip of all phases."""

from __future__ import annotations

from gtc_panel import control_text, text
from gtc_panel.bridge import Tick
from gtc_panel.components.basics import box, heading, words
from gtc_panel.components.strip_row import StripRow
from gtc_panel.headline import headline
from gtc_panel.port import PanelPort
from gtc_runtime.formats import countdown
from gtc_runtime.view import DemoView


class PhaseStrip:
    """The head of the presenter's page below the badges."""

    def __init__(self, panel: PanelPort) -> None:
        with box("card phase"):
            with box("phase-head"):
                with box("phase-name"):
                    self._name = heading(text.NO_LOAD, "phase-title").mark("phase")
                    self._kind = words("", "phase-kind")
                self._narration = words("", "narration").mark("narration")
                with box("countdown"):
                    self._left = words("", "countdown-number").mark("countdown")
                    self._left_what = words("", "muted countdown-what")
            self._row = StripRow(panel, ratios=True)

    def draw(self, tick: Tick) -> None:
        """Show one tick."""
        phase = tick.view.phase
        runs = phase.index is not None
        name, sentence = headline(tick.view)
        self._name.set_text(name)
        self._kind.set_text(kind(tick.view))
        self._narration.set_text(sentence)
        self._left.set_text(countdown(phase.ends_in_s) if runs else "")
        gate = phase.waiting_for_workers
        self._left_what.set_text((text.COUNTDOWN_GATE if gate else text.COUNTDOWN) if runs else "")
        self._row.draw(tick)


def kind(view: DemoView) -> str:
    """What is special about the stretch that runs: it is held, or it settles."""
    if view.phase.index is None:
        return ""
    if view.control.holding:
        return control_text.HELD
    return text.SETTLE if view.phase.kind == "settle" else ""
