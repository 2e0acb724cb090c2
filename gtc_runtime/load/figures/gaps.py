"""Gaps between arrivals, counted by the native core: the twin of `recorder.Gaps`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gtc_runtime.load.figures.histogram import SCALE
from gtc_runtime.load.figures.stats import Slices, tally_at
from gtc_runtime.load.records import Key

if TYPE_CHECKING:  # the native core may not have been built
    from gtc_runtime.load.native import _core


class NativeGaps:
    """Gaps before arrivals, by the second in which they ended.

    Args:
        core: The native core.

    Attributes:
        counts: What the core adds to.
        add: `(at_s, gap_s, tokens=1)`: output arrived at `at_s`, `gap_s` after the one before.
    """

    __slots__ = ("add", "counts")

    def __init__(self, core: type[_core.Gaps]) -> None:
        self.counts = core(*SCALE)
        self.add = self.counts.add

    def move_to(self, slices: Slices, key: Key) -> None:
        """Add everything to slices and be empty."""
        for second, (tokens, stalls, latencies) in self.counts.take().items():
            tally = tally_at(slices, second, key)
            tally.tokens += tokens
            for index, count in stalls.items():
                tally.stall.add_at(index, count)
            for index, count in latencies.items():
                tally.itl.add_at(index, count)
