"""Who is ready: tells every change of the ready workers and keeps them in the log of the cycle.

It must not know phases or modes, and it changes nothing.
"""

from __future__ import annotations

from gtc_runtime.cluster.cluster import Look
from gtc_runtime.events import EventLog
from gtc_runtime.scenario.cycle_log import CycleLog
from gtc_spec.pools import PDRatio


class Roster:
    """Remembers the ready workers of the look before.

    Args:
        ready: What to begin with.
        events: Where to tell a change.
    """

    def __init__(self, ready: PDRatio, events: EventLog) -> None:
        self._ready, self._events = ready, events

    def note(self, look: Look | None, log: CycleLog, now_s: float) -> None:
        """Take in a look at the cluster; nothing happens without one."""
        if look is None:
            return
        if look.desired is not None:
            log.pools(now_s, look.desired, look.ready)
        if look.ready != self._ready:
            self._events.add("ready", f"{look.ready} ready, {self._ready} before")
            self._ready = look.ready
