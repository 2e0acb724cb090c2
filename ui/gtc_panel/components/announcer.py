"""Says aloud what happens: once a phase, once when its sentence turns, never with each figure."""

from __future__ import annotations

from gtc_panel import text
from gtc_panel.components.basics import words
from gtc_panel.headline import headline
from gtc_runtime.view import DemoView


class Announcer:
    """A line that is not seen; a screen reader says it when it can."""

    def __init__(self) -> None:
        self._line = words("", "unseen").props("role=status aria-live=polite")
        self._line.mark("announcer")
        self._told: tuple[object, ...] = ()

    def draw(self, view: DemoView) -> None:
        """Say what happens and its sentence when either has turned."""
        phase = view.phase
        title = headline(view).title
        turned = (phase.index, title, phase.kind, phase.sentence.state)
        if turned != self._told:
            self._told = turned
            self._line.set_text(announcement(view))


def announcement(view: DemoView) -> str:
    """What happens and its sentence in one line."""
    title, sentence = headline(view)
    settling = f", {text.SETTLE}" if view.phase.kind == "settle" else ""
    return f"{title}{settling}. {sentence}"
