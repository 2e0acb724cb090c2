"""What is due when: the load that was asked for and its changes, as one schedule for all shards.

Shards that are given the same seed and the same changes with the same times compute the same
schedule, each for itself, and take turns in it: together they send every slot exactly once, without
a word between them. Pure: it is told the time. It knows nothing of requests.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from gtc_runtime.load.demand.forms import NOTHING, Demand, Rate, Streams
from gtc_runtime.load.demand.slots import RatedSlots, ReplaySlots, Slot, Slots, StreamSlots


@dataclass(frozen=True, slots=True)
class Change:
    """What the load is from a moment on.

    Attributes:
        at_s: From when, monotonic seconds.
        demand: What is asked for over all shards.
    """

    at_s: float
    demand: Demand


class Schedule:
    """The slots of one shard.

    Args:
        seed: Equal seeds give equal schedules.
        now_s: When the schedule begins; nothing is due until a change.
        shard, shards: Which of how many take turns.
        on_change: Called with each change in the moment it comes into force.
        offsets_s: When the rows of a trace are due, for a replay.
    """

    def __init__(
        self,
        seed: int,
        now_s: float,
        shard: int = 0,
        shards: int = 1,
        on_change: Callable[[Change], None] = lambda _: None,
        offsets_s: Sequence[float] = (),
    ) -> None:
        self._shard = shard
        self._shards = shards
        self._rated = RatedSlots(seed, now_s, shard, shards)
        self._slots: Slots = self._rated
        self._pending: deque[Change] = deque()
        self._on_change = on_change
        self._offsets_s = offsets_s

    @property
    def wake_s(self) -> float | None:
        """When something happens next: a slot, of whatever shard, or a change; None for never."""
        due_s = self._slots.due_s
        if self._pending:
            at_s = self._pending[0].at_s
            return at_s if due_s is None else min(at_s, due_s)
        return due_s

    def change(self, change: Change) -> None:
        """Let a change come into force at its time, and not before those that were told earlier."""
        if self._pending and change.at_s < self._pending[-1].at_s:
            change = replace(change, at_s=self._pending[-1].at_s)
        self._pending.append(change)

    def forget_changes(self) -> None:
        """Drop the changes that are not in force yet."""
        self._pending.clear()

    def next(self, now_s: float) -> Slot | None:
        """The next slot of this shard that is due at `now_s`; None when there is none yet."""
        while True:
            due_s = self._slots.due_s
            next_s = now_s if due_s is None else min(now_s, due_s)
            if self._pending and self._pending[0].at_s <= next_s:
                self._apply(self._pending.popleft())
            elif due_s is None or due_s > now_s:
                return None
            elif (slot := self._slots.take()) is not None:
                return slot

    def ended(self, at_s: float, well: bool) -> bool:
        """A request ended at `at_s`, well or not; whether another one is due because of it."""
        self._slots.ended(at_s, well)
        return isinstance(self._slots, StreamSlots)

    def stop(self) -> None:
        """Nothing is due any more."""
        self.forget_changes()
        self._apply(Change(0.0, NOTHING))

    def _apply(self, change: Change) -> None:
        asked = change.demand
        if isinstance(asked, Rate):
            self._rated.set_rate(asked, change.at_s)
            self._slots = self._rated
        elif isinstance(asked, Streams):
            if isinstance(self._slots, StreamSlots) and self._slots.go_on_as(asked):
                self._on_change(change)
                return
            self._slots = StreamSlots(asked, change.at_s, self._shard, self._shards)
        else:
            place = (change.at_s, self._shard, self._shards)
            self._slots = ReplaySlots(self._offsets_s, asked, *place)
        self._on_change(change)
