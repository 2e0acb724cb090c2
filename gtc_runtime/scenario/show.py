"""The show as it is played: the scenario machine's actions turned into orders, load and a log.

It is told when to begin, asked once a second to go on, and stopped; the conductor does that. It
must not know modes, KEDA or the Lease.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from gtc_runtime.cluster.poller import Poller
from gtc_runtime.events import EventLog
from gtc_runtime.load.control import LoadControl
from gtc_runtime.load.demand.forms import Rate
from gtc_runtime.scenario import machine
from gtc_runtime.scenario.cycle_log import CycleLog
from gtc_runtime.scenario.orders import Orders
from gtc_spec.phases import Timeline
from gtc_spec.pools import PDRatio

_WHY = {"guard": "; the queue passed its limit"}


class Show:
    """One timeline on one cluster.

    Args:
        timeline: What to play.
        poller: Says which workers are ready.
        load: What makes the traffic.
        orders: Takes ratios.
        events: Log of what happened.
        entered: Called when a segment has begun.

    Attributes:
        state: Where the show stands.
        log: Where the phases of the newest cycle lie in time.
        completed: Whether the cycle that was asked for came to its end.
    """

    def __init__(
        self,
        timeline: Timeline,
        poller: Poller,
        load: LoadControl,
        orders: Orders,
        events: EventLog,
        entered: Callable[[], Awaitable[None]],
    ) -> None:
        self.state = machine.IDLE
        self.timeline = timeline
        self.log = CycleLog()
        self.completed = False
        self._poller, self._load, self._orders = poller, load, orders
        self._events, self._entered = events, entered

    async def begin(self, now_s: float, *, once: bool) -> None:
        """Enter the first phase."""
        self.completed = False
        await self._do(*machine.start(self.timeline, now_s, once=once), now_s)

    async def go_on(self, now_s: float) -> None:
        """One look at the world, and what follows from it; idle afterwards when it is over."""
        seen = machine.Observation(now_s, self._ready(), self._queued())
        await self._do(*machine.step(self.timeline, self.state, seen), now_s)

    def stop(self) -> None:
        """Go nowhere; cycles stay counted."""
        self.state = replace(machine.IDLE, cycle=self.state.cycle)

    def clear(self) -> None:
        """Go nowhere and count from the beginning."""
        self.state = machine.IDLE

    async def _do(self, state: machine.State, actions: list[machine.Action], now_s: float) -> None:
        self.state = state
        for action in actions:
            await self._act(action, now_s)
        load = machine.load_at(self.timeline, self.state, now_s)
        if load is not None:
            rps, mix = load
            await self._load.set_load(Rate(rps=round(rps, 3), mix=mix, pacing="paced"))

    async def _act(self, action: machine.Action, now_s: float) -> None:
        match action:
            case machine.Entered(index, why):
                self._enter(index, why, now_s)
                await self._entered()
            case machine.SetRatio(ratio):
                state = self._poller.newest
                if state is None or state.desired != ratio:
                    self._events.add("scale", f"{ratio} ordered")
                self._orders.want(ratio)
            case machine.GateOpened(waited_s):
                self._events.add("ready", f"all workers of the phase ready after {waited_s:.0f} s")
            case machine.GateExpired(missing):
                self._events.add("warning", f"{missing} was not ready in time; the show goes on")
            case machine.Finished():
                self.log.close(now_s)
                self.completed = True

    def _enter(self, index: int, why: str, now_s: float) -> None:
        segment = self.timeline.segments[index]
        if index == 0:
            self.log = CycleLog()
        self.log.enter(segment, now_s)
        name = segment.phase.name if segment.kind == "main" else f"{segment.phase.name} settles"
        self._events.add("phase", f"{name}{_WHY.get(why, '')}")

    def _ready(self) -> PDRatio | None:
        fresh = self._poller.fresh
        return None if fresh is None else fresh.ready

    def _queued(self) -> int | None:
        snapshot = self._load.snapshot
        return None if snapshot is None else snapshot.gauges.waiting
