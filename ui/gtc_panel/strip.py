"""Where the show stands on the strip of its phases, and where on it workers were scaled.

Pure arithmetic; it must not know widgets.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from gtc_runtime.view import DemoView, PhaseView, PoolView
from gtc_spec.phases import Phase
from gtc_spec.pools import Role

MarkKind = Literal["ordered", "ready", "fewer"]
"""Workers were ordered; all that were ordered are ready; or the pool was told to shrink."""


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
        length_s: Length of the phase on the strip, as planned.
        planned: The phase in the table, for the length of its settle tail.
    """
    settle_s = planned.settle.duration_s if planned and planned.settle else 0.0
    before_s, tail_s = (0.0, settle_s) if phase.kind == "main" else (length_s - settle_s, 0.0)
    done_s = before_s + phase.elapsed_s
    # as long as it is now: the presenter may have made it longer, and a gate may be closed
    whole_s = length_s if phase.ends_in_s is None else done_s + phase.ends_in_s + tail_s
    return min(1.0, done_s / whole_s) if whole_s > 0 else 0.0


class StripMark(NamedTuple):
    """What happened to a pool, where the show stood at the time.

    Attributes:
        place: Phase of the strip, counted from 0.
        share: How much of that phase was over, 0-1.
        kind: What happened.
        role: To which pool.
    """

    place: int
    share: float
    kind: MarkKind
    role: Role


class StripMarks:
    """Remembers the marks of one cycle until the next one begins; one for all displays.

    Args:
        phases: The phase table of the show.
    """

    def __init__(self, phases: tuple[Phase, ...]) -> None:
        self._phases, self._places = phases, places(phases)
        self._changes = PoolChanges()
        self._cycle = 0
        self._index: int | None = None
        self._marks: tuple[StripMark, ...] = ()

    def see(self, view: DemoView) -> tuple[StripMark, ...]:
        """All marks of the cycle after this view; those of the last one while no show runs."""
        phase, before = view.phase, self._index
        changes = list(self._changes.see(view.pools))
        self._index = phase.index
        if phase.index is None or phase.index >= len(self._places):
            return self._marks
        begins = phase.index == 0 if before is None else phase.index < before
        if begins or phase.cycle != self._cycle:
            self._cycle, self._marks = phase.cycle, ()
        place = self._places[phase.index]
        share = share_done(phase, view.strip[place].length_s, self._phases[place])
        self._marks += tuple(StripMark(place, round(share, 3), *change) for change in changes)
        return self._marks


class PoolChanges:
    """Tells from one view to the next what was asked of a pool, and when it was there."""

    def __init__(self) -> None:
        self._desired: dict[Role, int] = {}
        self._awaited: set[Role] = set()

    def see(self, pools: Iterable[PoolView]) -> Iterator[tuple[MarkKind, Role]]:
        """What is new in these pools; nothing about a pool that is not known."""
        for pool in pools:
            if pool.desired is None or pool.ready is None:
                continue
            before = self._desired.get(pool.role, pool.desired)
            self._desired[pool.role] = pool.desired
            if pool.desired > before:
                self._awaited.add(pool.role)
                yield "ordered", pool.role
            if pool.desired < before:
                self._awaited.discard(pool.role)
                yield "fewer", pool.role
            if pool.role in self._awaited and pool.ready >= pool.desired:
                self._awaited.remove(pool.role)
                yield "ready", pool.role
