"""Who is ordered and who is ready: tells every change and keeps it in the log of the cycle.

It must not know phases or modes, and it changes nothing.
"""

from __future__ import annotations

from gtc_runtime.cluster.poller import ClusterState
from gtc_runtime.events import EventLog
from gtc_runtime.formats import duration, workers
from gtc_runtime.scenario.cycle_log import CycleLog
from gtc_spec.pools import ROLES, PDRatio


class Roster:
    """Remembers the workers of the poll before.

    Args:
        ready: What to begin with.
        start_s: How long a worker takes to start.
        events: Gets every change.
    """

    def __init__(self, ready: PDRatio, start_s: float, events: EventLog) -> None:
        self._ready, self._start_s, self._events = ready, start_s, events
        self._desired: PDRatio | None = None
        self._ordered_s: float | None = None
        self._took_s: float | None = None

    def order(self, ratio: PDRatio, ahead_of: str, now_s: float) -> None:
        """Tell that the scenario orders a ratio, before the cluster shows it.

        Args:
            ratio: What is ordered.
            ahead_of: Title of the phase that needs the workers later; empty when this one does.
            now_s: Clock of the statistics.
        """
        before = self._desired or self._ready
        more, less = grown(before, ratio), grown(ratio, before, "")
        told = []
        if more:
            ahead = f"Ordered ahead for {ahead_of}" if ahead_of else "Ordered"
            told.append(f"{ahead}: {more}, a start takes about {duration(self._start_s)}")
        if less:
            told.append(f"{less} less: draining")
        if told:
            self._events.add("scale", "; ".join(told))
        if more:
            self._ordered_s, self._took_s = now_s, None

    def gate_opened(self, waited_s: float) -> None:
        """Tell that every worker of the phase is ready, and how long the phase waited for them."""
        after = "" if self._took_s is None else f" after {duration(self._took_s)}"
        gate = f"the gate waited {duration(waited_s)}"
        self._events.add("ready", f"all workers of the phase are ready{after} ({gate})")

    def note(self, state: ClusterState | None, log: CycleLog, now_s: float) -> None:
        """Note a state of the cluster; nothing happens without one."""
        if state is None:
            return
        if state.desired is not None:
            log.pools(now_s, state.desired, state.ready)
            if state.keda.state in ("active", "blind") and self._desired is not None:
                self._tell_keda(self._desired, state.desired)
            self._note_desired(state.desired, now_s)
        if state.ready != self._ready:
            self._tell_ready(state, now_s)
            self._ready = state.ready

    def _tell_keda(self, before: PDRatio, after: PDRatio) -> None:
        if more := grown(before, after):
            self._events.add("scale", f"KEDA orders {more}")
        if less := grown(after, before, ""):
            self._events.add("scale", f"KEDA lets {less} go: draining")

    def _tell_ready(self, state: ClusterState, now_s: float) -> None:
        more, less = grown(self._ready, state.ready), grown(state.ready, self._ready, "")
        told = []
        if more:
            after = ""
            if self._ordered_s is not None:
                after = f", {duration(now_s - self._ordered_s)} after the order"
                if state.desired is None or state.ready.at_least(state.desired) == state.ready:
                    self._took_s, self._ordered_s = now_s - self._ordered_s, None
            told.append(f"{more}{after}")
        if less:
            told.append(f"{less} gone")
        self._events.add("ready", f"{state.ready} ready: {'; '.join(told)}")

    def _note_desired(self, desired: PDRatio, now_s: float) -> None:
        before, self._desired = self._desired, desired
        if before is None:
            return
        if grown(desired, before):
            self._ordered_s = None  # what was not ready by now never will be
        if grown(before, desired) and self._ordered_s is None:
            self._ordered_s, self._took_s = now_s, None


def grown(before: PDRatio, after: PDRatio, more: str = "more") -> str:
    """By which workers a ratio has grown, ``2 more prefill workers``; empty when by none."""
    steps = ((after.of(role) - before.of(role), role) for role in ROLES)
    return " and ".join(workers(step, role, more) for step, role in steps if step > 0)
