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
from gtc_spec.pools import ROLES, PDRatio, Role
from tests.chaos.simulated.cluster import Cluster
from tests.chaos.simulated.loop import Process
from tests.chaos.simulated.pauses import Pauses
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
TAKEN_S = 10.0
"""Longest time in auto mode without KEDA paused by the panel that plays."""
ORDERED_S = 45.0
"""Longest time until the adapters say what the show has ordered, when requests fail."""


class Stood:
    """How long something wrong has stood while somebody was able to end it.

    The clock stops while nobody is; who comes then has not seen what was before, and gets the time
    once more, but once only.

    Args:
        most_s: The longest time.
    """

    def __init__(self, most_s: float) -> None:
        self._most_s = self._limit_s = most_s
        self._stood_s = 0.0
        self._wrong = False

    def second(self, wrong: bool, able: bool) -> float:
        """One second more; how long it stands when that is too long, else 0."""
        if not wrong:
            self._stood_s, self._limit_s, self._wrong = 0.0, self._most_s, False
            return 0.0
        if not able:
            self._limit_s = 2 * self._most_s
            return 0.0
        self._stood_s += 1.0 if self._wrong else 0.0
        self._wrong = True
        if self._stood_s <= self._limit_s:
            return 0.0
        stood_s, self._stood_s = self._stood_s, 0.0
        return stood_s


class Checker:
    """Keeps what it has seen and says what was violated.

    Attributes:
        violations: One line each, with the time.
        newest_epochs: The highest epoch that has written the state, and the pools with KEDA.
        pauses: Whose pauses stand.
    """

    def __init__(
        self, env: Environment, cluster: Cluster, pauses: Pauses, clock: Callable[[], float]
    ) -> None:
        self._cluster, self.pauses, self._clock = cluster, pauses, clock
        self.violations: list[str] = []
        self.newest_epochs = {"state": -1, "pools": -1}
        self.holder, self.renewed_s, self._guarded = "", -math.inf, False
        self._epochs: dict[Process, int] = {}
        self._paused, self._stuck, self._ended = Stood(PAUSED_MOST_S), Stood(STUCK_S), 0
        self._untaken: dict[Process, Stood] = {}
        self._unordered: dict[Process, Stood] = {}
        self._wanted: dict[Process, tuple[PDRatio | None, float]] = {}
        self._meddled_s = {DGDSA.plural: -math.inf, SCALED_OBJECT.plural: -math.inf}
        self._entered: dict[Process, tuple[tuple[int, int], float]] = {}
        self._strayed: dict[Process, int] = {}
        ratios = [env.initial_ratio, env.full_ratio, *(s.ratio for s in env.timeline.segments)]
        ratios += [order.ratio for s in env.timeline.segments for order in s.orders]
        self._ratios = frozenset(ratios)
        self._allowed: dict[Role, frozenset[int]] = {
            role: frozenset(ratio.of(role) for ratio in ratios) for role in ROLES
        }

    def violated(self, text: str) -> None:
        """Note a violation."""
        self.violations.append(f"at {self._clock():.1f} s: {text}")

    # -- writes ------------------------------------------------------------------------------------

    def wrote(
        self,
        process: Process | None,
        plural: str,
        name: str,
        before: Json | None,
        after: Json | None,
    ) -> None:
        """A process of ours has changed an object, or somebody else without one."""
        if plural == SCALED_OBJECT.plural:
            self.pauses.wrote(process is not None, name, before, after)
        if process is None and plural in self._meddled_s:
            self._meddled_s[plural] = self._clock()
        if process is not None and after is not None:
            self._wrote(process, plural, name, after)

    def _wrote(self, process: Process, plural: str, name: str, after: Json) -> None:
        if plural == LEASE.plural:
            self._lease(process, after["spec"])
        elif plural in (DGDSA.plural, SCALED_OBJECT.plural, CONFIG_MAP.plural):
            self._ordered(process, plural)
        if plural == DGDSA.plural:
            self._scaled(process, name, after)

    def _lease(self, process: Process, spec: Json) -> None:
        self.holder = str(spec.get("holderIdentity") or "")
        self.renewed_s, self._guarded = self._clock(), process.name.startswith("guardian")
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

    def look(self, panels: list[Panel], *, able: bool, wall: datetime, slack_s: float) -> None:
        """See how all stands.

        Args:
            panels: All that live.
            able: Whether anybody lives who could end a pause, and Kubernetes lets it.
            wall: The true time of day.
            slack_s: How far from it the clock of day of a living process is.
        """
        now, latest = self._clock(), wall - timedelta(seconds=slack_s)
        paused = any(pause.until is None or latest >= pause.until for pause in self.pauses.ours())
        # a guardian holds the Lease only to end a pause: that makes none right
        live = bool(self.holder) and not self._guarded and now - self.renewed_s <= LEASE_LIVES_S
        if stood_s := self._paused.second(paused and not live, able):
            self.violated(f"keda is paused without a live lease for {stood_s:.0f} s")
        manual = any(
            panel.conductor.mode == "manual" and panel.writer.lease.held for panel in panels
        )
        if self.pauses.ended != self._ended:  # between two looks, by who then paused again
            self._ended = self.pauses.ended
            self._stuck.second(False, able)
        if stood_s := self._stuck.second(paused and live and manual, able):
            self.violated(f"a panel in manual mode leaves keda paused for {stood_s:.0f} s")
        for panel in panels:
            self._panel(panel, now)
            self._plays(panel, now, able)

    def _plays(self, panel: Panel, now: float, able: bool) -> None:
        """In auto mode KEDA is paused, and the workers are those that the show has ordered."""
        process, lease = panel.process, panel.writer.lease
        ordered = panel.conductor.state.ordered
        if ordered is not None and ordered not in self._ratios:
            self.violated(f"{process.name} wants {ordered}, which is not in the table")
        plays = panel.conductor.mode == "auto" and panel.ending_s is None
        if not plays or not lease.held or self.holder != lease.holder or process.frozen_s > now:
            for known in (self._untaken, self._unordered):
                known.pop(process, None)
            if not plays:  # a Lease that lapses for a while is no new order
                self._wanted.pop(process, None)
            return
        if self._wanted.get(process, (None, 0.0))[0] != ordered:
            self._wanted[process] = ordered, now
            self._unordered.pop(process, None)
        # what somebody else does in auto mode is left as it is until the next order
        since_s = self._wanted[process][1] - 1.0
        untaken = self._untaken.setdefault(process, Stood(TAKEN_S))
        wrong = not self.pauses.paused_by(lease.holder)
        wrong = wrong and self._meddled_s[SCALED_OBJECT.plural] < since_s
        if stood_s := untaken.second(wrong, able):
            self.violated(f"{process.name} plays and has not paused keda for {stood_s:.0f} s")
        unordered = self._unordered.setdefault(process, Stood(ORDERED_S))
        desired = self._cluster.desired()
        wrong = panel.conductor.state.index is not None and desired not in (None, ordered)
        wrong = wrong and self._meddled_s[DGDSA.plural] < since_s
        if stood_s := unordered.second(wrong, able):
            self.violated(f"{desired} where {process.name} ordered {ordered} {stood_s:.0f} s ago")

    def _panel(self, panel: Panel, now: float) -> None:
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
