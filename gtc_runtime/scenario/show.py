"""The show as it is played: the scenario machine's actions turned into orders, load and a log.

It is told when to begin, asked once a second to go on, steered and stopped; the conductor does
that. It must not know modes, KEDA or the Lease.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from gtc_runtime.cluster.poller import Poller
from gtc_runtime.events import EventLog
from gtc_runtime.load.control import LoadControl
from gtc_runtime.load.demand.forms import Rate
from gtc_runtime.scenario import machine, steering
from gtc_runtime.scenario.cycle_log import CycleLog
from gtc_runtime.scenario.orders import Orders
from gtc_runtime.scenario.roster import Roster
from gtc_runtime.told import NextView
from gtc_spec.phases import Timeline, phase_title
from gtc_spec.pools import PDRatio

_WHY = {"guard": "; the queue passed its limit", "next": "; gone on to early"}
EXTEND_S: Final = 30.0
"""How much longer one command makes the running segment."""


class Show:
    """One timeline on one cluster.

    Args:
        timeline: What to play.
        poller: Says which workers are ready.
        load: What makes the traffic.
        orders: Takes ratios.
        roster: Tells what is ordered and when it is there.
        events: Log of what happened.
        stepped: Called when the show has come to stand elsewhere, or orders something else.

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
        roster: Roster,
        events: EventLog,
        stepped: Callable[[], None],
    ) -> None:
        self.state = machine.IDLE
        self.timeline = timeline
        self.log = CycleLog()
        self.completed = False
        self._poller, self._load, self._orders = poller, load, orders
        self._roster, self._events, self._stepped = roster, events, stepped

    async def begin(self, now_s: float, *, once: bool) -> None:
        """Enter the first phase."""
        self.completed = False
        await self._do(*machine.start(self.timeline, now_s, once=once), now_s)

    async def step(self, now_s: float) -> None:
        """One look at the world, and what follows from it; idle afterwards when it is over."""
        await self._do(*machine.step(self.timeline, self.state, self._seen(now_s)), now_s)

    def stop(self) -> None:
        """Go nowhere; cycles stay counted."""
        self.state = replace(machine.IDLE, cycle=self.state.cycle)
        self._load.book.keep_so_far()

    async def resume(
        self, stopped: machine.State, at_s: float, now_s: float, there: PDRatio
    ) -> None:
        """Go on where the show was stopped at ``at_s``; what it had ordered is ordered again.

        Args:
            stopped: Where the show stood.
            at_s: When it was stopped.
            now_s: When it goes on.
            there: The workers that were left when it was stopped.
        """
        state, actions = steering.resume(self.timeline, stopped, at_s, now_s, there)
        if self.log.spans:
            self._load.book.keep_from(self.log.spans[0].start_s)
        await self._do(state, actions, now_s)
        self._events.add("phase", f"{self._title()}; the show is resumed")

    async def go_on(self, state: machine.State, now_s: float) -> None:
        """Go on where a panel that died has left the show; what it had ordered is ordered again.

        Args:
            state: Where the show stands now.
            now_s: When it goes on.
        """
        self.completed = False
        self.state = state
        segment = machine.running(self.timeline, state)
        if segment is None or state.ordered is None:
            return
        self.log = CycleLog.going_on(segment, now_s)
        self._load.book.keep_from(now_s)
        await self._do(state, [machine.SetRatio(state.ordered)], now_s)
        self._events.add("phase", f"{self._title()}; the show goes on after a restart")

    def clear(self) -> None:
        """Go nowhere, count from the beginning, and forget the cycle."""
        self.state = machine.IDLE
        self.log = CycleLog()

    # -- what the presenter may do ---------------------------------------------------------------

    async def hold(self, on: bool, now_s: float) -> None:
        """Stand still, or go on; nothing happens when it is so already."""
        before = self.state
        turn = steering.hold if on else steering.release
        self.state = turn(before, now_s)
        if self.state != before:
            self._stepped()
            told = "the show stands still" if on else "the show goes on"
            self._events.add("info", f"{told} in {self._title()}")

    async def extend(self, now_s: float) -> None:
        """Make the running segment 30 s longer."""
        self.state = steering.extend(self.timeline, self.state, now_s, EXTEND_S)
        self._stepped()
        self._events.add("info", f"{self._title()} is {EXTEND_S:g} s longer")

    async def next_phase(self, now_s: float) -> None:
        """Go to the next phase; idle afterwards when the one cycle that was asked for ends so."""
        await self._do(*steering.next_phase(self.timeline, self.state, self._seen(now_s)), now_s)

    def following(self, now_s: float) -> NextView | None:
        """The phase that `next_phase` would go to, and when its workers are ready."""
        segment = steering.following(self.timeline, self.state)
        if segment is None:
            return None
        fresh = self._poller.fresh
        ready = None if fresh is None else fresh.ready
        left_s = steering.ready_in_s(self.timeline, self.state, ready, now_s)
        return NextView(str(segment.phase.name), None if left_s is None else round(left_s, 1))

    # -- from decisions to effects ---------------------------------------------------------------

    async def _do(self, state: machine.State, actions: list[machine.Action], now_s: float) -> None:
        self.state = state
        load = machine.load_at(self.timeline, self.state, now_s)
        if load is not None:
            rps, mix = load
            await self._load.set_load(Rate(rps=round(rps, 3), mix=mix, pacing="paced"))
        if actions:
            self._stepped()
        if any(isinstance(action, machine.Entered) for action in actions):
            actions = [*actions, *self._put_right(actions)]
        for action in actions:
            self._act(action, now_s)

    def _put_right(self, actions: list[machine.Action]) -> list[machine.Action]:
        """The order that is in force again, where somebody has changed what it had set."""
        seen, ordered = self._poller.fresh, self.state.ordered
        if any(isinstance(action, machine.SetRatio) for action in actions) or ordered is None:
            return []
        return [] if seen is None or seen.desired == ordered else [machine.SetRatio(ordered)]

    def _act(self, action: machine.Action, now_s: float) -> None:
        match action:
            case machine.Entered(index, why):
                self._enter(index, why, now_s)
            case machine.SetRatio(ratio):
                state = self._poller.newest
                if state is None or state.desired != ratio:
                    ahead = machine.ahead_of(self.timeline, self.state, ratio)
                    self._roster.order(ratio, ahead, now_s)
                self._orders.want(ratio)
            case machine.GateOpened(waited_s):
                self._roster.gate_opened(waited_s)
            case machine.GateExpired(missing):
                self._events.add("warning", f"{missing} was not ready in time; the show goes on")
            case machine.Finished():
                self.log.close(now_s)
                self.completed = True

    def _enter(self, index: int, why: str, now_s: float) -> None:
        if index == 0:
            self.log = CycleLog()
        self.log.enter(self.timeline.segments[index], now_s)
        if index == 0:
            self._load.book.keep_from(now_s)  # the report looks back to the beginning
        self._events.add("phase", f"{self._title()}{_WHY.get(why, '')}")

    def _title(self) -> str:
        if self.state.index is None:
            return ""
        segment = self.timeline.segments[self.state.index]
        title = phase_title(segment.phase.name)
        return title if segment.kind == "main" else f"{title} settles"

    def _seen(self, now_s: float) -> machine.Observation:
        fresh, snapshot = self._poller.fresh, self._load.snapshot
        return machine.Observation(
            now_s,
            None if fresh is None else fresh.ready,
            None if snapshot is None else snapshot.gauges.waiting,
        )
