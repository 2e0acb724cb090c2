"""What of a panel outlives it: it is recorded, and it begins where the one before it ended.

What a panel that died had on is told until somebody acts. It must not know how a view is made or
what a command does.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from gtc_runtime.actor import PANEL
from gtc_runtime.events import EventLog
from gtc_runtime.recording.earlier import Earlier, earlier
from gtc_runtime.recording.folder import folder
from gtc_runtime.recording.recorder import Recorder
from gtc_runtime.scenario.handover import RESUMED
from gtc_runtime.told import PreviousView
from gtc_runtime.view import DemoView
from gtc_spec.environment import Environment
from gtc_spec.errors import GtcError
from gtc_spec.workloads import WorkloadMix


class Memory:
    """The recording of this panel and the end of the one before.

    Args:
        state_dir: Where recordings lie; None remembers nothing.
        environment: What is driven.
        events: Log of what happened.
    """

    def __init__(self, state_dir: Path | None, environment: Environment, events: EventLog) -> None:
        self._state_dir, self._environment, self._events = state_dir, environment, events
        self._recorder: Recorder | None = None
        self._earlier: Earlier | None = None
        self._untouched = False
        self._began = ""

    @property
    def past(self) -> tuple[DemoView, ...]:
        """The last views of the panel before, oldest first; none when there was none just now."""
        return () if self._earlier is None else self._earlier.views

    @property
    def ended(self) -> frozenset[str]:
        """Lease identities of the panel before, if it ended in order; no show of its goes on."""
        if self._earlier is None or self._earlier.died:
            return frozenset()
        return frozenset(view.holder for view in self._earlier.views if view.holder)

    async def begin(self, cluster: str) -> None:
        """Look for the panel before and start to record.

        Args:
            cluster: What the cluster calls itself.
        """
        if self._state_dir is None:
            return
        now = datetime.now(UTC)
        self._earlier = before = await asyncio.to_thread(
            earlier, self._state_dir, self._environment, cluster, now
        )
        if before is not None:
            self._events.restore(before.last.events)
        if before is not None and before.died:
            what = before.ended_with_it or "no load was on"
            self._events.add("warning", f"restarted after {before.gone_s:.0f} s; {what}")
            self._untouched = bool(before.ended_with_it)
        self._began = now.isoformat(timespec="milliseconds")
        self._recorder = self._record(self._state_dir)

    def see(self, view: DemoView) -> DemoView:
        """Record a view; the same one with what this panel did before its restart."""
        shown = self._with_previous(view)
        if self._recorder is not None:
            self._recorder.see(shown)
        return shown

    @property
    def load(self) -> tuple[float, WorkloadMix]:
        """Rate and mix of the load that ran before the restart.

        Raises:
            GtcError: There was none, or somebody has acted since.
        """
        load = self._earlier.load if self._earlier is not None and self._untouched else None
        if load is None:
            raise GtcError("there is no load to start again", "gtc start sends a new one")
        return load

    async def end(self, last: DemoView | None) -> None:
        """End the recording in order, with a last view."""
        if self._recorder is not None:
            await asyncio.to_thread(self._recorder.close, last)

    def _record(self, state_dir: Path) -> Recorder:
        loop = asyncio.get_running_loop()

        def trouble(sentence: str) -> None:
            loop.call_soon_threadsafe(self._events.add, "warning", sentence)

        return Recorder(folder(state_dir), self._environment, trouble)

    def _with_previous(self, view: DemoView) -> DemoView:
        interrupted = view.control.interrupted
        if self._earlier is None or not self._untouched:
            return replace(view, previous=PreviousView(interrupted)) if interrupted else view
        since = self._events.since(self._began)
        acted = any(event.actor not in ("", str(PANEL)) for event in since)
        if acted or view.load.running or view.mode == "auto":
            self._untouched = False
            return self._with_previous(view)
        resumed = any(event.text == RESUMED for event in since)
        by = "by this panel" if resumed else "before it was back"
        back = f"was resumed {by}"
        keda = {"active": back, "blind": back, "paused-by-us": "is still paused"}
        previous = self._earlier.told(keda.get(view.keda, ""))
        if interrupted:
            previous = replace(previous, text=f"{previous.text}; {interrupted}")
        return replace(view, previous=previous)
