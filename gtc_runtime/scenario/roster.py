"""Who is ready: reports every change of the ready workers and keeps them in the log of the cycle.

It must not know phases or modes, and it changes nothing.
"""

from __future__ import annotations

from gtc_runtime.cluster.poller import ClusterState
from gtc_runtime.events import EventLog
from gtc_runtime.scenario.cycle_log import CycleLog
from gtc_spec.pools import PDRatio


class Roster:
    """Remembers the ready workers of the poll before.

    Args:
        ready: What to begin with.
        events: Gets every change.
    """

    def __init__(self, ready: PDRatio, events: EventLog) -> None:
        self._ready, self._events = ready, events

    def note(self, state: ClusterState | None, log: CycleLog, now_s: float) -> None:
        """Note a state of the cluster; nothing happens without one."""
        if state is None:
            return
        if state.desired is not None:
            log.pools(now_s, state.desired, state.ready)
        if state.ready != self._ready:
            self._events.add("ready", f"{state.ready} ready, {self._ready} before")
            self._ready = state.ready
