"""The slices that the load process has reported, and windows cut out of them. Lives in the parent.

Pure arithmetic, like `stats.py`: no event loop, no input or output, no clock. It must not know how
snapshots travel, nor who shows the figures.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
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
    """Some seconds in a row, and their sum, so that long windows need not look at each.

    What is seldom asked for is packed, seconds and sum: a day of it would fill a machine's memory.
    What arrives for a packed block is kept beside it, until it is packed again.
    """

    _sums: dict[Key, Tally] = field(default_factory=dict)
    _packed_sums: bytes = b""
    _seconds: Slices = field(default_factory=dict)
    _packed: dict[int, list[bytes]] = field(default_factory=dict)

    def add(self, second: int, tallies: Mapping[Key, Tally]) -> None:
        """Add increments of one second."""
        _merge(self._seconds.setdefault(second, {}), tallies)
        _merge(self._sums, tallies)

    def whole(self) -> Iterator[Mapping[Key, Tally]]:
        """The sum of all seconds, in parts that add up."""
        if self._packed_sums:
            yield _unpacked(self._packed_sums)
        yield self._sums

    def parts(self, seconds: Iterable[int]) -> Iterator[Mapping[Key, Tally]]:
        """All that is known of some seconds, in parts that add up."""
        for second in seconds:
            yield from map(_unpacked, self._packed.get(second, ()))
            if second in self._seconds:
                yield self._seconds[second]

    def known(self) -> list[int]:
        """The seconds of which something is known."""
        return sorted(self._seconds.keys() | self._packed.keys())

    def pack(self) -> None:
        """Hold what there is in a small part of its room."""
        for second, tallies in self._seconds.items():
            self._packed.setdefault(second, []).append(_packed(tallies))
        if self._sums:
            sums: dict[Key, Tally] = {}
            for part in self.whole():
                _merge(sums, part)
            self._packed_sums = _packed(sums)
        self._seconds, self._sums = {}, {}


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
            self._blocks.setdefault(second // BLOCK_S, _Block()).add(second, tallies)
            _merge(self._totals, tallies)
        newest = int(snapshot.at_s) // BLOCK_S
        if newest != self._newest:
            self._newest = newest
            self._pack_before(newest - 1)
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
            within = range(max(begin, first), min(end, first + BLOCK_S))
            for part in block.whole() if len(within) == BLOCK_S else block.parts(within):
                _merge(sums, part)
        return WindowStats(start_s, end_s, _with_sums(sums))

    def totals(self) -> Mapping[str, Tally]:
        """Everything since the start or the last `reset`, by key of STAT_KEYS."""
        return _with_sums(self._totals)

    def settle_open(self) -> None:
        """The load process died: what it left open counts as cancelled from now on."""
        for block in self._blocks.values():
            for second in block.known():
                tallies: dict[Key, Tally] = {}
                for part in block.parts([second]):
                    _merge(tallies, part)
                lost = {
                    key: Tally(failed={Outcome.CANCELLED: tally.open})
                    for key, tally in tallies.items()
                    if tally.open > 0
                }
                block.add(second, lost)
                _merge(self._totals, lost)

    def reset(self) -> None:
        """Forget everything. Call it when no request is open, or later ends will have no due."""
        self._blocks.clear()
        self._kept = range(0)
        self._totals.clear()

    def _pack_before(self, newest: int) -> None:
        """Pack the blocks before this one: what is drawn now lies behind it."""
        for number, block in self._blocks.items():
            if number < newest:
                block.pack()


def _packed(tallies: Mapping[Key, Tally]) -> bytes:
    plain = {key: tally.to_json() for key, tally in tallies.items()}
    return zlib.compress(json.dumps(plain, separators=(",", ":")).encode(), 1)


def _unpacked(packed: bytes) -> dict[Key, Tally]:
    plain = json.loads(zlib.decompress(packed))
    return {key: Tally.from_json(tally) for key, tally in plain.items()}


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
