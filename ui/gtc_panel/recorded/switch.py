"""One button to a recording when the demo is in trouble, and one back."""

from __future__ import annotations

from gtc_panel import control_text
from gtc_panel.components.command import button, send
from gtc_panel.recorded.screen import Screen
from gtc_runtime.view import DemoView


class Switch:
    """Changes what all pages of this panel show; at most one of its buttons is there.

    Args:
        screen: What they show; None where there is no choice.
    """

    def __init__(self, screen: Screen | None) -> None:
        self._screen = screen
        self._play = button(control_text.PLAY_RECORDING, "action").mark("play-recording")
        self._back = button(control_text.BACK_TO_LIVE, "action").mark("back-to-live")
        for each in (self._play, self._back):
            each.classes("notice-button needs-server")
            each.set_visibility(False)
        if screen is not None:
            self._play.on_click(lambda: send(screen.play()))
            self._back.on_click(lambda: send(screen.back()))

    def draw(self, view: DemoView) -> None:
        """Show the view."""
        if self._screen is not None:
            playing = self._screen.playing
            self._play.set_visibility(self._screen.offers and not playing and bool(view.problem))
            self._back.set_visibility(playing)
