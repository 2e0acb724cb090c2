"""Changes of mode: what is done, and in which order, to take the demo over and to give it back.

Manual: KEDA scales. Auto: KEDA is paused and the show orders workers. Only the conductor's one task
calls this, so that no two changes overlap. It must not know who may order what, or when to look.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from gtc_runtime.actor import PANEL, Actor
from gtc_runtime.cluster.cluster import Cluster
from gtc_runtime.events import EventLog
from gtc_runtime.load.control import LoadControl
from gtc_runtime.scenario import machine
from gtc_runtime.scenario.control_log import ControlLog
from gtc_runtime.scenario.handover import Handover
from gtc_runtime.scenario.orders import Orders
from gtc_runtime.scenario.restart.continuing import Found, continued
from gtc_runtime.scenario.restart.earlier import Earlier, left_behind
from gtc_runtime.scenario.restart.notes import Notes
from gtc_runtime.scenario.restart.stopped import Stopped
from gtc_runtime.scenario.roster import Roster
from gtc_runtime.scenario.show import Show
from gtc_runtime.scenario.unattended.safe import SafeSteps, hand_back
from gtc_runtime.told import ControlView
from gtc_runtime.view import KedaState, Mode
from gtc_spec.environment import Environment
from gtc_spec.errors import GtcError
from gtc_spec.phases import PhaseName, phase_title


class Modes:
    """The mode of one demo.

    Args:
        environment: Facts and the phase table.
        cluster: Where to act.
        load: What makes the traffic.
        events: Log of what happened.
        clock: Monotonic seconds, the clock of the load statistics.
        wall: The time.
        ended: Identities of panels that are known to have ended in order.

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
        wall: Callable[[], datetime],
        ended: frozenset[str],
    ) -> None:
        self.now: Mode = "unknown"
        self.left = asyncio.Event()
        self.stopped: Stopped | None = None
        self.orders = Orders(cluster.writer.scaling, events)
        self.roster = Roster(environment.initial_ratio, environment.worker_start_s, events)
        self.notes = Notes(cluster.writer, environment.digest, events, self._stand, clock, wall)
        told = self.roster, events, self.notes.want
        self.show = Show(environment.timeline, cluster.poller, load, self.orders, *told)
        self._handover = Handover(cluster.writer, environment.initial_ratio, events, clock, wall)
        self._earlier = Earlier(cluster.writer, environment.digest, events, wall, ended)
        self._control, self._not_continued, self._ended_by_hand = ControlLog(clock), "", False
        self._writer, self._poller = cluster.writer, cluster.poller
        self._env, self._load, self._events, self._clock = environment, load, events, clock

    def second(self) -> float:
        """The second that it is: statistics are cut at whole ones."""
        return float(math.floor(self._clock()))

    async def enter_auto(self, by: Actor, *, once: bool, take_over: bool = False) -> None:
        """Take scaling from KEDA, or from whoever has paused it, and begin the show.

        Raises:
            GtcError: KEDA could not be paused; it is manual then, and `look` ends what may stand.
        """
        self._ended_by_hand = False
        self.notes.begin_run()
        await self._take(by, take_over=take_over)
        await self.show.begin(self.second(), once=once)
        await self.notes.write()

    async def resume(self, stopped: Stopped, by: Actor) -> None:
        """Take scaling from KEDA again and go on where the show was stopped.

        Raises:
            GtcError: As above.
        """
        await self._take(by)
        at_s, initial = stopped.at_s, self._env.initial_ratio
        await self.show.resume(stopped.state, at_s, self.second(), initial)
        await self.notes.write()

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
            await self._silence()
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
            # beside it: who comes after us must not go on with what was ended
            await asyncio.gather(self.notes.write(), self._handover.give_back())
        except GtcError:
            await self._be_manual()
            raise
        await self._be_manual()  # a cancelled leave stays "stopping": it is finished on the way out

    async def _silence(self) -> None:
        """Send nothing; a load process that does not listen must not keep KEDA from its pools."""
        try:
            await self._load.quiet()
        except GtcError as error:
            self._events.add("warning", error.message)

    async def _take(self, by: Actor, *, take_over: bool = False) -> None:
        self.forget()
        self.now = "starting"
        self._control.ordered(by)
        self.left.clear()
        self.notes.want()
        try:
            await self._handover.take(force=take_over)
        except GtcError:
            self.now = "manual"
            self.left.set()
            self.notes.want()
            raise
        self.now = "auto"

    async def _be_manual(self) -> None:
        self.now = "manual"
        self.left.set()
        await self.notes.write()

    def forget(self) -> None:
        """Somebody acts: what ended before is not resumed any more, nor told."""
        self.stopped, self._not_continued = None, ""

    async def prescale(self, until: datetime, by: Actor) -> None:
        """The fallback state: the full ratio, KEDA paused until a time; the load goes on."""
        self.forget()
        await self.leave_auto(by, keep_load=True, why="the fallback state was ordered")
        self._control.ordered(by)
        await self._handover.hold(self._env.full_ratio, until)
        await self.notes.write()

    async def reset(self, by: Actor) -> None:
        """Load off, open streams ended, initial ratio ordered, statistics zeroed, KEDA scaling."""
        self.forget()
        self.show.clear()  # first: without statistics the claims of its cycle would be wrong
        await self._load.zero()
        was_auto = self.now == "auto"
        await self.leave_auto(by, keep_load=False, why="reset")
        self._control.ordered(by)
        if not was_auto:
            await self._handover.restore()
        self._events.add("info", f"reset: load off, {self._env.initial_ratio} ordered")
        await self.notes.write()

    async def end_show(self, by: Actor, steps: SafeSteps) -> None:
        """First of the safe state, whoever has the Lease: none of our own show goes on."""
        self.forget()
        self._ended_by_hand = True
        if self.now in ("auto", "starting", "stopping"):
            left = self.leave_auto(by, keep_load=False, why="the safe state was ordered")
            await steps.take("auto mode left", left)
        else:
            steps.already("manual mode")

    async def safe(self, by: Actor, steps: SafeSteps) -> None:
        """The safe state: as a reset, and the statistics stay; ``steps`` get what came of each."""
        self._control.ordered(by)
        await hand_back(self._writer, self._env.initial_ratio, steps, self._handover.resume)
        await self.notes.write()

    async def recover(self) -> None:
        """First thing with the Lease in hand: go on with the show of a panel that died, or undo it.

        Raises:
            GtcError: The cluster does not answer; try again.
        """
        found = await self._earlier.find()
        why = await self._go_on(found) if found.in_auto and self.now != "auto" else ""
        if self.now == "auto":  # or a presenter was faster, and what was found is of our own show
            return
        if why:  # what was tried may have left a pause of ours
            found = replace(found, keda=await self._writer.keda.status())
            self._events.add("warning", left_behind(found, why))
            self._not_continued = f"the show is not continued: {why}"
        await self._handover.undo(found.keda)
        await self._be_manual()

    async def _go_on(self, found: Found) -> str:
        """Go on with the show that was found; the reason when that will never be."""
        if self._ended_by_hand:
            return "the safe state was ordered"
        now_s = self.second()
        left = continued(self.show.timeline, found, now_s)
        why = left if isinstance(left, str) else await self._handover.take_again()
        if why or isinstance(left, str):
            return why
        self.notes.run_name, self.now = left.run, "auto"
        self.left.clear()
        await self.show.go_on(left.state, now_s)
        await self.notes.write()
        return ""

    async def end(self) -> None:
        """The process ends: KEDA gets its pools back, whatever is under way.

        Raises:
            GtcError: KEDA is not back.
        """
        if self.now in ("auto", "starting", "stopping"):
            await self.leave_auto(PANEL, keep_load=False, why="the panel ends")
        elif self._handover.owes:
            await self._handover.resume()

    async def only_show(self) -> None:
        """The Lease is gone: stop acting, and leave replicas and pause to the new holder."""
        self.notes.forget()
        await self.orders.forget()
        await self._silence()
        self.show.clear()
        self.stopped, self.now = None, "read-only"
        self.left.set()

    async def look(self, now_s: float) -> None:
        """What is to be done once a second, whatever the mode."""
        if self.now == "auto":
            fresh = self._poller.fresh
            await self._handover.keep(None if fresh is None else fresh.keda, now_s)
            await self.show.step(now_s)
            await self.leave_if_over()
        elif self.now == "manual":
            await self._handover.retry(now_s)

    @property
    def problem(self) -> str:
        """Why KEDA does not drive although it should; empty when it does."""
        return self._handover.problem if self.now == "manual" else ""

    def resumable_s(self) -> float | None:
        """Seconds left to resume the show that was stopped; None when there is none."""
        return None if self.stopped is None else self.stopped.left_s(self._clock())

    def control(self, keda: KedaState) -> ControlView:
        """Who drives, and what the presenter may do about it; ``keda`` as it was seen last."""
        seen = replace(self._control.see(self.now, keda), interrupted=self._interrupted())
        if self.now == "auto":
            following = self.show.following(self._clock())
            return replace(seen, holding=self.show.state.held_s is not None, next=following)
        return replace(seen, resume_s=self.resumable_s()) if self.stopped else seen

    def _interrupted(self) -> str:
        if self.now != "auto" or not self.show.log.interrupted:
            return self._not_continued
        phase = phase_title(self.show.log.interrupted)
        return f"the show went on in {phase} after a restart; of this cycle the rest is judged"

    def _stand(self) -> tuple[Mode, PhaseName, machine.State]:
        state = self.show.state
        return self.now, machine.phase_of(self.show.timeline, state), state
