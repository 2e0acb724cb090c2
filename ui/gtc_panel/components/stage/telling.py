"""The sentence on what happens and the claim that proves it, in one place.

In a phase that helps a pool out the claim is the largest text of the page: it is what the show is
for.
"""

from __future__ import annotations

from gtc_panel.components.basics import box, swap, words
from gtc_panel.components.claim_card import ClaimCard, chosen
from gtc_panel.components.stage.subject import cured
from gtc_panel.components.stage.timeline import AUDIENCE
from gtc_panel.headline import headline
from gtc_panel.port import PanelPort
from gtc_panel.strip import places
from gtc_runtime.view import DemoView


class Telling:
    """The sentence above, the claim below."""

    def __init__(self, panel: PanelPort) -> None:
        self._phases = panel.environment.table.phases
        self._places = places(self._phases)
        with box("tile-box stage-telling") as self._box:
            self._sentence = words("", "stage-sentence").mark("sentence")
            self._claim = ClaimCard()

    def draw(self, view: DemoView) -> None:
        """Show the view."""
        self._sentence.set_text(headline(view, AUDIENCE).sentence)
        self._claim.draw(view)
        swap(self._box, "telling-of-", "claim" if self._proves(view) else "sentence")

    def _proves(self, view: DemoView) -> bool:
        index, claim = view.phase.index, chosen(view)
        if claim is None or index is None or index >= len(self._places):
            return False
        return cured(self._phases, self._places[index]) is not None
