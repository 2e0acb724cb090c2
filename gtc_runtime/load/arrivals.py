"""When requests are due: an absolute schedule whose rate may change at any moment.

The schedule counts in intervals, not in seconds: each gap is a number of intervals with mean 1.
A change of rate keeps the unused part of the current interval and stretches it to the new rate, so
that changing the rate every second neither starves the schedule nor makes a burst. Pure: it is
told the time and draws from its own seeded generator.
"""

from __future__ import annotations

import random
from typing import Literal

Pacing = Literal["poisson", "paced", "constant"]
"""How requests are spread in time: at random, evenly with +-30 % jitter, or exactly evenly."""

JITTER = 0.3
"""Paced arrivals: each gap is between 0.7 and 1.3 intervals."""


class Arrivals:
    """Due times at a rate, in seconds of the caller's monotonic clock.

    Args:
        seed: Equal seeds give equal schedules.
        now_s: When the schedule begins; the rate is 0 until `configure`.
    """

    def __init__(self, seed: int, now_s: float) -> None:
        self._random = random.Random(seed)
        self._pacing: Pacing = "paced"
        self._rate = 0.0
        self._anchor_s = now_s
        self._left = self._gap()  # intervals between the anchor and the next due time

    @property
    def next_due_s(self) -> float | None:
        """When the next request is due; None at rate 0."""
        if self._rate <= 0:
            return None
        return self._anchor_s + self._left / self._rate

    def pop(self) -> float:
        """Take the next due time off the schedule.

        Raises:
            ValueError: The rate is 0, nothing is due.
        """
        due_s = self.next_due_s
        if due_s is None:
            raise ValueError("nothing is due at rate 0")
        self._anchor_s = due_s
        self._left = self._gap()
        return due_s

    def configure(self, rate_rps: float, pacing: Pacing, now_s: float) -> None:
        """Change rate and spread from `now_s` on; slots due before must have been popped.

        A slot that is overdue becomes due now: nothing is caught up.
        """
        passed = max(0.0, now_s - self._anchor_s) * self._rate
        self._left = max(0.0, self._left - passed)
        self._anchor_s = now_s
        self._rate = rate_rps
        if pacing != self._pacing:
            self._pacing = pacing
            self._left = min(self._left, self._gap())

    def _gap(self) -> float:
        """One gap in intervals; the mean is 1."""
        if self._pacing == "poisson":
            return self._random.expovariate(1.0)
        if self._pacing == "paced":
            return 1.0 + self._random.uniform(-JITTER, JITTER)
        return 1.0
