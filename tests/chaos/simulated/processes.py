"""The product's own processes in the simulation: panels, guardians, and the verbs of a person.

All is the real code; only the connection and the process that makes the traffic stand in.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Coroutine
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from gtc_runtime.cluster.api.kube import Kube
from gtc_runtime.cluster.cluster import Cluster
from gtc_runtime.cluster.poller import Poller
from gtc_runtime.cluster.writer import Writer
from gtc_runtime.events import EventLog
from gtc_runtime.load.control import LoadControl
from gtc_runtime.load.demand.forms import Demand
from gtc_runtime.load.figures.snapshot import Gauges, Snapshot
from gtc_runtime.scenario.conductor import Conductor
from gtc_runtime.scenario.unattended.guardian import guard
from gtc_runtime.scenario.unattended.prescale import prescale
from gtc_runtime.scenario.unattended.safe import make_safe
from gtc_spec import names
from gtc_spec.environment import Environment
from tests.chaos.simulated.loop import PROCESS, Numbered, Process, VirtualLoop
from tests.chaos.simulated.wire import Network


class Traffic:
    """The process that makes the traffic: it sends what it is told."""

    alive = True

    def on_snapshot(self, callback: Callable[[Snapshot], None]) -> None:
        """Nobody is told: `SimulatedLoad` answers from what it knows."""

    async def set_load(self, load: Demand) -> None:
        await asyncio.sleep(0.001)

    async def cancel(self) -> None:
        await asyncio.sleep(0.001)


class SimulatedLoad(LoadControl):
    """The real owner of the load, with traffic that costs nothing.

    Attributes:
        queued: Requests that wait for their first token.
    """

    def __init__(self, env: Environment, events: EventLog, clock: Callable[[], float]) -> None:
        first = env.table.phases[0]
        settings: Any = SimpleNamespace(limits=SimpleNamespace(rps_max=50.0))
        super().__init__(
            settings, first.rps, first.mix, lambda text: events.add("warning", text), clock
        )
        self._process = Traffic()  # type: ignore[assignment]
        self.queued = 0

    @property
    def snapshot(self) -> Snapshot:
        return Snapshot(self._clock(), gauges=Gauges(waiting=self.queued))


class Panel:
    """One panel: a conductor and what it stands on."""

    def __init__(self, env: Environment, network: Network, loop: VirtualLoop, process: Process):
        self.process, self._loop = process, loop
        transport = network.transport(process)
        within = _in(process)
        self.writer: Writer = within(
            Writer.of, Kube(transport, names.NAMESPACE_WORKLOAD), env.slots, "panel"
        )
        poller = Poller(self.writer.scaling, self.writer.keda, transport.clock)
        cluster = Cluster(self.writer, poller, True)
        self.events = EventLog()
        self.load = SimulatedLoad(env, self.events, transport.clock)
        self.conductor = Conductor(env, cluster, self.load, self.events, transport.clock)
        self.task = loop.spawn(process, self.conductor.run())
        self.ending_s: float | None = None
        self._steered_s = -math.inf

    def told(self) -> list[str]:
        """What its feed says."""
        return [event.text for event in self.events.newest(12)]

    def terminate(self) -> None:
        """SIGTERM: the clean way out."""
        if self.ending_s is None:
            self.ending_s = max(self._loop.now_s, self.process.frozen_s)
            self.task.cancel()

    def steered_within(self, most_s: float) -> bool:
        """Whether a presenter or a jump of the clock may have moved the show lately."""
        return self._loop.now_s - self._steered_s <= most_s

    def steered(self) -> None:
        """Somebody moves the show."""
        self.steered_until(self._loop.now_s)

    def left_alone(self) -> None:
        """Nothing moves the show any more, from now on or from when it thaws."""
        self._steered_s = max(self._loop.now_s, self.process.frozen_s)

    def frozen(self, until_s: float) -> None:
        """It runs nothing until then, and has its time to end after it."""
        self.steered_until(until_s)
        if self.ending_s is not None:
            self.ending_s = max(self.ending_s, until_s)

    def steered_until(self, until_s: float) -> None:
        """Something moves or holds the show until then."""
        self._steered_s = max(self._steered_s, until_s)

    def command(self, name: str, **options: Any) -> Numbered:
        """One command of a presenter."""
        self.steered()
        work: Coroutine[Any, Any, None] = getattr(self.conductor, name)(**options)
        return self._loop.spawn(self.process, work)


def guardian(network: Network, loop: VirtualLoop, process: Process) -> Numbered:
    """The dead-man's switch."""
    kube = Kube(network.transport(process), names.NAMESPACE_WORKLOAD)
    return loop.spawn(process, guard(kube))


def safe(env: Environment, network: Network, loop: VirtualLoop, process: Process) -> Numbered:
    """``gtc safe``."""
    kube = Kube(network.transport(process), names.NAMESPACE_WORKLOAD)
    return loop.spawn(process, make_safe(kube, env.initial_ratio, env.slots))


def prescaled(
    env: Environment, network: Network, loop: VirtualLoop, process: Process, until: datetime
) -> Numbered:
    """``gtc prescale``."""
    kube = Kube(network.transport(process), names.NAMESPACE_WORKLOAD)
    return loop.spawn(process, prescale(kube, env.full_ratio, until, env.slots))


def _in(process: Process) -> Callable[..., Any]:
    """Calls functions as that process."""

    def call(work: Callable[..., Any], *args: Any) -> Any:
        token = PROCESS.set(process)
        try:
            return work(*args)
        finally:
            PROCESS.reset(token)

    return call
