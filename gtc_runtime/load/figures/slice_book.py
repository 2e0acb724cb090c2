"""The slices that the load process has reported, and windows cut out of them. Lives in the parent.

Pure arithmetic, like `stats.py`: no event loop, no input or output, no clock. It must not know how
snapshots travel, nor who shows the figures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gtc_runtime.load.figures.snapshot import Snapshot
from gtc_runtime.load.figures.stats import Slices, Tally
from gtc_runtime.load.records import KEYS, STAT_KEYS, Key, Outcome
from gtc_spec.workloads import FACTS, SUMMED

_SUM_OF = {key: workload for workload in SUMMED for key in FACTS[workload].keys}


@dataclass(frozen=True)
class WindowStats:
    """Statistics of a stretch of time by key: the measured ones and the sums of them.

    Attributes:
        start_s: First second of the window, CLOCK_MONOTONIC.
        end_s: End of the window (exclusive).
        by_key: One tally for each of STAT_KEYS.
    """

    start_s: float
    end_s: float
    by_key: Mapping[str, Tally]

    def __getitem__(self, key: str) -> Tally:
        return self.by_key[key]

    @property
    def length_s(self) -> float:
        """Length of the window in seconds."""
        return self.end_s - self.start_s


class SliceBook:
    """Keeps the slices of the recent past and everything ever counted. Lives in the parent.

    Args:
        horizon_s: How long slices are kept, in seconds. Totals are kept for good.
    """

    def __init__(self, horizon_s: int = 1800) -> None:
        self._horizon_s = horizon_s
        self._slices: Slices = {}
        self._totals: dict[Key, Tally] = {}

    def add(self, snapshot: Snapshot) -> None:
        """Add the increments of a snapshot and forget slices older than the horizon."""
        for second, tallies in snapshot.slices.items():
            kept = self._slices.setdefault(second, {})
            for key, tally in tallies.items():
                kept.setdefault(key, Tally()).merge(tally)
                self._totals.setdefault(key, Tally()).merge(tally)
        oldest = int(snapshot.at_s) - self._horizon_s
        for second in [second for second in self._slices if second < oldest]:
            del self._slices[second]

    def window(self, start_s: float, end_s: float) -> WindowStats:
        """Statistics of all slices whose second lies in [start_s, end_s).

        The cost grows with the length: about 0.1 ms for each second of full load.
        """
        sums: dict[Key, Tally] = {}
        for second in range(int(start_s), max(int(start_s), -int(-end_s // 1))):
            for key, tally in self._slices.get(second, {}).items():
                sums.setdefault(key, Tally()).merge(tally)
        return WindowStats(start_s, end_s, _with_sums(sums))

    def totals(self) -> Mapping[str, Tally]:
        """Everything since the start or the last `reset`, by key of STAT_KEYS."""
        return _with_sums(self._totals)

    def settle_open(self) -> None:
        """The load process died: what it left open counts as cancelled from now on."""
        for tallies in self._slices.values():
            for key, tally in tallies.items():
                left = max(0, tally.open)
                if left:
                    lost = Tally(failed={Outcome.CANCELLED: left})
                    tally.merge(lost)
                    self._totals.setdefault(key, Tally()).merge(lost)

    def reset(self) -> None:
        """Forget everything. Call it when no request is open, or later ends will have no due."""
        self._slices.clear()
        self._totals.clear()


def _with_sums(measured: Mapping[Key, Tally]) -> dict[str, Tally]:
    """Every key of STAT_KEYS: the measured ones and the sums of them; others if seen."""
    out = {key: Tally() for key in STAT_KEYS}
    for key in KEYS:
        if (tally := measured.get(key)) is None:
            continue
        out.setdefault(key, Tally()).merge(tally)
        out["all"].merge(tally)
        if (whole := _SUM_OF.get(key)) is not None:
            out[whole].merge(tally)
    return out
