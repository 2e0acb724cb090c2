"""Holds requests back while Kubernetes does not answer, so that nobody storms it on its return.

Every part asks again in its own time; together they would send a dozen requests a second to a
server that is away. It must not know what is asked.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
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
        self._failures = self._underway = 0
        self._since_s = self._next_s = 0.0

    def may_ask(self, *, writes: bool = False) -> bool:
        """Whether a request may go out now; it counts as the one of its time.

        Once one has failed, those that are underway count as well: each of them may take its whole
        time limit to fail. What writes is not kept waiting by a mere doubt.
        """
        doubted = 0 if writes or not self._failures else self._underway
        if self._failures + doubted < AFTER_FAILURES:
            return True
        now = self._clock()
        if self._failures < AFTER_FAILURES or now < self._next_s:
            return False
        self._next_s = now + self._ask_every_s
        return True

    @contextlib.contextmanager
    def underway(self) -> Iterator[float]:
        """A request is on its way while the block runs; since when, for `note`."""
        self._underway += 1
        try:
            yield self._clock()
        finally:
            self._underway -= 1

    def note(self, *, answered: bool, asked_s: float) -> None:
        """A request was answered, or not.

        An answer to what was asked before the first failure says nothing of now: a server that
        goes away finishes what it has begun.
        """
        if answered:
            if asked_s >= self._since_s:
                self._failures = 0
            return
        if not self._failures:
            self._since_s = self._clock()
        self._failures += 1
        if self._failures == AFTER_FAILURES:
            self._next_s = self._clock() + self._ask_every_s
