"""What is due when: arrivals, mix and their changes as one schedule that several shards share.

Shards that are given the same seed and the same changes with the same times compute the same
schedule, each for itself, and take turns in it: together they send every slot exactly once, without
a word between them. Pure: it is told the time. It knows nothing of requests.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

from gtc_runtime.load.arrivals import Arrivals, Pacing
from gtc_runtime.load.mix import MixSequence
from gtc_spec.phases import WorkloadMix
from gtc_spec.serving import WORKLOADS, Workload


@dataclass(frozen=True, slots=True)
class Change:
    """What the load is from a moment on.

    Attributes:
        at_s: From when, monotonic seconds.
        rps: Requests per second over all workloads and all shards.
        mix: Shares of the workloads.
        pacing: How requests are spread in time.
    """

    at_s: float
    rps: float
    mix: WorkloadMix
    pacing: Pacing


@dataclass(frozen=True, slots=True)
class Slot:
    """One request is due.

    Attributes:
        due_s: When, monotonic seconds.
        workload: Of which workload.
    """

    due_s: float
    workload: Workload


class Schedule:
    """The slots of one shard.

    The slots of each workload go round the shards in turn, so every shard has the mix of the whole.
    The shards begin with different workloads: slots that are neighbours fall to different shards.

    Args:
        seed: Equal seeds give equal schedules.
        now_s: When the schedule begins; the rate is 0 until a change.
        shard, shards: Which of how many take turns.
        on_change: Called with each change in the moment it comes into force.
    """

    def __init__(
        self,
        seed: int,
        now_s: float,
        shard: int = 0,
        shards: int = 1,
        on_change: Callable[[Change], None] = lambda _: None,
    ) -> None:
        self._arrivals = Arrivals(seed, now_s)
        self._mix = MixSequence(WorkloadMix(100, 0, 0))
        self._shard = shard
        self._shards = shards
        self._dealt = {workload: index for index, workload in enumerate(WORKLOADS)}
        self._pending: deque[Change] = deque()
        self._on_change = on_change

    @property
    def wake_s(self) -> float | None:
        """When something happens next: a slot, of whatever shard, or a change; None for never."""
        due_s = self._arrivals.next_due_s
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
            due_s = self._arrivals.next_due_s
            next_s = now_s if due_s is None else min(now_s, due_s)
            if self._pending and self._pending[0].at_s <= next_s:
                self._apply(self._pending.popleft())
            elif due_s is None or due_s > now_s:
                return None
            elif self._is_mine(workload := self._take()):
                return Slot(due_s, workload)

    def _take(self) -> Workload:
        self._arrivals.pop()
        return self._mix.next()

    def _is_mine(self, workload: Workload) -> bool:
        turn = self._dealt[workload]
        self._dealt[workload] = turn + 1
        return turn % self._shards == self._shard

    def _apply(self, change: Change) -> None:
        self._arrivals.configure(change.rps, change.pacing, change.at_s)
        self._mix.change(change.mix)
        self._on_change(change)
