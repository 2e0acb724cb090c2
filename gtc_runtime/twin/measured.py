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
        self._seen = 0
        self._next_s = 0.0

    @property
    def whole(self) -> bool:
        """Whether every phase of its cycle has been looked at."""
        return self._seen == self._phases and not self._log.interrupted

    @property
    def log(self) -> CycleLog:
        """The cycle that is looked at."""
        return self._log

    def see(self, log: CycleLog, book: SliceBook, now_s: float) -> JSON | None:
        """Look, now and then.

        Args:
            log: The newest cycle; what is left of the one before is looked at first.
            book: Statistics of both.
            now_s: Clock of both.

        Returns:
            A phase that is over, each one once; else None.
        """
        if now_s < self._next_s:
            return None
        self._next_s = now_s + EVERY_S
        spans = self._log.spans
        if self._seen < len(spans) and spans[self._seen].measured:
            return self._look(book, now_s)
        if log is not self._log:
            self._log, self._seen = log, 0
        return None

    def _look(self, book: SliceBook, now_s: float) -> JSON | None:
        span = self._log.spans[self._seen]
        since_s = now_s - span.main_end_s
        if since_s < REPORTED_S:
            return None
        found = report.phase(self._log, span, book)
        if found["open"] > 0 and since_s < PATIENCE_S:
            return None
        self._seen += 1
        return found
