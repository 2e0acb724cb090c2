"""The conductor: the only writer of replicas and of KEDA's pause, one command at a time.

It holds the Lease and lets the show go on once a second.
Manual: KEDA scales. Auto: KEDA is paused and the conductor scales. Whatever happens, it leaves
with the initial ratio ordered and KEDA resumed. It must not know pages, sockets or how a request
is made.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from gtc_runtime.actor import PANEL, Actor
from gtc_runtime.cluster.cluster import Cluster
from gtc_runtime.events import EventLog, caused_by
from gtc_runtime.load.control import LoadControl
from gtc_runtime.scenario import machine
from gtc_runtime.scenario.command_queue import CommandQueue
from gtc_runtime.scenario.control_log import ControlLog
from gtc_runtime.scenario.cycle_log import CycleLog
from gtc_runtime.scenario.handover import Handover
from gtc_runtime.scenario.orders import Orders
from gtc_runtime.scenario.roster import Roster
from gtc_runtime.scenario.show import Show
from gtc_runtime.view import Mode
from gtc_spec.environment import Environment
from gtc_spec.errors import GtcError
from gtc_spec.phases import Timeline

log = logging.getLogger(__name__)

LEASE_RETRY_S = 2.0
LEAVE_S = 20.0
"""Longest time that leaving auto mode may take on the way out of the process."""


class Conductor:
    """Runs modes and phases on one cluster.

    Args:
        environment: Facts and the phase table.
        cluster: Where to act.
        load: What makes the traffic.
        events: Log of what happened.
        clock: Monotonic seconds, the clock of the load statistics.
    """

    def __init__(
        self,
        environment: Environment,
        cluster: Cluster,
        load: LoadControl,
        events: EventLog,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.mode: Mode = "unknown"
        self.left = asyncio.Event()
        self.control = ControlLog(clock)
        self._env, self._cluster, self._load = environment, cluster, load
        self._events, self._clock = events, clock
        self._orders = Orders(cluster.writer.scaling, events)
        self._show = Show(
            environment.timeline, cluster.poller, load, self._orders, events, self._save
        )
        self._commands = CommandQueue()
        self._handover = Handover(cluster.writer, environment.initial_ratio, events, clock)
        self._roster = Roster(environment.initial_ratio, events)

    # -- where the show stands -------------------------------------------------------------------

    @property
    def timeline(self) -> Timeline:
        """What is played."""
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
    def completed(self) -> bool:
        """Whether the newest show came to the end of the one cycle that was asked for."""
        return self._show.completed

    # -- commands: each is done by the one task of `run` ----------------------------------------

    async def auto(self, *, once: bool = False, by: Actor = PANEL) -> None:
        """Take control and begin the show; does nothing when it is on.

        `left` is set when auto mode has ended, `completed` says whether with a whole cycle.

        Raises:
            GtcError: Read-only, or KEDA could not be paused; it stays manual then.
        """
        await self._submit(by, lambda: self._enter_auto(once, by))

    async def manual(self, *, keep_load: bool, by: Actor = PANEL) -> None:
        """Give scaling back to KEDA; the load goes on as it is or ends."""
        why = "on request" if by == PANEL else f"on request of {by}"
        await self._submit(by, lambda: self._leave_auto(keep_load=keep_load, why=why, by=by))

    async def prescale(self, until: datetime, *, by: Actor = PANEL) -> None:
        """The fallback state: the full ratio, KEDA paused until a time; the load goes on."""
        await self._submit(by, lambda: self._prescale(until, by))

    async def reset(self, *, by: Actor = PANEL) -> None:
        """Load off, open streams ended, initial ratio ordered, statistics zeroed, KEDA scaling."""
        await self._submit(by, lambda: self._reset(by))

    async def _submit(self, by: Actor, command: Callable[[], Awaitable[None]]) -> None:
        """Have a command done in its turn; what it causes is told as the actor's doing."""

        async def attributed() -> None:
            with caused_by(by):
                await command()

        await self._commands.submit(attributed)

    # -- the life of the process ----------------------------------------------------------------

    async def run(self) -> None:
        """Hold the Lease, poll, conduct; until cancelled. Ends in the safe state."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._cluster.poller.run(), name="poller")
                tasks.create_task(self._orders.run(), name="orders")
                tasks.create_task(self._conduct(), name="conduct")
                tasks.create_task(self._hold_lease(), name="lease")
        finally:
            self._commands.close()
            await self._shut_down()

    async def _shut_down(self) -> None:
        """On the way out: KEDA gets its pools back, the Lease is given back."""
        try:
            async with asyncio.timeout(LEAVE_S):
                if self.mode in ("auto", "starting", "stopping"):
                    await self._leave_auto(keep_load=False, why="the panel ends", by=PANEL)
        except (GtcError, TimeoutError) as error:
            log.warning("auto mode was not left cleanly, the guardian will do it: %s", error)
        await self._cluster.writer.lease.release()

    async def _hold_lease(self) -> None:
        lease = self._cluster.writer.lease
        while True:
            try:
                stored = await self._cluster.writer.state.read()
                if await lease.acquire(epoch_floor=stored.epoch):
                    await self._commands.submit(self._recover)
                    await lease.keep()
                    self._events.add("warning", "another panel has taken the lease")
                    await self._commands.submit(self._yield_control)
                elif self.mode != "read-only":
                    self.mode = "read-only"
                    self._events.add("info", "another panel holds the lease; this one only shows")
            except GtcError as error:
                self._events.add("warning", error.message)
            await asyncio.sleep(LEASE_RETRY_S)

    async def _conduct(self) -> None:
        while True:
            now = self._clock()
            if not await self._commands.run_next(math.floor(now) + 1 - now):
                await self._tick(float(math.floor(now) + 1))

    # -- one second -----------------------------------------------------------------------------

    async def _tick(self, now_s: float) -> None:
        try:
            self._roster.note(self._cluster.poller.fresh, self.log, now_s)
            if self.mode == "auto":
                await self._play(now_s)
            elif self.mode == "manual":
                await self._handover.retry(now_s)
        except GtcError as error:
            self._events.add("warning", error.message)

    async def _play(self, now_s: float) -> None:
        await self._show.go_on(now_s)
        if self.state.index is None:
            await self._leave_auto(keep_load=False, why="the cycle is over", by=PANEL)

    # -- changes of mode ------------------------------------------------------------------------

    async def _enter_auto(self, once: bool, by: Actor) -> None:
        if self.mode == "auto":
            if once:
                raise GtcError("auto mode is on already", "switch to manual first")
            return
        self._refuse_unless_leading()
        self.mode = "starting"
        self.control.ordered(by)
        self.left.clear()
        try:
            await self._handover.take()
        except GtcError:
            self.mode = "manual"
            raise
        self.mode = "auto"
        now_s = float(math.floor(self._clock()))  # statistics are cut at whole seconds
        await self._show.begin(now_s, once=once)

    async def _leave_auto(self, *, keep_load: bool, why: str, by: Actor) -> None:
        if not keep_load:
            await self._load.quiet()
        if self.mode not in ("auto", "starting", "stopping"):
            return
        self.mode = "stopping"
        self.control.ordered(by)
        self._show.stop()
        self._events.add("info", f"auto mode ends: {why}")
        if keep_load:
            await self._load.set_load(self._load.load.model_copy(update={"pacing": "poisson"}))
        await self._orders.forget()
        try:
            await self._handover.give_back()
        except GtcError:
            await self._be_manual()  # the handover tries again
            raise
        await self._be_manual()  # a cancelled leave stays "stopping": _shut_down finishes it

    async def _be_manual(self) -> None:
        self.mode = "manual"
        self.left.set()
        await self._save()

    async def _prescale(self, until: datetime, by: Actor) -> None:
        self._refuse_unless_leading()
        await self._leave_auto(keep_load=True, why="the fallback state was ordered", by=by)
        self.control.ordered(by)
        await self._handover.hold(self._env.full_ratio, until)
        await self._save()

    async def _reset(self, by: Actor) -> None:
        self._refuse_unless_leading()
        await self._load.zero()
        was_auto = self.mode == "auto"
        await self._leave_auto(keep_load=False, why="reset", by=by)
        self.control.ordered(by)
        if not was_auto:
            await self._handover.restore()
        self._show.clear()
        self._events.add("info", f"reset: load off, {self._env.initial_ratio} ordered")
        await self._save()

    async def _recover(self) -> None:
        """First thing with the Lease in hand."""
        await self._handover.recover()
        await self._be_manual()

    async def _yield_control(self) -> None:
        """The Lease is gone: stop acting, and leave replicas and pause to the new holder."""
        await self._orders.forget()
        await self._load.quiet()
        self._show.clear()
        self.mode = "read-only"
        self.left.set()

    def _refuse_unless_leading(self) -> None:
        if not self._cluster.writer.lease.held:
            raise GtcError(
                "this panel does not hold the lease and only shows",
                "use the panel that holds it, or end it",
            )

    # -- what survives --------------------------------------------------------------------------

    async def _save(self) -> None:
        await self._handover.remember(
            {
                "mode": self.mode,
                "phase": str(machine.phase_of(self.timeline, self.state)),
                "cycle": self.state.cycle,
                "digest": self._env.digest,
                "holder": self._cluster.writer.lease.holder,
                "saved_at": datetime.now(UTC).isoformat(timespec="seconds"),
            }
        )
