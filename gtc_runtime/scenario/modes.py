"""Changes of mode: what is done, and in which order, to take the demo over and to give it back.

Manual: KEDA scales. Auto: KEDA is paused and the show orders workers. Only the conductor's one task
calls this, so that no two changes overlap. It must not know who may order what, or when to look.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from gtc_runtime.actor import PANEL, Actor
from gtc_runtime.cluster.cluster import Cluster
from gtc_runtime.events import EventLog
from gtc_runtime.load.control import LoadControl
from gtc_runtime.scenario import machine
from gtc_runtime.scenario.control_log import ControlLog
from gtc_runtime.scenario.handover import Handover
from gtc_runtime.scenario.orders import Orders
from gtc_runtime.scenario.roster import Roster
from gtc_runtime.scenario.show import Show
from gtc_runtime.scenario.unattended.safe import SafeSteps, hand_back
from gtc_runtime.told import ControlView
from gtc_runtime.view import KedaState, Mode
from gtc_spec.environment import Environment
from gtc_spec.errors import GtcError

RESUME_S = 10.0
"""How long after a Stop its show may be resumed."""


class Stopped:
    """A show that was stopped, where it stood, and when; each is one of its own."""

    def __init__(self, state: machine.State, at_s: float) -> None:
        self.state, self.at_s = state, at_s


class Modes:
    """The mode of one demo.

    Args:
        environment: Facts and the phase table.
        cluster: Where to act.
        load: What makes the traffic.
        events: Log of what happened.
        clock: Monotonic seconds, the clock of the load statistics.

    Attributes:
        now: The mode.
        left: Set when auto mode has ended.
        show: What auto mode plays.
        orders: Carries out the show's ratios; somebody must run it.
        roster: Tells what is ordered and when it is there; somebody must show it every poll.
        stopped: The show that may be resumed, if it is asked for in time; None when there is none.
    """

    def __init__(
        self,
        environment: Environment,
        cluster: Cluster,
        load: LoadControl,
        events: EventLog,
        clock: Callable[[], float],
    ) -> None:
        self.now: Mode = "unknown"
        self.left = asyncio.Event()
        self.stopped: Stopped | None = None
        self.orders = Orders(cluster.writer.scaling, events)
        self.roster = Roster(environment.initial_ratio, environment.worker_start_s, events)
        self.show = Show(
            environment.timeline,
            cluster.poller,
            load,
            self.orders,
            self.roster,
            events,
            self.save,
        )
        self._handover = Handover(cluster.writer, environment.initial_ratio, events, clock)
        self._control = ControlLog(clock)
        self._env, self._writer, self._load = environment, cluster.writer, load
        self._events, self._clock = events, clock

    def second(self) -> float:
        """The second that it is: statistics are cut at whole ones."""
        return float(math.floor(self._clock()))

    # -- auto ------------------------------------------------------------------------------------

    async def enter_auto(self, by: Actor, *, once: bool) -> None:
        """Take scaling from KEDA and begin the show.

        Raises:
            GtcError: KEDA could not be paused; it stays manual then.
        """
        await self._take(by)
        await self.show.begin(self.second(), once=once)

    async def resume(self, stopped: Stopped, by: Actor) -> None:
        """Take scaling from KEDA again and go on where the show was stopped.

        Raises:
            GtcError: KEDA could not be paused; it stays manual then.
        """
        await self._take(by)
        initial = self._env.initial_ratio
        await self.show.resume(stopped.state, stopped.at_s, self.second(), initial)
        await self.save()

    async def leave_if_over(self) -> None:
        """Leave auto mode when the show has come to its end."""
        if self.show.state.index is None:
            await self.leave_auto(PANEL, keep_load=False, why="the cycle is over")

    async def stop(self, by: Actor, *, keep_load: bool, why: str) -> None:
        """Leave auto mode on request; a show whose load ends with it may be resumed."""
        if self.now == "auto" and not keep_load:
            self.stopped = Stopped(self.show.state, self.second())
        await self.leave_auto(by, keep_load=keep_load, why=why)

    async def leave_auto(self, by: Actor, *, keep_load: bool, why: str) -> None:
        """Order the initial ratio and give scaling back to KEDA; only the load when it has it.

        Raises:
            GtcError: KEDA is not back yet; `look` tries again.
        """
        if not keep_load:
            await self._load.quiet()
        if self.now not in ("auto", "starting", "stopping"):
            return
        self.now = "stopping"
        self._control.ordered(by)
        self.show.stop()
        self._events.add("info", f"auto mode ends: {why}")
        if keep_load:
            await self._load.set_load(self._load.load.model_copy(update={"pacing": "poisson"}))
        await self.orders.forget()
        try:
            await self._handover.give_back()
        except GtcError:
            await self._be_manual()
            raise
        await self._be_manual()  # a cancelled leave stays "stopping": it is finished on the way out

    async def _take(self, by: Actor) -> None:
        self.stopped = None
        self.now = "starting"
        self._control.ordered(by)
        self.left.clear()
        try:
            await self._handover.take()
        except GtcError:
            self.now = "manual"
            self.left.set()
            raise
        self.now = "auto"

    async def _be_manual(self) -> None:
        self.now = "manual"
        self.left.set()
        await self.save()

    # -- the other states ------------------------------------------------------------------------

    async def prescale(self, until: datetime, by: Actor) -> None:
        """The fallback state: the full ratio, KEDA paused until a time; the load goes on."""
        self.stopped = None
        await self.leave_auto(by, keep_load=True, why="the fallback state was ordered")
        self._control.ordered(by)
        await self._handover.hold(self._env.full_ratio, until)
        await self.save()

    async def reset(self, by: Actor) -> None:
        """Load off, open streams ended, initial ratio ordered, statistics zeroed, KEDA scaling."""
        self.stopped = None
        self.show.clear()  # first: without statistics the claims of its cycle would be wrong
        await self._load.zero()
        was_auto = self.now == "auto"
        await self.leave_auto(by, keep_load=False, why="reset")
        self._control.ordered(by)
        if not was_auto:
            await self._handover.restore()
        self._events.add("info", f"reset: load off, {self._env.initial_ratio} ordered")
        await self.save()

    async def safe(self, by: Actor, steps: SafeSteps) -> None:
        """The safe state: as a reset, and the statistics stay; ``steps`` get what came of each."""
        self.stopped = None
        if self.now == "manual":
            steps.already("manual mode")
        else:
            left = self.leave_auto(by, keep_load=False, why="the safe state was ordered")
            await steps.take("auto mode left", left)
        self._control.ordered(by)
        await hand_back(self._writer, self._env.initial_ratio, steps, self._handover.resume)
        await self.save()

    async def recover(self) -> None:
        """First thing with the Lease in hand: undo what a panel that died has left."""
        await self._handover.recover()
        await self._be_manual()

    async def only_show(self) -> None:
        """The Lease is gone: stop acting, and leave replicas and pause to the new holder."""
        await self.orders.forget()
        await self._load.quiet()
        self.stopped = None
        self.show.clear()
        self.now = "read-only"
        self.left.set()

    async def look(self, now_s: float) -> None:
        """What is to be done once a second, whatever the mode."""
        if self.now == "auto":
            await self.show.step(now_s)
            await self.leave_if_over()
        elif self.now == "manual":
            await self._handover.retry(now_s)

    # -- what is told ----------------------------------------------------------------------------

    def resumable_s(self) -> float | None:
        """Seconds left to resume the show that was stopped; None when there is none."""
        if self.stopped is None:
            return None
        left_s = self.stopped.at_s + RESUME_S - self._clock()
        return round(left_s, 1) if left_s > 0 else None

    def control(self, keda: KedaState) -> ControlView:
        """Who drives, and what the presenter may do about it.

        Args:
            keda: What was seen last of KEDA.
        """
        seen = self._control.see(self.now, keda)
        if self.now == "auto":
            following = self.show.following(self._clock())
            return replace(seen, holding=self.show.state.held_s is not None, next=following)
        return replace(seen, resume_s=self.resumable_s()) if self.stopped else seen

    async def save(self) -> None:
        """Write down what the next holder of the Lease needs to know."""
        state = self.show.state
        await self._handover.remember(
            {
                "mode": self.now,
                "phase": str(machine.phase_of(self.show.timeline, state)),
                "cycle": state.cycle,
                "digest": self._env.digest,
                "holder": self._writer.lease.holder,
                "saved_at": datetime.now(UTC).isoformat(timespec="seconds"),
            }
        )
