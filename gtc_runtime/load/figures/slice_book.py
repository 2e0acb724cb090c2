"""The slices that the load process has reported, and windows cut out of them. Lives in the parent.

Pure arithmetic, like `stats.py`: no event loop, no input or output, no clock. It must not know how
snapshots travel, nor who shows the figures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from gtc_runtime.load.figures.snapshot import Snapshot
from gtc_runtime.load.figures.stats import Slices, Tally
from gtc_runtime.load.records import KEYS, STAT_KEYS, Key, Outcome
from gtc_spec.workloads import FACTS, SUMMED

BLOCK_S: Final = 30
"""Seconds of a block."""
KEPT_S: Final = 3600
"""So much of a cycle is kept for its report, whatever holds it up."""

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


@dataclass(slots=True)
class _Block:
    """Some seconds in a row, and their sum, so that long windows need not look at each."""

    seconds: Slices = field(default_factory=dict)
    sums: dict[Key, Tally] = field(default_factory=dict)


class SliceBook:
    """Keeps the slices of the recent past and everything ever counted. Lives in the parent.

    Args:
        horizon_s: How long slices are kept at least, in seconds. Totals are kept for good.
    """

    def __init__(self, horizon_s: int = 1800) -> None:
        self._horizon_s = horizon_s
        self._blocks: dict[int, _Block] = {}
        self._kept, self._newest = range(0), 0
        self._totals: dict[Key, Tally] = {}

    def add(self, snapshot: Snapshot) -> None:
        """Add the increments of a snapshot and forget slices older than the horizon."""
        for second, tallies in snapshot.slices.items():
            block = self._blocks.setdefault(second // BLOCK_S, _Block())
            _merge(block.seconds.setdefault(second, {}), tallies)
            _merge(block.sums, tallies)
            _merge(self._totals, tallies)
        self._newest = int(snapshot.at_s) // BLOCK_S
        oldest = (int(snapshot.at_s) - self._horizon_s) // BLOCK_S
        for number in [each for each in self._blocks if each < oldest and each not in self._kept]:
            del self._blocks[number]

    def keep_from(self, start_s: float) -> None:
        """Keep what begins now, longer than the horizon: until the next call, `KEPT_S` of it."""
        first = int(start_s) // BLOCK_S
        self._kept = range(first, first + KEPT_S // BLOCK_S)

    def keep_so_far(self) -> None:
        """What `keep_from` keeps ends now; it is kept still, and what comes after it is not."""
        self._kept = range(self._kept.start, min(self._kept.stop, self._newest + 1))

    def window(self, start_s: float, end_s: float) -> WindowStats:
        """Statistics of all slices whose second lies in [start_s, end_s).

        Whole blocks are summed already: half a minute costs 1 to 3 ms, half an hour 25 to 40 ms.
        """
        sums: dict[Key, Tally] = {}
        begin, end = int(start_s), max(int(start_s), -int(-end_s // 1))
        for number in range(begin // BLOCK_S, -(-end // BLOCK_S)):
            block, first = self._blocks.get(number), number * BLOCK_S
            if block is None:
                continue
            if begin <= first and first + BLOCK_S <= end:
                _merge(sums, block.sums)
                continue
            for second in range(max(begin, first), min(end, first + BLOCK_S)):
                _merge(sums, block.seconds.get(second, {}))
        return WindowStats(start_s, end_s, _with_sums(sums))

    def totals(self) -> Mapping[str, Tally]:
        """Everything since the start or the last `reset`, by key of STAT_KEYS."""
        return _with_sums(self._totals)

    def settle_open(self) -> None:
        """The load process died: what it left open counts as cancelled from now on."""
        for block in self._blocks.values():
            for tallies in block.seconds.values():
                lost = {
                    key: Tally(failed={Outcome.CANCELLED: tally.open})
                    for key, tally in tallies.items()
                    if tally.open > 0
                }
                for sums in (tallies, block.sums, self._totals):
                    _merge(sums, lost)

    def reset(self) -> None:
        """Forget everything. Call it when no request is open, or later ends will have no due."""
        self._blocks.clear()
        self._kept = range(0)
        self._totals.clear()


def _merge(sums: dict[Key, Tally], tallies: Mapping[Key, Tally]) -> None:
    for key, tally in tallies.items():
        sums.setdefault(key, Tally()).merge(tally)


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
