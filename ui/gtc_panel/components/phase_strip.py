"""Where the show stands: name, countdown, one sentence, and the strip of all phases."""

from __future__ import annotations

from nicegui import ui

from gtc_panel import control_text, text
from gtc_panel.components.basics import box, swap, words
from gtc_panel.port import PanelPort
from gtc_panel.strip import places, share_done, state_of
from gtc_runtime.formats import countdown
from gtc_runtime.view import DemoView, PhaseView, StripItem


class PhaseStrip:
    """The strip is drawn once per phase table; later draws only move it on."""

    def __init__(self, panel: PanelPort) -> None:
        self._phases = panel.environment.table.phases
        self._places = places(self._phases)
        self._strip: tuple[StripItem, ...] = ()
        self._items: list[tuple[ui.element, ui.element]] = []
        with box("card phase"):
            with box("phase-head"):
                with box("phase-name"):
                    self._name = words(text.NO_LOAD, "phase-title").mark("phase")
                    self._kind = words("", "phase-kind")
                self._narration = words("", "narration").mark("narration")
                with box("countdown"):
                    self._left = words("", "countdown-number").mark("countdown")
                    self._left_what = words("", "muted countdown-what")
            self._row = box("strip")

    def draw(self, view: DemoView) -> None:
        """Show the view."""
        phase = view.phase
        runs = phase.index is not None
        name, sentence = headline(view)
        self._name.set_text(name)
        self._kind.set_text(kind(view))
        self._narration.set_text(sentence)
        self._left.set_text(countdown(phase.ends_in_s) if runs else "")
        gate = phase.waiting_for_workers
        self._left_what.set_text((text.COUNTDOWN_GATE if gate else text.COUNTDOWN) if runs else "")
        if view.strip != self._strip:
            self._build(view.strip)
        now = self._places[phase.index] if phase.index is not None else None
        for place, (item, bar) in enumerate(self._items):
            state = state_of(place, now)
            swap(item, "strip-is-", state)
            share = self._share(place, phase) if state == "now" else float(state == "past")
            bar.style(f"width: {share * 100:.1f}%")

    def _build(self, strip: tuple[StripItem, ...]) -> None:
        self._strip, self._items = strip, []
        self._row.clear()
        with self._row:
            for phase in strip:
                item = box("strip-item").style(f"flex-grow: {phase.length_s:g}")
                item.props["title"] = phase.narration
                with item:
                    bar = box("strip-bar")
                    words(text.phase_title(phase.name), "strip-name")
                    words(phase.ratio, "strip-ratio")
                self._items.append((item, bar))

    def _share(self, place: int, phase: PhaseView) -> float:
        planned = self._phases[place] if place < len(self._phases) else None
        return share_done(phase, self._strip[place].length_s, planned)


def headline(view: DemoView) -> tuple[str, str]:
    """What happens now, and one sentence on it."""
    phase = view.phase
    if phase.index is not None:
        return text.phase_title(phase.name), phase.sentence.text or phase.narration
    if view.load.running:
        return text.BY_HAND_TITLE, phase.sentence.text or text.BY_HAND_NARRATION
    return text.NO_LOAD, text.NO_LOAD_NARRATION


def kind(view: DemoView) -> str:
    """What is special about the stretch that runs: it is held, or it settles."""
    if view.phase.index is None:
        return ""
    if view.control.holding:
        return control_text.HELD
    return text.SETTLE if view.phase.kind == "settle" else ""
