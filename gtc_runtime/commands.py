"""What the presenter can order: the commands of the service, each with its giver.

Load goes to the load engine at once; whatever concerns modes, phases and workers goes to the
conductor, which does one thing at a time. It must not know HTTP, pages or how the parts are
started.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

from gtc_runtime.actor import PANEL, Actor
from gtc_runtime.cluster.cluster import Cluster
from gtc_runtime.events import EventLog, caused_by
from gtc_runtime.load.control import LoadControl
from gtc_runtime.memory import Memory
from gtc_runtime.scenario.conductor import Conductor
from gtc_runtime.scenario.unattended.prescale import check_until
from gtc_spec.errors import GtcError
from gtc_spec.workloads import WorkloadMix


class Commands:
    """Commands to one demo. Every one returns when it is done, or raises a GtcError.

    Args:
        load: What makes the traffic.
        events: Log of what happened.
        memory: What the panel before this one did.
    """

    def __init__(self, load: LoadControl, events: EventLog, memory: Memory) -> None:
        self._load, self._events, self._memory = load, events, memory
        self._cluster: Cluster | None = None
        self._conductor: Conductor | None = None

    # -- the load --------------------------------------------------------------------------------

    async def start_load(self, *, by: Actor = PANEL) -> None:
        """Send load with the chosen rate and mix.

        Raises:
            GtcError: The scenario drives the load, or this panel only shows.
        """
        self._refuse_in_auto("start")
        if self._lead.mode == "read-only":
            raise GtcError("this panel does not hold the lease and only shows")
        await self._load.begin()
        load = self._load.load
        self._tell(by, f"load started: {load.rps:g} rps, {load.mix}")

    async def stop_load(self, *, by: Actor = PANEL) -> None:
        """Stop sending at once, in every mode; auto mode ends with it."""
        await self._load.quiet()
        self._tell(by, "load stopped")
        if self._lead.mode in ("auto", "starting"):
            await self._lead.manual(keep_load=False, by=by)

    async def set_load(
        self,
        rps: float | None,
        mix: WorkloadMix | None,
        *,
        by: Actor = PANEL,  # noqa: ARG002 - no event yet
    ) -> None:
        """Change rate, mix or both; takes effect at once when load runs.

        Raises:
            UsageError: The rate is no finite number; one outside the limits is clamped.
            GtcError: The scenario drives the load.
        """
        self._refuse_in_auto("change rate or mix")
        await self._load.choose(rps, mix)

    async def undo(self, *, by: Actor) -> None:  # noqa: ARG002
        """Bring back the rate and mix before the last change of either."""
        raise GtcError("cannot undo yet")

    async def start_again(self, *, by: Actor) -> None:
        """Start the load that ran before this panel was restarted.

        Raises:
            GtcError: There was none, somebody has acted since, or the scenario drives the load.
        """
        rps, mix = self._memory.load
        await self.set_load(rps, mix, by=by)
        await self.start_load(by=by)

    # -- who drives ------------------------------------------------------------------------------

    async def auto(self, *, once: bool = False, by: Actor = PANEL) -> None:
        """Let the scenario drive load and workers; KEDA is paused.

        Args:
            once: Stop after one cycle.
            by: Who wants it.
        """
        await self._lead.auto(once=once, by=by)
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
        await self._poll_now()

    # -- the running show ------------------------------------------------------------------------

    async def hold(self, on: bool, *, by: Actor) -> None:  # noqa: ARG002
        """Let the show stand still in its phase, or go on."""
        raise GtcError("cannot hold yet")

    async def extend(self, *, by: Actor) -> None:  # noqa: ARG002
        """Make the running phase 30 s longer."""
        raise GtcError("cannot extend yet")

    async def next_phase(self, *, by: Actor) -> None:  # noqa: ARG002
        """Go to the next phase now; it waits for its workers at its gate."""
        raise GtcError("cannot go on yet")

    async def resume_show(self, *, by: Actor) -> None:  # noqa: ARG002
        """Go on with the show that a Stop has just ended, where it was."""
        raise GtcError("cannot resume yet")

    # -- what they share -------------------------------------------------------------------------

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

    def _refuse_in_auto(self, what: str) -> None:
        if self._lead.mode in ("auto", "starting"):
            raise GtcError(f"cannot {what} while the scenario drives", "switch to manual first")

    def _tell(self, by: Actor, text: str) -> None:
        with caused_by(by):
            self._events.add("load", text)
