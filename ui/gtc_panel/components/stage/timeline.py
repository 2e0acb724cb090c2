"""Where the show stands: phase, countdown, and all phases with the moments of scaling."""

from __future__ import annotations

from nicegui import ui

from gtc_panel import text
from gtc_panel.bridge import Tick
from gtc_panel.components.basics import box, swap, words
from gtc_panel.port import PanelPort
from gtc_panel.strip import StripMark, places, share_done, state_of
from gtc_runtime.formats import countdown
from gtc_runtime.view import DemoView, PhaseView, StripItem


class PhaseTimeline:
    """The strip is drawn once per phase table; later draws only move it on."""

    def __init__(self, panel: PanelPort) -> None:
        self._phases = panel.environment.table.phases
        self._places = places(self._phases)
        self._strip: tuple[StripItem, ...] = ()
        self._marks: tuple[StripMark, ...] = ()
        self._items: list[_Item] = []
        with box("tile-box stage-phase"):
            with box("stage-phase-head"):
                self._name = words("", "stage-phase-name").mark("phase")
                self._narration = words("", "stage-narration")
                with box("stage-countdown"):
                    self._what = words("", "stage-countdown-what")
                    self._left = words("", "stage-countdown-number").mark("countdown")
            self._row = box("stage-strip")

    def draw(self, tick: Tick) -> None:
        """Show one tick."""
        phase, runs = tick.view.phase, tick.view.phase.index is not None
        title, narration = headline(tick.view)
        self._name.set_text(title)
        self._narration.set_text(narration)
        self._left.set_text(countdown(phase.ends_in_s) if runs else "")
        self._what.set_text(_what(phase) if runs else "")
        if tick.view.strip != self._strip:
            self._build(tick.view.strip)
        now = self._places[phase.index] if phase.index is not None else None
        for place, item in enumerate(self._items):
            state = state_of(place, now)
            item.show(state, self._share(place, phase) if state == "now" else None)
        if tick.strip_marks != self._marks:
            self._marks = tick.strip_marks
            for place, item in enumerate(self._items):
                item.mark([mark for mark in self._marks if mark.place == place])

    def _build(self, strip: tuple[StripItem, ...]) -> None:
        self._strip, self._marks = strip, ()
        self._row.clear()
        with self._row:
            self._items = [_Item(phase) for phase in strip]

    def _share(self, place: int, phase: PhaseView) -> float:
        planned = self._phases[place] if place < len(self._phases) else None
        return share_done(phase, self._strip[place].length_s, planned)


class _Item:
    def __init__(self, phase: StripItem) -> None:
        with box("stage-strip-item").style(f"flex-grow: {phase.length_s:g}") as self._box:
            self._marks = box("stage-strip-marks")
            with box("stage-strip-body"):
                words(text.phase_title(phase.name))
                self._bar = box("stage-strip-bar")

    def show(self, state: str, share: float | None) -> None:
        swap(self._box, "stage-is-", state)
        self._bar.style(replace="" if share is None else f"width: {share * 100:.1f}%")

    def mark(self, marks: list[StripMark]) -> None:
        self._marks.clear()
        with self._marks:
            for mark in marks:
                made: ui.element = box(f"stage-strip-mark mark-{mark.kind}")
                made.style(f"left: {mark.share * 100:.1f}%")


def headline(view: DemoView) -> tuple[str, str]:
    """What happens now, and one sentence on it."""
    if view.phase.index is not None:
        return text.phase_title(view.phase.name), view.phase.narration
    if view.load.running:
        return text.STAGE_BY_HAND, text.STAGE_BY_HAND_NARRATION
    return text.STAGE_IDLE, text.STAGE_IDLE_NARRATION


def _what(phase: PhaseView) -> str:
    return text.AT_MOST if phase.waiting_for_workers else text.NEXT_PHASE
