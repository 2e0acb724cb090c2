"""Holds requests back while Kubernetes does not answer, so that nobody storms it on its return.

Every part asks again in its own time; together they would send a dozen requests a second to a
server that is away. It must not know what is asked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

AFTER_FAILURES: Final = 6
"""So many in a row, with no answer between them, are no accident."""


class Outage:
    """Counts what was not answered.

    Args:
        clock: Monotonic seconds.
        ask_every_s: Between two requests meanwhile; one answer and all go out again.
    """

    def __init__(self, clock: Callable[[], float], ask_every_s: float) -> None:
        self._clock, self._ask_every_s = clock, ask_every_s
        self._failures = 0
        self._next_s = 0.0

    def may_ask(self) -> bool:
        """Whether a request may go out now; it counts as the one of its time."""
        if self._failures < AFTER_FAILURES:
            return True
        now = self._clock()
        if now < self._next_s:
            return False
        self._next_s = now + self._ask_every_s
        return True

    def note(self, *, answered: bool) -> None:
        """A request was answered, or not."""
        self._failures = 0 if answered else self._failures + 1
        if self._failures == AFTER_FAILURES:
            self._next_s = self._clock() + self._ask_every_s
