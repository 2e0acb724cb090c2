"""How long after workers became ready a latency was back: the first window in which it is.

The window is that of the figures on screen. Pure; it must not know who asks, nor for which limit.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from gtc_runtime.load.figures.slice_book import SliceBook
from gtc_runtime.load.figures.stats import Tally
from gtc_runtime.scenario.report import quantiles
from gtc_runtime.scenario.story import Measure
from gtc_runtime.view import WINDOW_S


class Latency(NamedTuple):
    """Which latency of whose requests."""

    measure: Measure
    quantile: str
    key: str


class Recovery:
    """Looks, second by second, for the first window in which a latency is back within a limit.

    The first window ends when the workers are ready, and a window counts once each of its requests
    has its first token: those that still wait are the slow ones.

    Args:
        latency: What is measured.
        ready_s: When the workers became ready, on the clock of the statistics.

    Attributes:
        after_s: Seconds from ready to the end of the window that was found; None before.
        value_ms: The latency in the newest window that counts, the one that was found at last.
    """

    def __init__(self, latency: Latency, ready_s: float) -> None:
        self._latency, self._ready_s = latency, ready_s
        self._end_s = math.ceil(ready_s)
        self.after_s: float | None = None
        self.value_ms: float | None = None

    def look(self, book: SliceBook, until_s: float, limit_ms: float) -> None:
        """Look at every window that ends by ``until_s`` and was not looked at before."""
        while self.after_s is None and self._end_s <= until_s:
            tally = book.window(self._end_s - WINDOW_S, self._end_s)[self._latency.key]
            if self._latency.measure == "ttft" and waiting(tally):
                return
            self.value_ms = value_ms(tally, self._latency)
            if self.value_ms is not None and self.value_ms <= limit_ms:
                self.after_s = self._end_s - self._ready_s
            self._end_s += 1


def waiting(tally: Tally) -> int:
    """How many requests may still get their first token."""
    return max(0, min(tally.open, tally.due - tally.shed - tally.n))


def value_ms(tally: Tally, latency: Latency) -> float | None:
    """A latency over the requests of a tally, as a report writes it; None without samples."""
    found: float | None = quantiles(getattr(tally, latency.measure))[latency.quantile]
    return found
