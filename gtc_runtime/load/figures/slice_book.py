"""The slices that the load process has reported, and windows cut out of them. Lives in the parent.

Pure arithmetic, like `stats.py`: no event loop, no input or output, no clock. It must not know how
snapshots travel, nor who shows the figures.
"""

from __future__ import annotations

import json
import zlib
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from gtc_runtime.load.figures.snapshot import Snapshot
from gtc_runtime.load.figures.stats import Tally
from gtc_runtime.load.records import KEYS, STAT_KEYS, Key, Outcome
from gtc_spec.workloads import FACTS, SUMMED

BLOCK_S: Final = 30
"""Seconds of a block."""
DRAWN_S: Final = 60.0
"""Nothing that is drawn again and again looks back further."""
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
class _Kept:
    """What is known of some time: what came last as it is, and all before it packed, in one piece.

    A second of a busy run takes 160 KB as it is and 4 KB packed; a day of them would fill a
    machine's memory.
    """

    _new: dict[Key, Tally] = field(default_factory=dict)
    _packed: bytes = b""

    @property
    def is_packed(self) -> bool:
        """Whether nothing is held as it is."""
        return not self._new

    def add(self, tallies: Mapping[Key, Tally]) -> None:
        """Add increments."""
        _merge(self._new, tallies)

    def parts(self) -> Iterator[Mapping[Key, Tally]]:
        """All that is known, in parts that add up."""
        if self._packed:
            yield _unpacked(self._packed)
        yield self._new

    def pack(self) -> None:
        """Hold everything in a small part of its room."""
        whole: dict[Key, Tally] = {}
        for part in self.parts():
            _merge(whole, part)
        self._packed, self._new = _packed(whole), {}


@dataclass(slots=True)
class _Block:
    """Some seconds in a row, and their sum, so that long windows need not look at each."""

    sum: _Kept = field(default_factory=_Kept)
    seconds: dict[int, _Kept] = field(default_factory=dict)

    def at(self, second: int) -> tuple[_Kept, _Kept]:
        """Where increments of one second belong."""
        return self.seconds.setdefault(second, _Kept()), self.sum

    def parts(self, within: range) -> Iterator[Mapping[Key, Tally]]:
        """All that is known of some of its seconds, in parts that add up."""
        if all(second in within for second in self.seconds):
            yield from self.sum.parts()
            return
        for second in within:
            if second in self.seconds:
                yield from self.seconds[second].parts()


class SliceBook:
    """Keeps the slices of the recent past and everything ever counted. Lives in the parent.

    Args:
        horizon_s: How long slices are kept at least, in seconds. Totals are kept for good.
        drawn_s: What arrived within so many seconds is at hand; all that came before it is packed,
            and a second of it takes a millisecond to look at.
    """

    def __init__(self, horizon_s: int = 1800, drawn_s: float = DRAWN_S) -> None:
        self._horizon_s, self._drawn_s = horizon_s, drawn_s
        self._blocks: dict[int, _Block] = {}
        self._kept, self._newest_s = range(0), 0.0
        self._at_hand: deque[tuple[float, _Kept]] = deque()  # by when its first part arrived
        self._totals: dict[Key, Tally] = {}

    def add(self, snapshot: Snapshot) -> None:
        """Add the increments of a snapshot and forget slices older than the horizon."""
        self._newest_s = snapshot.at_s
        for second, tallies in snapshot.slices.items():
            self._count(second, tallies)
        while self._at_hand and self._at_hand[0][0] < snapshot.at_s - self._drawn_s:
            self._at_hand.popleft()[1].pack()
        oldest = (int(snapshot.at_s) - self._horizon_s) // BLOCK_S
        for number in [each for each in self._blocks if each < oldest and each not in self._kept]:
            del self._blocks[number]

    def keep_from(self, start_s: float) -> None:
        """Keep what begins now, longer than the horizon: until the next call, `KEPT_S` of it."""
        first = int(start_s) // BLOCK_S
        self._kept = range(first, first + KEPT_S // BLOCK_S)

    def keep_so_far(self) -> None:
        """What `keep_from` keeps ends now; it is kept still, and what comes after it is not."""
        self._kept = range(
            self._kept.start, min(self._kept.stop, int(self._newest_s) // BLOCK_S + 1)
        )

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
            for part in block.parts(range(max(begin, first), min(end, first + BLOCK_S))):
                _merge(sums, part)
        return WindowStats(start_s, end_s, _with_sums(sums))

    def totals(self) -> Mapping[str, Tally]:
        """Everything since the start or the last `reset`, by key of STAT_KEYS."""
        return _with_sums(self._totals)

    def settle_open(self) -> None:
        """The load process died: what it left open counts as cancelled from now on."""
        for block in self._blocks.values():
            for second, kept in block.seconds.items():
                tallies: dict[Key, Tally] = {}
                for part in kept.parts():
                    _merge(tallies, part)
                lost = {
                    key: Tally(failed={Outcome.CANCELLED: tally.open})
                    for key, tally in tallies.items()
                    if tally.open > 0
                }
                self._count(second, lost)

    def reset(self) -> None:
        """Forget everything. Call it when no request is open, or later ends will have no due."""
        self._blocks.clear()
        self._at_hand.clear()
        self._kept = range(0)
        self._totals.clear()

    def _count(self, second: int, tallies: Mapping[Key, Tally]) -> None:
        """Add increments of one second to all that it belongs to."""
        if not tallies:
            return
        for kept in self._blocks.setdefault(second // BLOCK_S, _Block()).at(second):
            if kept.is_packed:
                self._at_hand.append((self._newest_s, kept))
            kept.add(tallies)
        _merge(self._totals, tallies)


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
