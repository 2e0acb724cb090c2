"""What the schedule is made of: slots, and the forms of load that give them.

Pure: everything is told the time.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from gtc_runtime.load.demand.arrivals import Arrivals
from gtc_runtime.load.demand.forms import Rate, Replay, Streams
from gtc_runtime.load.demand.mix import MixSequence
from gtc_runtime.load.records import SOURCES, Source
from gtc_spec.workloads import WorkloadMix

PAUSE_S = 0.25
"""A stream whose request failed waits so long: a server that refuses is not asked in a frenzy."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One request is due.

    Attributes:
        due_s: When, monotonic seconds.
        workload: Of which workload.
        number: Which slot of this workload it is over all shards, from 0.
    """

    due_s: float
    workload: Source
    number: int


class Slots(Protocol):
    """A form of load in force, as one shard sees it."""

    @property
    def due_s(self) -> float | None:
        """When the next slot is due, of whatever shard; None when none is to come yet."""

    def take(self) -> Slot | None:
        """Take the next slot off; None when it is another shard's."""

    def ended(self, at_s: float, well: bool) -> None:
        """A request ended at `at_s`, well or not."""


class _Dealer:
    """Says of which workload the next slot is, and its number."""

    def __init__(self, mix: WorkloadMix | None) -> None:
        self._sequence: MixSequence | None = None
        self._dealt = dict.fromkeys(SOURCES, 0)
        self.change(mix)

    def change(self, mix: WorkloadMix | None) -> None:
        self._own = mix is None
        if mix is not None:
            self._sequence = self._sequence or MixSequence(mix)
            self._sequence.change(mix)

    def next(self) -> tuple[Source, int]:
        sequence = None if self._own else self._sequence
        workload: Source = "own" if sequence is None else sequence.next()
        number = self._dealt[workload]
        self._dealt[workload] = number + 1
        return workload, number


class RatedSlots:
    """Slots at a rate.

    The slots of each workload go round the shards in turn, so every shard has the mix of the whole.
    The shards begin with different workloads: slots that are neighbours fall to different shards.

    Args:
        seed: Equal seeds give equal slots.
        now_s: When they begin; the rate is 0 until `set_rate`.
        shard, shards: Which of how many take turns.
    """

    def __init__(self, seed: int, now_s: float, shard: int = 0, shards: int = 1) -> None:
        self._arrivals = Arrivals(seed, now_s)
        self._dealer = _Dealer(None)
        self._shard, self._shards = shard, shards

    def set_rate(self, rate: Rate, at_s: float) -> None:
        """Change rate, shares and spread from `at_s` on."""
        self._arrivals.set_rate(rate.rps, rate.pacing, at_s, rate.ramp_s)
        self._dealer.change(rate.mix)

    @property
    def due_s(self) -> float | None:
        """See `Slots`."""
        return self._arrivals.next_due_s

    def take(self) -> Slot | None:
        """See `Slots`."""
        due_s, (workload, number) = self._arrivals.pop(), self._dealer.next()
        mine = (number + SOURCES.index(workload)) % self._shards == self._shard
        return Slot(due_s, workload, number) if mine else None

    def ended(self, at_s: float, well: bool) -> None:
        """Nothing: what is due does not depend on answers."""


class StreamSlots:
    """A slot for every stream that is free.

    Args:
        asked: The load over all shards.
        now_s: When the first stream begins.
        shard, shards: Which of how many share the streams.
    """

    def __init__(self, asked: Streams, now_s: float, shard: int = 0, shards: int = 1) -> None:
        self._asked = asked
        apart_s = asked.ramp_s / asked.streams
        mine = range(shard, asked.streams, shards)
        self._free = [now_s + apart_s * stream for stream in mine]  # a heap, for it is in order
        self._dealer = _Dealer(asked.mix)
        self._shard, self._shards = shard, shards

    @property
    def due_s(self) -> float | None:
        """See `Slots`."""
        return self._free[0] if self._free else None

    def take(self) -> Slot:
        """See `Slots`."""
        due_s, (workload, turn) = heapq.heappop(self._free), self._dealer.next()
        return Slot(due_s, workload, turn * self._shards + self._shard)

    def go_on_as(self, asked: Streams) -> bool:
        """Whether these streams are those that are asked for, however they began."""
        return (self._asked.streams, self._asked.mix) == (asked.streams, asked.mix)

    def ended(self, at_s: float, well: bool) -> None:
        """Its stream is free, after a pause if it failed."""
        heapq.heappush(self._free, at_s if well else at_s + PAUSE_S)


class ReplaySlots:
    """The rows of a trace, dealt out one after the other.

    Args:
        offsets_s: When each row is due after the first moment of the trace, ascending.
        asked: How fast.
        now_s: That first moment.
        shard, shards: Which of how many take turns.
    """

    def __init__(
        self, offsets_s: Sequence[float], asked: Replay, now_s: float, shard: int = 0,
        shards: int = 1,
    ) -> None:  # fmt: skip
        self._offsets_s, self._now_s, self._speed = offsets_s, now_s, asked.speed
        self._next, self._step = shard, shards

    @property
    def due_s(self) -> float | None:
        """See `Slots`."""
        if self._next >= len(self._offsets_s):
            return None
        return self._now_s + self._offsets_s[self._next] / self._speed

    def take(self) -> Slot | None:
        """See `Slots`."""
        due_s, row = self.due_s, self._next
        self._next += self._step
        return None if due_s is None else Slot(due_s, "own", row)

    def ended(self, at_s: float, well: bool) -> None:
        """Nothing: a trace does not wait."""
