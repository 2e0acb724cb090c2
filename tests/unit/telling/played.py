"""A whole cycle in seconds of virtual time: the planner's simulation, looked at once a second."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable
from typing import Any

from gtc_runtime.load.figures.snapshot import Snapshot
from gtc_runtime.planning.simulator import Simulation
from gtc_runtime.scenario import report
from gtc_runtime.scenario.machine import State
from gtc_spec.environment import Environment
from gtc_spec.profiles.profile import Profile


class Played(Simulation):
    """One cycle whose statistics arrive every second, as those of a load process do.

    Args:
        environment: Facts, with the phase table to play.
        look: Called every second, after the statistics of it have arrived.
        seed: Equal seeds give equal cycles.
    """

    def __init__(
        self, environment: Environment, look: Callable[[Played], None], seed: int = 1
    ) -> None:
        super().__init__(environment, Profile.load(environment.model.profile), seed)
        self._look = look

    @property
    def state(self) -> State:
        return self._state

    @property
    def waiting(self) -> int:
        return self._waiting

    @property
    def running(self) -> bool:
        return self._state.index is not None

    def _tick(self) -> None:
        super()._tick()
        slices, self._slices = self._slices, {}
        self.book.add(Snapshot(self.now_s, slices))
        self._look(self)

    def play(self) -> list[dict[str, Any]]:
        """The cycle, then the open streams to their end; the phases of its report."""
        self.run()
        end_s = math.inf
        while self.now_s < end_s:
            self.now_s, _, event = heapq.heappop(self._events)
            event()
            if end_s == math.inf and self.book.totals()["all"].open == 0:
                end_s = self.now_s + 5
        return report.phases(self.log, self.book)
