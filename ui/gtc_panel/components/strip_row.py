"""The phases of a show side by side: how far it is, when workers came, what was shown.

Both pages carry it. It is drawn once a phase table; later draws only move it on.
"""

from __future__ import annotations

from nicegui import ui

from gtc_panel import stage_text, text
from gtc_panel.bridge import Tick
from gtc_panel.components.basics import box, swap, tip, words
from gtc_panel.port import PanelPort
from gtc_panel.strip import StripMark, places, share_done, state_of
from gtc_runtime.told import ClaimView
from gtc_runtime.view import PhaseView, StripItem


class StripRow:
    """One box a phase, with its claim as a chip and with the marks of scaling above it.

    Args:
        panel: Where the phase table comes from.
        ratios: Whether each phase also tells its P:D ratio.
    """

    def __init__(self, panel: PanelPort, *, ratios: bool = False) -> None:
        self._phases, self._ratios = panel.environment.table.phases, ratios
        self._places = places(self._phases)
        self._strip: tuple[StripItem, ...] = ()
        self._marks: tuple[StripMark, ...] = ()
        self._items: list[_Item] = []
        self._row = box("strip-row")

    def draw(self, tick: Tick) -> None:
        """Show one tick."""
        view = tick.view
        if view.strip != self._strip:
            self._build(view.strip)
        index = view.phase.index
        now = self._places[index] if index is not None and index < len(self._places) else None
        claims = {claim.phase: claim for claim in view.claims}
        for place, item in enumerate(self._items):
            state = state_of(place, now)
            item.show(state, self._share(place, view.phase) if state == "now" else None)
            item.claim(claims.get(item.name))
        if tick.strip_marks != self._marks:
            self._marks = tick.strip_marks
            for place, item in enumerate(self._items):
                item.mark([mark for mark in self._marks if mark.place == place])

    def _build(self, strip: tuple[StripItem, ...]) -> None:
        self._strip, self._marks = strip, ()
        self._row.clear()
        with self._row:
            self._items = [_Item(phase, ratio=self._ratios) for phase in strip]

    def _share(self, place: int, phase: PhaseView) -> float:
        planned = self._phases[place] if place < len(self._phases) else None
        return share_done(phase, self._strip[place].length_s, planned)


class _Item:
    def __init__(self, phase: StripItem, *, ratio: bool) -> None:
        self.name = phase.name
        with box("strip-act").style(f"flex-grow: {phase.length_s:g}") as self._box:
            self._marks = box("strip-act-marks")
            with box("strip-act-body"):
                words(text.phase_title(phase.name), "strip-act-name")
                if ratio:
                    words(phase.ratio, "strip-act-ratio")
                self._chip = words("", "strip-act-chip").mark(f"chip-{phase.name}")
                self._bar = box("strip-act-bar")
        tip(self._box, phase.narration)

    def show(self, state: str, share: float | None) -> None:
        swap(self._box, "strip-act-is-", state)
        self._bar.style(replace="" if share is None else f"width: {share * 100:.1f}%")

    def claim(self, claim: ClaimView | None) -> None:
        self._chip.set_text(stage_text.chip(claim.state, claim.chip) if claim else "")
        self._chip.set_visibility(claim is not None)
        swap(self._chip, "chip-is-", claim.state if claim else "none")
        tip(self._chip, claim.text if claim else "")

    def mark(self, marks: list[StripMark]) -> None:
        self._marks.clear()
        with self._marks:
            for mark in marks:
                made: ui.element = box(f"strip-mark strip-mark-{mark.kind} role-{mark.role}")
                made.style(f"left: {mark.share * 100:.1f}%")


def strip_legend() -> None:
    """What the marks and the signs of a strip mean, on one line."""
    with box("strip-legend"):
        for kind, word in stage_text.LEGEND_MARKS.items():
            with box("strip-legend-entry"):
                box(f"strip-mark strip-mark-{kind}")
                words(word)
        for state, word in stage_text.LEGEND_CLAIMS.items():
            words(f"{stage_text.CLAIM_SIGN[state]} {word}")
