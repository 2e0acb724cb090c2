"""Simulated pools: workers that start late, drain before they go, and share the slots.

It plays the operator's part for the planner. It must not know what the workers do.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from gtc_runtime.planning.workers import DecodeWorker, PrefillWorker
from gtc_spec.environment import Environment
from gtc_spec.pools import PDRatio


class SimulatedPools:
    """Both pools of one simulation.

    Args:
        environment: Initial ratio, worker start and slots.
        new_prefill, new_decode: Make a worker.
        at: Schedules a call at a time of the simulation.
    """

    def __init__(
        self,
        environment: Environment,
        new_prefill: Callable[[], PrefillWorker],
        new_decode: Callable[[], DecodeWorker],
        at: Callable[[float, Callable[[], None]], None],
    ) -> None:
        self._env = environment
        self._new_prefill, self._new_decode = new_prefill, new_decode
        self._at = at
        self.desired = environment.initial_ratio
        self.prefill = [new_prefill() for _ in range(self.desired.prefill)]
        self.decode = [new_decode() for _ in range(self.desired.decode)]
        self._draining: list[PrefillWorker | DecodeWorker] = []
        self._starting = {"prefill": 0, "decode": 0}

    @property
    def ready(self) -> PDRatio:
        """Workers that take requests."""
        return PDRatio(len(self.prefill), len(self.decode))

    def order(self, ratio: PDRatio, now_s: float) -> None:
        """Shrink at once, then start what the free GPUs allow."""
        self.desired = ratio
        while len(self.prefill) > ratio.prefill:
            self._draining.append(self.prefill.pop())
        while len(self.decode) > ratio.decode:
            self._draining.append(self.decode.pop())
        self.settle(now_s)

    def settle(self, now_s: float) -> None:
        """Let drained workers go and start those that wait for a GPU."""
        self._draining = [worker for worker in self._draining if not _is_drained(worker)]
        used = len(self.prefill) + len(self.decode) + len(self._draining)
        free = self._env.slots - used - sum(self._starting.values())
        for role, ready in (("prefill", len(self.prefill)), ("decode", len(self.decode))):
            wanted = getattr(self.desired, role) - ready - self._starting[role]
            for _ in range(min(max(0, wanted), max(0, free))):
                free -= 1
                self._starting[role] += 1
                ready_s = now_s + self._env.worker_start_s
                self._at(ready_s, partial(self._started, role, ready_s))

    def _started(self, role: str, now_s: float) -> None:
        self._starting[role] -= 1
        if role == "prefill" and len(self.prefill) < self.desired.prefill:
            self.prefill.append(self._new_prefill())
        elif role == "decode" and len(self.decode) < self.desired.decode:
            self.decode.append(self._new_decode())
        else:
            self.settle(now_s)  # nobody wants it any more: its GPU is free


def _is_drained(worker: PrefillWorker | DecodeWorker) -> bool:
    return worker.idle if isinstance(worker, PrefillWorker) else worker.streams == 0
