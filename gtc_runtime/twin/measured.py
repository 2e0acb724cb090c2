"""The phases of a cycle as they are measured, each looked at once when its requests have ended.

It must not know what was predicted.
"""

from __future__ import annotations

from typing import Final

from gtc_runtime.load.figures.slice_book import SliceBook
from gtc_runtime.scenario import report
from gtc_runtime.scenario.cycle_log import CycleLog
from gtc_runtime.scenario.report import JSON

EVERY_S: Final = 5.0
REPORTED_S: Final = 2.0
"""So long after the end of a phase every request that was due in it has been reported."""
PATIENCE_S: Final = 120.0
"""A request that is open for longer is not waited for."""


class Measured:
    """One cycle after the other.

    Args:
        phases: How many a whole cycle has.
    """

    def __init__(self, phases: int) -> None:
        self._phases = phases
        self._log = CycleLog()
        self._found: list[JSON] = []
        self._next_s = 0.0

    @property
    def log(self) -> CycleLog:
        """The cycle that is looked at."""
        return self._log

    def see(self, log: CycleLog, book: SliceBook, now_s: float) -> list[JSON] | None:
        """Look, now and then.

        Args:
            log: The newest cycle; what is left of the one before is looked at first.
            book: Statistics of both.
            now_s: Clock of both.

        Returns:
            The phases of a cycle when all of it has been looked at, once; else None.
        """
        if now_s < self._next_s:
            return None
        self._next_s = now_s + EVERY_S
        place = len(self._found)
        if place < len(self._log.spans) and self._log.spans[place].measured:
            return self._look(place, book, now_s)
        if log is not self._log:
            self._log, self._found = log, []
        return None

    def _look(self, place: int, book: SliceBook, now_s: float) -> list[JSON] | None:
        span = self._log.spans[place]
        since_s = now_s - span.main_end_s
        if since_s < REPORTED_S:
            return None
        found = report.phase(self._log, span, book)
        if found["open"] > 0 and since_s < PATIENCE_S:
            return None
        self._found.append(found)
        whole = len(self._found) == self._phases and not self._log.interrupted
        return self._found if whole else None
