"""What deserves a mark on a time axis: phases, workers ordered and ready, what somebody ordered.

Read off successive views, so that an order of KEDA's counts like one of the scenario's. Pure; it
must not know who keeps the marks.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gtc_runtime.view import DemoView, PhaseView
from gtc_spec import names
from gtc_spec.phases import phase_title
from gtc_spec.pools import PDRatio

SETTLING: Final = "settling"


@dataclass(eq=False)
class Mark:
    """One instant, or a stretch of time once `end_ms` is known; two marks are never the same.

    Attributes:
        at_ms: Milliseconds since 1970.
        text: For people, a few words: nobody hovers over a wall.
        tags: For machines; the first is always the demo's name.
        lasts: Whether it is a stretch of time.
        end_ms: Its end; None while it still runs.
    """

    at_ms: int
    text: str
    tags: tuple[str, ...]
    lasts: bool = False
    end_ms: int | None = None


class MarkFinder:
    """Compares each view with the ones before it."""

    def __init__(self) -> None:
        self._phase: Mark | None = None
        self._index: tuple[int, int | None] | None = None
        self._ratios: dict[str, PDRatio] = {}
        self._told_until: str | None = None

    def see(self, view: DemoView) -> list[Mark]:
        """Marks that are new or have changed with this view, in order of time.

        A phase is returned when it begins, and the same object again, now with its end, when it is
        over. Whatever is not known changes nothing; a panel that only shows marks nothing.
        """
        if view.mode == "read-only":
            return []
        at_ms = _ms(view.at)
        desired = _ratio([pool.desired for pool in view.pools])
        ready = _ratio([pool.ready for pool in view.pools])
        found = self._phases(view, at_ms)
        found += self._commands(view)
        found += self._scaling("scale", "ordered", desired, view, at_ms)
        return found + self._scaling("ready", "ready", ready, view, at_ms)

    def _phases(self, view: DemoView, at_ms: int) -> list[Mark]:
        phase = view.phase
        index = (phase.cycle, phase.index)
        if index == self._index:
            return []
        self._index = index
        began_ms = at_ms if phase.index is None else at_ms - round(phase.elapsed_s * 1000)
        found = []
        if self._phase is not None:
            self._phase.end_ms = max(self._phase.at_ms, began_ms)
            found.append(self._phase)
            self._phase = None
        if phase.index is not None:
            self._phase = Mark(
                began_ms, _title(phase), _tags(view, "phase", phase.name), lasts=True
            )
            found.append(self._phase)
        return found

    def _commands(self, view: DemoView) -> list[Mark]:
        """What somebody did to load or mode since the view before, and who."""
        # the last one need not be the newest: "earlier: ..." is told with the time of then
        stamps = [event.at for event in view.events]
        seen, self._told_until = self._told_until, max([self._told_until or "", *stamps])
        if seen is None:
            return []
        return [
            Mark(_ms(event.at), f"{event.text}, {event.actor}", _tags(view, "command", event.kind))
            for event in view.events
            if event.at > seen and event.actor and event.kind in ("load", "info")
        ]

    def _scaling(
        self, tag: str, word: str, now: PDRatio | None, view: DemoView, at_ms: int
    ) -> list[Mark]:
        before = self._ratios.get(tag)
        if now is None or now == before:
            return []
        self._ratios[tag] = now
        if before is None:
            return []
        return [Mark(at_ms, f"{before} → {now} {word}", _tags(view, tag, view.mode))]


def _ms(stamp: str) -> int:
    return round(datetime.fromisoformat(stamp).timestamp() * 1000)


def _title(phase: PhaseView) -> str:
    title = phase_title(phase.name)
    return title if phase.kind == "main" else f"{title}, {SETTLING}"


def _tags(view: DemoView, *more: str) -> tuple[str, ...]:
    return (names.DEMO, view.environment, *more)


def _ratio(workers: list[int | None]) -> PDRatio | None:
    """The P:D ratio of both pools; None unless both are known."""
    if len(workers) != 2 or None in workers:
        return None
    prefill, decode = (each or 0 for each in workers)
    return PDRatio(prefill, decode)
