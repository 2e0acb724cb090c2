"""Where the show stands on the strip of its phases, and where on it workers were scaled.

Pure arithmetic; it must not know widgets.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from gtc_runtime.view import DemoView, PhaseView
from gtc_spec.phases import Phase


def places(phases: tuple[Phase, ...]) -> list[int]:
    """Place on the strip of every segment of the timeline; a settle tail belongs to its phase."""
    return [place for place, phase in enumerate(phases) for _ in range(2 if phase.settle else 1)]


def state_of(place: int, now: int | None) -> Literal["past", "now", "next"]:
    """Whether a phase is over, runs, or is still to come; all are while no show runs."""
    if now is None or place > now:
        return "next"
    return "now" if place == now else "past"


def share_done(phase: PhaseView, length_s: float, planned: Phase | None) -> float:
    """How much of a phase is over, 0-1, its settle tail included.

    Args:
        phase: Where the show stands.
        length_s: Length of the phase on the strip.
        planned: The phase in the table, for the length of its settle tail.
    """
    if phase.ends_in_s is None or length_s <= 0:
        return 0.0
    tail = planned.settle.duration_s if planned and planned.settle and phase.kind == "main" else 0
    return min(1.0, max(0.0, 1 - (phase.ends_in_s + tail) / length_s))


class StripMark(NamedTuple):
    """An order or its readiness, where the show stood at the time.

    Attributes:
        place: Phase of the strip, counted from 0.
        share: How much of that phase was over, 0-1.
        kind: ``scale`` or ``ready``, as the event.
    """

    place: int
    share: float
    kind: str


class StripMarks:
    """Remembers the marks of the running cycle; one for all displays.

    Args:
        phases: The phase table of the show.
    """

    def __init__(self, phases: tuple[Phase, ...]) -> None:
        self._phases, self._places = phases, places(phases)
        self._cycle: int | None = None
        self._newest = ""
        self._marks: tuple[StripMark, ...] = ()

    def see(self, view: DemoView) -> tuple[StripMark, ...]:
        """All marks of the cycle after this view; none while no show runs."""
        phase = view.phase
        running = phase.cycle if phase.index is not None else None
        if running != self._cycle:
            self._cycle, self._marks = running, ()
        fresh = [event for event in view.events if event.at > self._newest]
        self._newest = max([self._newest, *(event.at for event in fresh)])
        if phase.index is None or phase.index >= len(self._places):
            return ()
        place = self._places[phase.index]
        share = share_done(phase, view.strip[place].length_s, self._phases[place])
        kinds = [event.kind for event in fresh if event.kind in ("scale", "ready")]
        new = [StripMark(place, round(share, 3), kind) for kind in dict.fromkeys(kinds)]
        self._marks += tuple(new)
        return self._marks
