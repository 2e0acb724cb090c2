"""What the presenter can order: the commands of the service, each with its giver.

Load goes to the load engine at once; whatever concerns modes, phases and workers goes to the
conductor, which does one thing at a time. It must not know HTTP, pages or how the parts are
started.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

from gtc_runtime.actor import PANEL, Actor
from gtc_runtime.cluster.cluster import Cluster
from gtc_runtime.events import EventLog, caused_by
from gtc_runtime.load.control import LoadControl
from gtc_runtime.load.history import LoadHistory, Setting
from gtc_runtime.memory import Memory
from gtc_runtime.scenario.conductor import Conductor
from gtc_runtime.scenario.unattended.prescale import check_until
from gtc_runtime.scenario.unattended.safe import SafeSteps
from gtc_runtime.told import SafeReport
from gtc_spec.errors import GtcError
from gtc_spec.workloads import WorkloadMix

LEAVE_TOLD_S: Final = 1.0
"""How long the answer to a Stop waits for the end of auto mode, which takes 3 to 33 s."""


class Commands:
    """Commands to one demo. Every one returns when it is done, or raises a GtcError.

    Args:
        load: What makes the traffic.
        events: Log of what happened.
        memory: What the panel before this one did.
        safe_by_force: Reaches the safe state by taking the Lease from whoever has it.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        load: LoadControl,
        events: EventLog,
        memory: Memory,
        safe_by_force: Callable[[], Awaitable[SafeReport]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._load, self._events, self._memory = load, events, memory
        self._history = LoadHistory(clock)
        self._cluster: Cluster | None = None
        self._conductor: Conductor | None = None
        self._stopper: Actor | None = None
        self._leaving: set[asyncio.Task[Any]] = set()
        self._safe_by_force = safe_by_force
        self._making_safe: asyncio.Task[SafeReport] | None = None

    # -- the load --------------------------------------------------------------------------------

    async def start_load(self, *, by: Actor = PANEL) -> None:
        """Send load with the chosen rate and mix.

        Raises:
            GtcError: The scenario drives the load, or this panel only shows.
        """
        self._refuse_in_auto("start")
        self._lead.forget_stopped()
        await self._load.begin()
        self._tell(by, f"load started: {self._setting}")

    async def stop_load(self, *, by: Actor = PANEL) -> None:
        """Stop sending at once, in every mode; auto mode ends with it.

        It is done when the load is off: auto mode may be ending still, and what fails there is an
        event. A repeat by the same giver changes nothing and is not told.

        Raises:
            GtcError: This panel only shows: the load is that of another one.
        """
        was_on = self._load.running
        await self._load.quiet()
        self._lead.refuse_to_show_only()
        in_auto = self._lead.mode in ("auto", "starting")
        if was_on or by != self._stopper or (in_auto and not self._leaving):
            self._tell(by, "load stopped")
        self._stopper = by
        if in_auto:
            leaving = asyncio.create_task(self._leave_auto(by), name="leave auto")
            self._own(leaving)
            await asyncio.wait({leaving}, timeout=LEAVE_TOLD_S)

    async def set_load(
        self, rps: float | None, mix: WorkloadMix | None, *, by: Actor = PANEL
    ) -> None:
        """Change rate, mix or both; takes effect at once when load runs.

        Raises:
            UsageError: The rate is no finite number; one outside the limits is clamped.
            GtcError: The scenario drives the load.
        """
        self._refuse_in_auto("change rate or mix")
        before = self._setting
        await self._load.choose(rps, mix)
        if self._setting != before:
            self._lead.forget_stopped()
            self._history.changed(before, by)

    async def undo(self, *, by: Actor = PANEL) -> None:
        """Bring back the rate and mix before the last change of either.

        Raises:
            GtcError: The scenario drives the load, or there is no such change.
        """
        self._refuse_in_auto("undo")
        before = self._history.take_back(self._setting)
        if before is None:
            raise GtcError(
                "there is no change of rate or mix to undo",
                "only those since the last auto mode or reset can be, ten at most",
            )
        self._lead.forget_stopped()
        await self._load.choose(before.rps, before.mix)
        self._tell(by, f"load set back: {before}")

    async def start_again(self, *, by: Actor) -> None:
        """Start the load that ran before this panel was restarted.

        Raises:
            GtcError: There was none, somebody has acted since, or the scenario drives the load.
        """
        rps, mix = self._memory.load
        await self.set_load(rps, mix, by=by)
        await self.start_load(by=by)

    # -- who drives ------------------------------------------------------------------------------

    async def auto(self, *, once: bool = False, take_over: bool = False, by: Actor = PANEL) -> None:
        """Let the scenario drive load and workers; KEDA is paused.

        Args:
            once: Stop after one cycle.
            take_over: Whether a pause of somebody else is taken over; it ends with auto mode.
            by: Who wants it.
        """
        await self._lead.auto(once=once, take_over=take_over, by=by)
        self._history.clear()
        await self._poll_now()

    async def manual(self, *, by: Actor = PANEL) -> None:
        """Give load to the presenter and scaling to KEDA; the load goes on as it is."""
        self._load.keep_rate()
        await self._lead.manual(keep_load=True, by=by)
        await self._poll_now()

    async def end_scenario(self, *, by: Actor = PANEL) -> None:
        """End auto mode and its load; KEDA scales."""
        await self._lead.manual(keep_load=False, by=by)
        await self._poll_now()

    async def prescale(self, until: datetime, *, by: Actor = PANEL) -> None:
        """The fallback state: every GPU at work and KEDA paused until a time; the load goes on."""
        check_until(until, datetime.now(UTC))
        await self._lead.prescale(until, by=by)
        await self._poll_now()

    async def reset(self, *, by: Actor = PANEL) -> None:
        """Load off, streams ended, initial ratio, statistics zeroed, KEDA scaling."""
        await self._lead.reset(by=by)
        self._history.clear()
        await self._poll_now()

    async def safe(self, *, by: Actor = PANEL) -> SafeReport:
        """The safe state: load off, streams ended, initial ratio, KEDA scaling, manual mode.

        What fails is in the report and never raised. Whoever asks meanwhile gets the same report.
        A panel without the Lease takes it by force, as `gtc safe` does.
        """
        if self._making_safe is None or self._making_safe.done():
            self._making_safe = asyncio.create_task(self._make_safe(by), name="safe state")
            self._own(self._making_safe)
        return await asyncio.shield(self._making_safe)

    # -- the running show ------------------------------------------------------------------------

    async def hold(self, on: bool, *, by: Actor = PANEL) -> None:
        """Let the show stand still in its phase while load goes on, or let it go on.

        Raises:
            GtcError: No show is running.
        """
        await self._lead.hold(on, by=by)

    async def extend(self, *, by: Actor = PANEL) -> None:
        """Make the running segment 30 s longer.

        Raises:
            GtcError: No show is running.
        """
        await self._lead.extend(by=by)

    async def next_phase(self, *, by: Actor = PANEL) -> None:
        """Go to the next phase now; its length counts from its workers' being ready.

        Raises:
            GtcError: No show is running.
        """
        await self._lead.next_phase(by=by)
        await self._poll_now()

    async def resume_show(self, *, by: Actor = PANEL) -> None:
        """Go on with the show that a Stop has just ended, where it was.

        Raises:
            GtcError: It is too late for that, or KEDA could not be paused.
        """
        await self._lead.resume_show(by=by)
        await self._poll_now()

    # -- the safe state ---------------------------------------------------------------------------

    async def _make_safe(self, by: Actor) -> SafeReport:
        with caused_by(by):
            report = await self._safely(by)
            told = "; ".join(report.lines)
            self._events.add("warning" if report.failed else "info", f"safe state: {told}")
        self._history.clear()
        await self._poll_now()
        return report

    async def _safely(self, by: Actor) -> SafeReport:
        """Load, then our own show, which would start it again; then the cluster, by who may."""
        steps, snapshot = SafeSteps(), self._load.snapshot
        if self._load.running or snapshot is None or snapshot.gauges.in_flight > 0:
            await steps.take("load off, open streams ended", self._load.cancel())
        else:
            steps.already("load off")
        try:
            with suppress(GtcError):  # read-only: no show is ours
                await self._lead.end_show(steps, by=by)
            if self._cluster is None or not self._cluster.writer.lease.held:
                return steps.report() + await self._safe_by_force()
            await self._lead.safe(steps, by=by)
            return steps.report()
        except GtcError as error:
            return steps.report() + SafeReport((), (f"scaling: {error.message}",))

    # -- what they share -------------------------------------------------------------------------

    def _own(self, task: asyncio.Task[Any]) -> None:
        """Keep what goes on after its answer, for the end of the process to break off."""
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    async def _leave_auto(self, by: Actor) -> None:
        try:
            await self.end_scenario(by=by)
        except GtcError as error:
            with caused_by(by):
                self._events.add("warning", error.message)

    async def _poll_now(self) -> None:
        """Let the answer to a command show what it has changed in the cluster."""
        if self._cluster is not None:
            with suppress(GtcError):
                await self._cluster.poller.poll()

    @property
    def _lead(self) -> Conductor:
        if self._conductor is None:
            raise GtcError("the service has not started")
        return self._conductor

    @property
    def _setting(self) -> Setting:
        """Rate and mix as the presenter has chosen them."""
        return Setting(self._load.chosen_rps, self._load.load.mix)

    def _undoable(self) -> str:
        """What `undo` would bring back; empty when there is nothing, or the scenario drives."""
        before = self._history.back(self._setting) if self._lead.mode == "manual" else None
        return "" if before is None else str(before)

    def _tell_settled(self) -> None:
        """Tell a change of rate or mix when the hand has come to rest."""
        by = self._history.settled()
        if by is not None:
            self._tell(by, f"load set: {self._setting}")

    def _refuse_in_auto(self, what: str) -> None:
        self._lead.refuse_to_show_only()
        if self._lead.mode in ("auto", "starting"):
            raise GtcError(f"cannot {what} while the scenario drives", "switch to manual first")

    def _tell(self, by: Actor, text: str) -> None:
        with caused_by(by):
            self._events.add("load", text)
