"""A whole cycle in seconds of virtual time: the planner's simulation, looked at once a second."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gtc_runtime.load.figures.snapshot import Snapshot
from gtc_runtime.planning.hardware import Hardware
from gtc_runtime.planning.simulator import Simulation
from gtc_runtime.scenario import report
from gtc_spec.environment import Environment


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
        super().__init__(environment, Hardware.of(environment), seed)
        self._look = look

    @property
    def waiting(self) -> int:
        return self.cluster.waiting

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
        while self.book.totals()["all"].open:
            self.events.run(self.now_s + 1)
            self._tick()
        for _ in range(5):
            self.events.run(self.now_s + 1)
            self._tick()
        return report.phases(self.log, self.book)
