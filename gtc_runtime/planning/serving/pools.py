"""Pools of workers that start late, drain before they go, and share the GPUs.

It plays the operator's part. It must not know what the workers do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Generic, Protocol, TypeVar

from gtc_runtime.planning.serving.events import Events
from gtc_runtime.planning.serving.meter import Meter
from gtc_spec.pools import Mode


class Worker(Protocol):
    """What a pool knows of its workers."""

    @property
    def idle(self) -> bool:
        """Whether it has nothing left to do."""


Kind = TypeVar("Kind", bound=Worker, covariant=True)


class Pool(Generic[Kind]):
    """One pool of equal workers.

    Args:
        make: Makes a worker that notes its computing.
        workers: Workers that are ready from the beginning.

    Attributes:
        ready: Workers that take requests, the oldest first.
        meter: What its GPUs have computed.
        desired: Workers that it is to have.
        starting: Workers that are not ready yet.
    """

    def __init__(self, make: Callable[[Meter], Kind], workers: int) -> None:
        self._make = make
        self.meter = Meter()
        self.desired = workers
        self.ready = [make(self.meter) for _ in range(workers)]
        self.starting: list[float] = []
        self._draining: list[Kind] = []
        self._gpu_s = self._since_s = 0.0

    @property
    def lacking(self) -> int:
        """Workers that it is to have and that do not even start."""
        return self.desired - len(self.ready) - len(self.starting)

    @property
    def settled(self) -> bool:
        """Whether nothing drains and nothing lacks or is too much."""
        return not self._draining and not self.lacking

    @property
    def gpus(self) -> int:
        """GPUs that it holds; a worker that starts or drains has its own."""
        return len(self.ready) + len(self.starting) + len(self._draining)

    def gpu_s(self, now_s: float) -> float:
        """GPU seconds that it has held workers able to compute."""
        self._gpu_s += (len(self.ready) + len(self._draining)) * (now_s - self._since_s)
        self._since_s = now_s
        return self._gpu_s

    def shrink(self, now_s: float) -> None:
        """Give up what is too much: what only starts at once, then the newest.

        As Grove does, which looks for the first to go among all that are there: while some drain it
        finds those again, so that further ones go only after them.
        """
        self.gpu_s(now_s)
        self._draining = [worker for worker in self._draining if not worker.idle]
        while self.lacking < 0 and self.starting:
            self.starting.pop()
        for _ in range(-self.lacking - len(self._draining)):
            worker = self.ready.pop()
            if not worker.idle:
                self._draining.append(worker)

    def started(self, ready_s: float, now_s: float) -> None:
        """A worker is ready, unless it was given up."""
        if ready_s in self.starting:
            self.gpu_s(now_s)
            self.starting.remove(ready_s)
            self.ready.append(self._make(self.meter))


class Pools:
    """All pools of one simulation.

    Args:
        pools: By mode; the first ones get free GPUs first.
        slots: Workers that can be there at any one time.
        start_s: From the order of a worker to ready.
        events: The clock.
    """

    def __init__(
        self, pools: Mapping[Mode, Pool[Worker]], slots: int, start_s: float, events: Events
    ) -> None:
        self._pools, self._slots, self._start_s, self._events = pools, slots, start_s, events

    def order(self, desired: Mapping[Mode, int]) -> None:
        """Shrink, then start what the free GPUs allow."""
        for mode, workers in desired.items():
            self._pools[mode].desired = workers
        self.settle()

    def settle(self) -> None:
        """Let drained workers go and start those that wait for a GPU."""
        pools = self._pools.values()
        if all(pool.settled for pool in pools):
            return
        now_s = self._events.now_s
        for pool in pools:
            pool.shrink(now_s)
        for pool in pools:
            free = self._slots - sum(each.gpus for each in pools)
            for _ in range(min(pool.lacking, free)):
                self._start(pool, now_s + self._start_s)

    def _start(self, pool: Pool[Worker], ready_s: float) -> None:
        pool.starting.append(ready_s)
        self._events.at(ready_s, lambda: self._started(pool, ready_s))

    def _started(self, pool: Pool[Worker], ready_s: float) -> None:
        pool.started(ready_s, self._events.now_s)
        self.settle()
