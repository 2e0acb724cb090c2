"""Says aloud what happens: once a phase, once when its sentence turns, never with each figure."""

from __future__ import annotations

from gtc_panel import text
from gtc_panel.components.basics import words
from gtc_runtime.view import DemoView


class Announcer:
    """A line that is not seen; a screen reader says it when it can."""

    def __init__(self) -> None:
        self._line = words("", "unseen").props("role=status aria-live=polite")
        self._line.mark("announcer")
        self._told: tuple[object, ...] = ()

    def draw(self, view: DemoView) -> None:
        """Say the phase and its sentence when either has turned."""
        phase = view.phase
        turned = (phase.index, phase.name, phase.kind, phase.sentence.state)
        if turned != self._told:
            self._told = turned
            self._line.set_text(announcement(view))


def announcement(view: DemoView) -> str:
    """Phase and sentence in one line; empty while no show runs."""
    phase = view.phase
    if phase.index is None:
        return text.NO_LOAD
    title = text.phase_title(phase.name)
    settling = f", {text.SETTLE}" if phase.kind == "settle" else ""
    return f"{title}{settling}. {phase.sentence.text or phase.narration}"
