"""One simulated cycle of the show in about a second: the planner's discrete events.

It runs the live scenario machine, the live arrival schedule and the live mix against simulated
workers, and keeps what the report needs. What it leaves out on purpose: HTTP parsing, failures.
It must not know how its figures are judged.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from gtc_runtime.load.figures.slice_book import SliceBook
from gtc_runtime.load.figures.snapshot import Snapshot
from gtc_runtime.load.figures.stats import Slices, tally_at
from gtc_runtime.load.records import Key
from gtc_runtime.planning.demand import Demand
from gtc_runtime.planning.hardware import Hardware
from gtc_runtime.planning.keda import Keda, KedaLag
from gtc_runtime.planning.serving.cluster import Cluster
from gtc_runtime.planning.serving.events import Events
from gtc_runtime.planning.serving.requests import Request
from gtc_runtime.planning.topology import Topology
from gtc_runtime.planning.trace import Recorded, TracedDemand
from gtc_runtime.scenario import machine, report
from gtc_runtime.scenario.cycle_log import CycleLog
from gtc_spec.environment import Environment
from gtc_spec.pools import ROLES, Mode, PDRatio

TICK_S = 1.0
"""How often the scenario machine looks at the world, as live."""

JSON = report.JSON


class Simulation:
    """One cycle of an environment's show.

    Args:
        environment: Facts, with the phase table to play.
        hardware: What it is played on.
        seed: Equal seeds give equal cycles; with a trace it is what the router draws alone.
        keda: With it the pools are KEDA's, and what the show orders is not carried out.
        trace: Requests of a recorded show, sent in place of those that the phases ask for.

    Attributes:
        requests: Every request so far in the order of due times, with what became of it.
        busy: Share (0..1) of its GPUs' time in which a pool computes, by phase and pool.
    """

    def __init__(
        self,
        environment: Environment,
        hardware: Hardware,
        seed: int,
        *,
        keda: KedaLag | None = None,
        trace: Sequence[Recorded] | None = None,
    ) -> None:
        self._timeline = environment.timeline
        self.events = Events()
        topology = Topology.of(environment.initial_ratio)
        draws = None if trace is None else random.Random(seed)
        self.cluster = Cluster(hardware, topology, self.events, self, draws)
        self.demand: Demand | TracedDemand
        if trace is None:
            self.demand = Demand(environment.workloads, seed, self.events, self._send)
        else:
            self.demand = TracedDemand(trace, self.events, self._send)
        self._keda = Keda(environment, keda, self.events, self.cluster) if keda else None
        self.log = CycleLog()
        self.book = SliceBook()
        self.requests: list[Request] = []
        self.busy: dict[str, dict[Mode, float]] = {}
        self._slices: Slices = {}
        self._state = machine.IDLE
        self._phase, self._phase_began = "", self.cluster.gpu_seconds()

    def run(self) -> list[JSON]:
        """Play one cycle to its end; the phases of its report."""
        self._state, actions = machine.start(self._timeline, 0.0, once=True)
        self._apply(actions)
        self._tick()
        while self._state.index is not None:
            self.events.run(self.now_s + TICK_S)
            self._tick()
        self._note_busy("")
        self.log.close(self.now_s)
        self.book.add(Snapshot(self.now_s, self._slices))
        return report.phases(self.log, self.book)

    @property
    def now_s(self) -> float:
        """Seconds since the beginning of the cycle."""
        return self.events.now_s

    @property
    def state(self) -> machine.State:
        """Where the show stands."""
        return self._state

    @property
    def ready(self) -> PDRatio:
        """Workers that take requests."""
        return _ratio(self.cluster.ready)

    @property
    def desired(self) -> PDRatio:
        """Workers that the pools are to have."""
        return _ratio(self.cluster.desired)

    # -- the scenario ---------------------------------------------------------------------------

    def _tick(self) -> None:
        seen = machine.Observation(self.now_s, self.ready, self.cluster.waiting)
        self._state, actions = machine.step(self._timeline, self._state, seen)
        self._apply(actions)
        self.log.pools(self.now_s, self.desired, self.ready)

    def _apply(self, actions: list[machine.Action]) -> None:
        for action in actions:
            if isinstance(action, machine.Entered):
                segment = self._timeline.segments[action.index]
                self.log.enter(segment, self.now_s)
                self._note_busy(str(segment.phase.name))
            elif isinstance(action, machine.SetRatio) and self._keda is None:
                self.cluster.order({role: action.ratio.of(role) for role in ROLES})
        load = machine.load_at(self._timeline, self._state, self.now_s)
        rps, mix = load if load else (0.0, None)
        self.demand.set(rps, mix, "paced")

    def _note_busy(self, phase: str) -> None:
        """A phase ends, settle tail included, and another one begins."""
        if phase == self._phase:
            return
        began, now = self._phase_began, self.cluster.gpu_seconds()
        if self._phase:
            self.busy[self._phase] = {role: _share(began[role], now[role]) for role in ROLES}
        self._phase, self._phase_began = phase, now

    # -- what happens to requests ---------------------------------------------------------------

    def _send(self, request: Request) -> None:
        self.requests.append(request)
        tally_at(self._slices, request.due_s, request.key).due += 1
        self.cluster.send(request)

    def on_tokens(self, end_s: float, step_s: float, streams: dict[Key, int], steps: int) -> None:
        """Tokens of some steps."""
        for key, each in streams.items():
            if each:
                tally_at(self._slices, end_s, key).itl.add(step_s, each * steps)
        if self._keda is not None:
            self._keda.tokens(step_s, sum(streams.values()) * steps)

    def on_first(self, request: Request) -> None:
        """The first token of a request."""
        tally_at(self._slices, request.due_s, request.key).ttft.add(request.ttft_s)
        if self._keda is not None:
            self._keda.first_token(request.ttft_s)

    def on_done(self, request: Request) -> None:
        """The end of a request."""
        tally_at(self._slices, request.due_s, request.key).ok += 1
        self.demand.done(request)


def _ratio(workers: Mapping[Mode, int]) -> PDRatio:
    return PDRatio(workers["prefill"], workers["decode"])


def _share(before: tuple[float, float], after: tuple[float, float]) -> float:
    there_s = after[1] - before[1]
    return min(1.0, (after[0] - before[0]) / there_s) if there_s else 0.0
