"""What must hold whatever dies, judged on every write that arrives and once a second.

The checker sees all: the cluster's objects, which process wrote what, and who lives. It must not
know how the product decides.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime, timedelta

from gtc_runtime.scenario import machine
from gtc_spec import names
from gtc_spec.environment import Environment
from gtc_spec.kinds import CONFIG_MAP, DGDSA, LEASE, SCALED_OBJECT
from gtc_spec.pools import ROLES, Role
from tests.chaos.simulated.cluster import Cluster
from tests.chaos.simulated.loop import Process
from tests.chaos.simulated.processes import Panel
from tests.chaos.simulated.server import Json

PAUSED_MOST_S = 30.0
LEASE_LIVES_S = 15.0
STUCK_S = 60.0
"""Longest time that a living panel in manual mode may leave KEDA paused."""
END_S = 22.0
"""Longest way out after SIGTERM: 20 s, and what is in flight."""
BURST_S = 5.0
"""Two phases are never entered within this: the shortest segment is far longer."""
LATE_S = 40.0
"""A conductor that waits for a slow API may look so late."""


class Checker:
    """Keeps what it has seen and says what was violated.

    Attributes:
        violations: One line each, with the time.
        newest_epochs: The highest epoch that has written the state, and the pools with KEDA.
        wall_slack_s: How far the clocks of day may differ between machines.
    """

    def __init__(self, env: Environment, cluster: Cluster, clock: Callable[[], float]) -> None:
        self._env, self._cluster, self._clock = env, cluster, clock
        self.violations: list[str] = []
        self.newest_epochs = {"state": -1, "pools": -1}
        self.wall_slack_s = 0.0
        self.holder, self.renewed_s = "", -math.inf
        self._epochs: dict[Process, int] = {}
        self._paused_s: float | None = None
        self._stuck_s: float | None = None
        self._entered: dict[Process, tuple[tuple[int, int], float]] = {}
        self._strayed: dict[Process, int] = {}
        ratios = [env.initial_ratio, env.full_ratio, *(s.ratio for s in env.timeline.segments)]
        ratios += [order.ratio for s in env.timeline.segments for order in s.orders]
        self._allowed: dict[Role, frozenset[int]] = {
            role: frozenset(ratio.of(role) for ratio in ratios) for role in ROLES
        }

    def violated(self, text: str) -> None:
        """Note a violation."""
        self.violations.append(f"at {self._clock():.1f} s: {text}")

    # -- writes ------------------------------------------------------------------------------------

    def wrote(self, process: Process, plural: str, name: str, after: Json | None) -> None:
        """A process of ours has changed an object."""
        if after is None:
            return
        if plural == LEASE.plural:
            self._lease(process, after["spec"])
        elif plural in (DGDSA.plural, SCALED_OBJECT.plural, CONFIG_MAP.plural):
            self._ordered(process, plural)
        if plural == DGDSA.plural:
            self._scaled(process, name, after)

    def _lease(self, process: Process, spec: Json) -> None:
        self.holder = str(spec.get("holderIdentity") or "")
        self.renewed_s = self._clock()
        if self.holder:
            self._epochs[process] = spec["leaseTransitions"]

    def _ordered(self, process: Process, plural: str) -> None:
        # whoever takes the Lease by force writes the state at once, and the rest once the holder
        # before must have noticed: so the two are ordered each by itself
        kind = "state" if plural == CONFIG_MAP.plural else "pools"
        epoch, newest = self._epochs.get(process, -1), self.newest_epochs[kind]
        if epoch < newest:
            self.violated(
                f"{process.name} wrote {plural} in epoch {epoch} after a writer of epoch {newest}"
            )
        self.newest_epochs[kind] = max(newest, epoch)

    def _scaled(self, process: Process, name: str, after: Json) -> None:
        role = next(role for role in ROLES if names.pool_dgdsa(role) == name)
        replicas = after["spec"]["replicas"]
        if replicas not in self._allowed[role]:
            self.violated(f"{process.name} ordered {replicas} {role} workers, not in the table")

    # -- every second ------------------------------------------------------------------------------

    def look(self, panels: list[Panel], *, able: bool, wall: datetime, outage: bool) -> None:
        """See how all stands.

        Args:
            panels: All that live.
            able: Whether anybody lives who could end a pause, and Kubernetes lets it.
            wall: The true time of day.
            outage: Whether the API is down.
        """
        owners = [
            (each[names.ANNOTATION_PAUSED_BY], each.get(names.ANNOTATION_PAUSED_UNTIL))
            for each in self._cluster.annotations()
            if names.ANNOTATION_PAUSED_BY in each
        ]
        slack = timedelta(seconds=self.wall_slack_s)
        paused = [
            by for by, until in owners if not until or wall >= datetime.fromisoformat(until) + slack
        ]
        now = self._clock()
        live = bool(self.holder) and now - self.renewed_s <= LEASE_LIVES_S
        self._pause_without_lease(bool(paused) and not live and able, now)
        manual = any(
            panel.conductor.mode == "manual" and panel.writer.lease.held for panel in panels
        )
        self._pause_in_manual(bool(paused) and live and manual and able, now)
        for panel in panels:
            self._panel(panel, now, outage)

    def _pause_without_lease(self, wrong: bool, now: float) -> None:
        self._paused_s = (self._paused_s or now) if wrong else None
        if self._paused_s is not None and now - self._paused_s > PAUSED_MOST_S:
            self.violated(f"keda is paused without a live lease for {now - self._paused_s:.0f} s")
            self._paused_s = now

    def _pause_in_manual(self, wrong: bool, now: float) -> None:
        self._stuck_s = (self._stuck_s or now) if wrong else None
        if self._stuck_s is not None and now - self._stuck_s > STUCK_S:
            self.violated(
                f"a panel in manual mode leaves keda paused for {now - self._stuck_s:.0f} s"
            )
            self._stuck_s = now

    def _panel(self, panel: Panel, now: float, outage: bool) -> None:
        name, frozen = panel.process.name, panel.process.frozen_s > now
        if panel.ending_s is None and panel.task.done():
            error = None if panel.task.cancelled() else panel.task.exception()
            self.violated(f"the conductor of {name} died: {error!r}")
            panel.process.alive = False
        if panel.ending_s is not None and not frozen and now - panel.ending_s > END_S:
            self.violated(f"{name} has not ended {now - panel.ending_s:.0f} s after SIGTERM")
            panel.process.alive = False
        if frozen:
            self._strayed[panel.process] = 0
        else:
            self._load_follows(panel)
        self._no_burst(panel, now)
        self._goes_on(panel)

    def _load_follows(self, panel: Panel) -> None:
        """In auto mode the load is that of the timeline, whatever else fails."""
        conductor, process = panel.conductor, panel.process
        planned = None
        if conductor.mode == "auto" and panel.ending_s is None:
            now_s = math.floor(self._clock() + process.skew_s)
            planned = machine.load_at(conductor.timeline, conductor.state, float(now_s))
        known = {0.0, panel.load.load.rps} if planned is None else {panel.load.load.rps}
        follows = planned is None or any(abs(rps - planned[0]) < 0.2 for rps in known)
        self._strayed[process] = 0 if follows else self._strayed.get(process, 0) + 1
        if self._strayed[process] == 8 and planned is not None:
            self.violated(
                f"the load of {process.name} is {panel.load.load.rps:g} rps where the table says"
                f" {planned[0]:g}"
            )

    def _goes_on(self, panel: Panel) -> None:
        """No phase lasts longer than the table says, unless it is made to stand still."""
        conductor = panel.conductor
        if conductor.mode != "auto" or conductor.state.index is None:
            return  # nothing is played yet
        if conductor.state.held_s is not None:
            return
        if panel.ending_s is not None or panel.steered_within(LATE_S):
            return
        end_s = machine.latest_end_s(conductor.timeline, conductor.state)
        late_s = self._clock() + panel.process.skew_s - end_s
        if late_s > LATE_S:
            self.violated(f"the show of {panel.process.name} stands still for {late_s:.0f} s")

    def _no_burst(self, panel: Panel, now: float) -> None:
        state = panel.conductor.state
        if state.index is None:
            self._entered.pop(panel.process, None)
            return
        place = (state.cycle, state.index)
        known = self._entered.get(panel.process)
        if known is None or known[0] != place:
            if known is not None and now - known[1] < BURST_S and not panel.steered_within(BURST_S):
                self.violated(f"{panel.process.name} went through phases in a burst")
            # where a restarted panel goes on, it has entered nothing
            self._entered[panel.process] = (place, -math.inf if known is None else now)
