"""When requests are due: an absolute schedule whose rate may change at any moment.

The schedule counts in intervals, not in seconds: each gap is a number of intervals with mean 1.
A change of rate keeps the unused part of the current interval and stretches it to the new rate, so
that changing the rate every second neither starves the schedule nor makes a burst. A ramp is a rate
that changes evenly. Pure: it is told the time and draws from its own seeded generator.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import Literal

Pacing = Literal["poisson", "paced", "constant"]
"""How requests are spread in time: at random, evenly with +-30 % jitter, or exactly evenly."""

RAMP_MIN_S = 1e-3
"""A ramp that is shorter is none."""
JITTER = 0.3
"""Paced arrivals: each gap is between 0.7 and 1.3 intervals."""


@dataclass(frozen=True)
class _Ramp:
    """A rate that goes evenly from one value to another.

    Attributes:
        begin_s, end_s: When.
        from_rps, to_rps: The rates there.
    """

    begin_s: float
    end_s: float
    from_rps: float
    to_rps: float

    @property
    def _slope(self) -> float:
        return (self.to_rps - self.from_rps) / (self.end_s - self.begin_s)

    def rate(self, at_s: float) -> float:
        """The rate at a moment."""
        within_s = min(max(at_s, self.begin_s), self.end_s) - self.begin_s
        return self.from_rps + self._slope * within_s

    def passed(self, from_s: float, until_s: float) -> float:
        """Intervals that pass between two moments of the ramp."""
        until_s = min(until_s, self.end_s)
        if until_s <= from_s:
            return 0.0
        return (until_s - from_s) * (self.rate(from_s) + self.rate(until_s)) / 2

    def after(self, from_s: float, intervals: float) -> float:
        """When so many intervals have passed, which must be within the ramp."""
        rate, slope = self.rate(from_s), self._slope
        # intervals = rate t + slope t²/2, in the form that loses nothing where slope is small
        root = math.sqrt(max(0.0, rate * rate + 2 * slope * intervals))
        return from_s + (2 * intervals / (rate + root) if rate + root > 0 else 0.0)


class Arrivals:
    """Due times at a rate, in seconds of the caller's monotonic clock.

    Args:
        seed: Equal seeds give equal schedules.
        now_s: When the schedule begins; the rate is 0 until `set_rate`.
    """

    def __init__(self, seed: int, now_s: float) -> None:
        self._random = random.Random(seed)
        self._pacing: Pacing = "paced"
        self._rate = 0.0
        self._ramp: _Ramp | None = None  # to that rate; None once it is over
        self._anchor_s = now_s
        self._left = self._gap()  # intervals between the anchor and the next due time

    @property
    def next_due_s(self) -> float | None:
        """When the next request is due; None at rate 0."""
        if self._rate <= 0:
            return None
        anchor_s, left = self._anchor_s, self._left
        if self._ramp is not None:
            if left < (rest := self._ramp.passed(anchor_s, self._ramp.end_s)):
                return self._ramp.after(anchor_s, left)
            anchor_s, left = max(anchor_s, self._ramp.end_s), left - rest
        return anchor_s + left / self._rate

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

    def set_rate(self, rate_rps: float, pacing: Pacing, now_s: float, ramp_s: float = 0.0) -> None:
        """Change rate and spread from `now_s` on; slots due before must have been popped.

        A slot that is overdue becomes due now: nothing is caught up.

        Args:
            rate_rps: Requests a second.
            pacing: How they are spread.
            now_s: From when on.
            ramp_s: The rate gets there evenly in so many seconds.
        """
        self._left = max(0.0, self._left - self._passed(now_s))
        before_rps = self._rate if self._ramp is None else self._ramp.rate(now_s)
        self._anchor_s = now_s
        self._rate = rate_rps
        ramps = ramp_s >= RAMP_MIN_S and rate_rps > 0
        self._ramp = _Ramp(now_s, now_s + ramp_s, before_rps, rate_rps) if ramps else None
        if pacing != self._pacing:
            self._pacing = pacing
            self._left = min(self._left, self._gap())

    def _passed(self, now_s: float) -> float:
        """Intervals between the anchor and `now_s`."""
        if self._ramp is None:
            return max(0.0, now_s - self._anchor_s) * self._rate
        flat_s = max(0.0, now_s - max(self._ramp.end_s, self._anchor_s))
        return self._ramp.passed(self._anchor_s, now_s) + flat_s * self._rate

    def _gap(self) -> float:
        """One gap in intervals; the mean is 1."""
        if self._pacing == "poisson":
            return self._random.expovariate(1.0)
        if self._pacing == "paced":
            return 1.0 + self._random.uniform(-JITTER, JITTER)
        return 1.0
