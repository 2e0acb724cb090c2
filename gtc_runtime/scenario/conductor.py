"""The conductor: the only writer of replicas and of KEDA's pause, one command at a time.

It holds the Lease, takes commands in their order and looks at the show once a second. On its way
out it orders the initial ratio and resumes KEDA, as far as the cluster answers; the guardian does
the rest. It must not know pages, sockets or how a request is made.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Final

from gtc_runtime.actor import PANEL, Actor
from gtc_runtime.cluster.cluster import Cluster
from gtc_runtime.cluster.identity import spoken
from gtc_runtime.events import EventLog, caused_by
from gtc_runtime.load.control import LoadControl
from gtc_runtime.scenario import machine
from gtc_runtime.scenario.command_queue import CommandQueue
from gtc_runtime.scenario.cycle_log import CycleLog
from gtc_runtime.scenario.holding import Holding
from gtc_runtime.scenario.modes import Modes
from gtc_runtime.scenario.restart.stopped import RESUME_S, Stopped
from gtc_runtime.scenario.unattended.safe import SafeSteps
from gtc_runtime.told import ControlView
from gtc_runtime.view import KedaState, Mode
from gtc_spec.environment import Environment
from gtc_spec.errors import GtcError
from gtc_spec.phases import Timeline

log = logging.getLogger(__name__)

LEAVE_S: Final = 13.0
"""Longest time that leaving auto mode may take on the way out of the process."""
RELEASE_S: Final = 2.0
"""And giving the Lease back after it, so that the guardian need not wait."""


class Conductor:
    """Runs modes and phases on one cluster.

    Args:
        environment: Facts and the phase table.
        cluster: Where to act.
        load: What makes the traffic.
        events: Log of what happened.
        clock: Monotonic seconds, the clock of the load statistics.
        wall: The time.
        ended: Identities of panels that are known to have ended in order: no show of theirs is
            continued.
    """

    def __init__(
        self,
        environment: Environment,
        cluster: Cluster,
        load: LoadControl,
        events: EventLog,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
        ended: frozenset[str] = frozenset(),
    ) -> None:
        self._modes = Modes(environment, cluster, load, events, clock, wall, ended)
        self._show = self._modes.show
        self._cluster, self._events, self._clock = cluster, events, clock
        self._commands = CommandQueue()
        gained, lost = self._modes.recover, self._modes.only_show
        self._holding = Holding(cluster.writer, events, self._commands.submit, gained, lost)
        self._resumes = 0

    # -- how things stand ------------------------------------------------------------------------

    @property
    def mode(self) -> Mode:
        """Who drives."""
        return self._modes.now

    @property
    def timeline(self) -> Timeline:
        """What the show plays."""
        return self._show.timeline

    @property
    def state(self) -> machine.State:
        """Where the show stands."""
        return self._show.state

    @property
    def log(self) -> CycleLog:
        """Where the phases of the newest cycle lie in time."""
        return self._show.log

    @property
    def left(self) -> asyncio.Event:
        """Set when auto mode has ended."""
        return self._modes.left

    @property
    def completed(self) -> bool:
        """Whether the newest show came to the end of the one cycle that was asked for."""
        return self._show.completed

    @property
    def may_resume(self) -> bool:
        """Whether a show that was stopped may still be resumed, or is being resumed."""
        return self._resumes > 0 or self._modes.resumable_s() is not None

    def control(self, keda: KedaState) -> ControlView:
        """Who drives, and what the presenter may do about it; ``keda`` as it was seen last."""
        return self._modes.control(keda)

    @property
    def problem(self) -> str:
        """What keeps it from its work, one line; empty when nothing does."""
        if self.mode != "read-only":
            return self._modes.problem
        rival = spoken(self._cluster.writer.lease.rival) or "another panel"
        return f"{rival} holds the lease and leads; this panel only shows"

    # -- commands: each is done by the one task of `run` ----------------------------------------

    async def auto(self, *, once: bool = False, take_over: bool = False, by: Actor = PANEL) -> None:
        """Take control and begin the show; does nothing when it is on.

        `left` is set when auto mode has ended, `completed` says whether with a whole cycle.

        Args:
            once: Stop after one cycle.
            take_over: Whether a pause of somebody else is taken over; it ends with auto mode.
            by: Who wants it.

        Raises:
            GtcError: Read-only, or KEDA could not be paused; it is manual then.
        """
        await self._submit(by, lambda: self._auto(once, take_over, by))

    async def manual(self, *, keep_load: bool, by: Actor = PANEL) -> None:
        """Give scaling back to KEDA; the load goes on as it is or ends."""
        why = "on request" if by == PANEL else f"on request of {by}"
        await self._submit(by, lambda: self._modes.stop(by, keep_load=keep_load, why=why))

    async def prescale(self, until: datetime, *, by: Actor = PANEL) -> None:
        """The fallback state: the full ratio, KEDA paused until a time; the load goes on."""
        await self._submit(by, lambda: self._leading(lambda: self._modes.prescale(until, by)))

    async def reset(self, *, by: Actor = PANEL) -> None:
        """Load off, open streams ended, initial ratio ordered, statistics zeroed, KEDA scaling."""
        await self._submit(by, lambda: self._leading(lambda: self._modes.reset(by)))

    async def end_show(self, steps: SafeSteps, *, by: Actor = PANEL) -> None:
        """End a show of our own, with the Lease or without it; ``steps`` get what came of it."""
        await self._submit(by, lambda: self._modes.end_show(by, steps))

    async def safe(self, steps: SafeSteps, *, by: Actor = PANEL) -> None:
        """Initial ratio ordered, KEDA scaling; ``steps`` get what came of each.

        Raises:
            GtcError: This panel does not hold the Lease.
        """
        await self._submit(by, lambda: self._leading(lambda: self._modes.safe(by, steps)))

    async def hold(self, on: bool, *, by: Actor = PANEL) -> None:
        """Let the show stand still in its phase, or go on.

        Raises:
            GtcError: No show is running.
        """
        await self._submit(by, lambda: self._steer(lambda now_s: self._show.hold(on, now_s)))

    async def extend(self, *, by: Actor = PANEL) -> None:
        """Make the running segment 30 s longer.

        Raises:
            GtcError: No show is running.
        """
        await self._submit(by, lambda: self._steer(self._show.extend))

    async def next_phase(self, *, by: Actor = PANEL) -> None:
        """Go to the next phase now.

        Raises:
            GtcError: No show is running.
        """
        await self._submit(by, lambda: self._steer(self._show.next_phase))

    async def resume_show(self, *, by: Actor = PANEL) -> None:
        """Go on with the show that a Stop has ended less than 10 s ago.

        Raises:
            GtcError: There is none, or KEDA could not be paused; it is manual then.
        """
        in_time = self._modes.resumable_s() is not None  # when it is asked for, not when it is done
        stopped = self._modes.stopped if in_time else None
        self._resumes += 1
        try:
            await self._submit(by, lambda: self._resume(stopped, by))
        finally:
            self._resumes -= 1

    def forget_stopped(self) -> None:
        """Somebody acts: a show that was stopped before cannot be resumed any more."""
        self._modes.forget()

    async def _submit(self, by: Actor, command: Callable[[], Awaitable[None]]) -> None:
        async def attributed() -> None:
            self.refuse_to_show_only()
            with caused_by(by):
                await command()

        await self._commands.submit(attributed)

    # -- what a command may not do ---------------------------------------------------------------

    def refuse_to_show_only(self) -> None:
        """Nothing is done beside a panel that leads.

        Raises:
            GtcError: Another one does, and which.
        """
        if self.mode == "read-only":
            hint = "use that panel, or end it: this one takes over then; gtc safe ends every show"
            raise GtcError(self.problem, hint)

    async def _auto(self, once: bool, take_over: bool, by: Actor) -> None:
        if self.mode != "auto":
            enter = self._modes.enter_auto
            await self._leading(lambda: enter(by, once=once, take_over=take_over))
        elif once:
            raise GtcError("auto mode is on already", "switch to manual first")

    async def _steer(self, turn: Callable[[float], Awaitable[None]]) -> None:
        if self.mode != "auto":
            raise GtcError("no show is running", "gtc auto begins one")
        await turn(self._modes.second())
        await self._modes.leave_if_over()

    async def _resume(self, stopped: Stopped | None, by: Actor) -> None:
        if stopped is None or self._modes.stopped is not stopped:
            raise GtcError(
                f"no show was stopped in the last {RESUME_S:g} s, or somebody has acted since",
                "gtc auto begins a new one",
            )
        await self._leading(lambda: self._modes.resume(stopped, by))

    async def _leading(self, act: Callable[[], Awaitable[None]]) -> None:
        self.refuse_to_show_only()
        if not self._cluster.writer.lease.held:
            raise GtcError(
                "this panel cannot show kubernetes a sign of life and does nothing",
                "try again when kubernetes answers",
            )
        await act()

    # -- the life of the process ----------------------------------------------------------------

    async def run(self) -> None:
        """Hold the Lease, poll, conduct; until cancelled. Ends in the safe state."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._cluster.poller.run(), name="poller")
                tasks.create_task(self._modes.orders.run(), name="orders")
                tasks.create_task(self._modes.notes.run(), name="notes")
                tasks.create_task(self._conduct(), name="conduct")
                tasks.create_task(self._holding.run(), name="lease")
        finally:
            self._commands.close()
            await self._shut_down()

    async def _shut_down(self) -> None:
        """On the way out: KEDA gets its pools back, the Lease is kept until then and given back."""
        try:
            async with (
                asyncio.timeout(LEAVE_S + RELEASE_S),
                self._cluster.writer.lease.kept(),
                asyncio.timeout(LEAVE_S),
            ):
                await self._modes.end()
        except (GtcError, TimeoutError) as error:
            why = str(error) or f"not within {LEAVE_S:g} s"
            log.warning("auto mode was not left cleanly, the guardian will do it: %s", why)

    async def _conduct(self) -> None:
        while True:
            now = self._clock()
            second = math.floor(now) + 1
            if not await self._commands.run_next(second - now):
                # later than planned when something has blocked the loop
                await self._look(float(max(second, math.floor(self._clock()))))

    async def _look(self, now_s: float) -> None:
        try:
            self._modes.roster.note(self._cluster.poller.fresh, self.log, now_s)
            await self._modes.look(now_s)
        except GtcError as error:
            self._events.add("warning", error.message)
