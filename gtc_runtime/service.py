"""DemoService: commands in, one immutable view out.

Panel, REST and command line all stand on this one object. It puts the parts together, keeps them
running and keeps the view; what it does on command is in `gtc_runtime.commands`. It must not know
HTTP or pages.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from gtc_runtime import finished_cycle
from gtc_runtime.cluster.cluster import Cluster
from gtc_runtime.cluster.end_date import EndDate
from gtc_runtime.commands import Commands
from gtc_runtime.corpus.choice import BUNDLED, Texts
from gtc_runtime.events import EventLog
from gtc_runtime.load.control import LoadControl
from gtc_runtime.load_settings import FollowUpEvents, load_settings
from gtc_runtime.memory import Memory
from gtc_runtime.metrics.annotations import annotations_for
from gtc_runtime.metrics.exporter import Exporter
from gtc_runtime.metrics.marks import MarkFinder
from gtc_runtime.metrics.readings import Readings
from gtc_runtime.scenario import report
from gtc_runtime.scenario.conductor import Conductor
from gtc_runtime.scenario.unattended.safe import make_safe_alone
from gtc_runtime.settings import Settings
from gtc_runtime.tasks.loop_lag import LoopLag
from gtc_runtime.tasks.supervisor import Supervisor, Work
from gtc_runtime.telling.freshness import older
from gtc_runtime.twin.beside import Beside
from gtc_runtime.twin.player import Player
from gtc_runtime.view import DemoView, ProcessView
from gtc_runtime.view_builder import ViewBuilder
from gtc_spec.environment import Environment
from gtc_spec.errors import GtcError

log = logging.getLogger(__name__)

VIEW_S = 0.25
OLD_S = 2.0
"""A view that was not made anew for so long ages by that much more."""
STOP_S: Final = 19.0
"""Longest time from the order to end to the end of everything; who asked waits 20 s."""
DRAIN_S: Final = 8.0
"""So much of it open streams have at most, while auto mode is left."""
LAST_S: Final = 2.0
"""So much of it is kept for the end of the recording."""


class DemoService(Commands):
    """One demo on one cluster.

    Args:
        environment: Facts, scaled in time when asked for.
        settings: Where things answer.
        time_scale: How the environment was scaled; only told in the report.
        texts: What the load asks about.
        state_dir: Where it is recorded; None records nothing.
        real_workers: Whether the workers of a rehearsal are real ones.
    """

    _beside: Beside | None = None
    _builder: ViewBuilder | None
    _view: DemoView | None

    def __init__(
        self,
        environment: Environment,
        settings: Settings,
        *,
        time_scale: float = 1.0,
        texts: Texts = BUNDLED,
        state_dir: Path | None = None,
        real_workers: bool = False,
    ) -> None:
        self._state_dir, self._real_workers = state_dir, real_workers
        self.environment, self.exporter = environment, Exporter(environment)
        self._settings, self._time_scale, self._texts = settings, time_scale, texts
        events = EventLog()
        if texts.warning:
            events.add("warning", texts.warning)
        first = environment.table.phases[0]
        load = LoadControl(
            load_settings(environment, settings, texts.directory),
            first.rps,
            first.mix,
            lambda text: events.add("warning", text),
        )
        super().__init__(
            load,
            events,
            Memory(state_dir, environment, events),
            lambda: make_safe_alone(environment, settings.kubeconfig or None),
        )
        self._load.on_snapshot(self.exporter.add)
        self._load.on_snapshot(FollowUpEvents(self._events))
        self._readings = Readings(settings.prometheus_url, environment.engine.traits)
        self._marks, self._annotations = (
            MarkFinder(),
            annotations_for(settings, lambda text: events.add("warning", text)),
        )
        self._builder, self._view = None, None
        self._view_at_s, self._stopped = 0.0, False
        self._supervisor, self._loop_lag = Supervisor(events), LoopLag()
        self._started = datetime.now(UTC)

    # -- life -----------------------------------------------------------------------------------

    async def start(self) -> None:
        """Connect, start the load process and the conductor.

        Raises:
            GtcError: The cluster does not answer, or the load process does not come up.
        """
        cluster = await Cluster.connect(self.environment, self._settings.kubeconfig, "panel")
        self._cluster = cluster
        await self._load.start()
        await self._memory.begin(cluster.title)
        self._conductor = Conductor(
            self.environment, cluster, self._load, self._events, ended=self._memory.ended
        )
        end = EndDate(cluster.writer.kube, self.environment.until)
        self.twin = Player(
            self.environment,
            self._state_dir,
            self._events,
            simulated=cluster.rehearsal and not self._real_workers,
        )
        self._beside = Beside(self.twin, self._conductor, self._load)
        self._builder = ViewBuilder(
            self.environment,
            cluster,
            self._load,
            self._conductor,
            self._events,
            lambda: (self._readings.newest, self._readings.age_s),
            corpus=self._texts.label,
            undo=self._undoable,
            until=lambda: (end.until, end.age_s),
            twin=self._beside.see,
        )
        self._view = self._build()
        # whatever ends it, the conductor has left auto mode and given the Lease back by then; a
        # show that nobody conducts, and commands that nobody takes, would be a lie
        self.keep("conductor", self._conductor.run, vital=True)
        self.keep("load keeper", self._load.keep_alive)
        self.keep("view", self._keep_view)
        self.keep("loop lag", self._loop_lag.run)
        self.keep("end date", end.poll)
        if self._settings.prometheus_url:
            self.keep("readings", self._readings.run)
        if self._annotations is not None:
            self.keep("annotations", self._annotations.run)

    def keep(self, name: str, work: Work, *, vital: bool = False) -> None:
        """Run a task of this process under the service's supervisor, see `Supervisor.keep`."""
        self._supervisor.keep(name, work, vital=vital)

    async def stop(self) -> None:
        """Leave auto mode, end the load, give the Lease back and end the recording.

        All of it takes `STOP_S` at most, whatever does not answer. Repeated: nothing happens.
        """
        if self._stopped:
            return
        self._stopped = True
        end_s = asyncio.get_running_loop().time() + STOP_S
        leaving = asyncio.create_task(self._leave(), name="leave")
        await asyncio.wait({leaving}, timeout=DRAIN_S)  # open streams may end meanwhile
        await _within(end_s - LAST_S, asyncio.gather(leaving, self._load.stop(), self._last_mark()))
        await _within(end_s, self._memory.end(self._build() if self._builder else None))
        if self._cluster is not None:
            await _within(end_s, self._cluster.close())

    async def _leave(self) -> None:
        """End what runs: the conductor gives KEDA its pools on its way."""
        commands = list(self._leaving)
        for task in commands:
            task.cancel()
        with suppress(GtcError):
            await self._load.quiet()
        await self._supervisor.stop()
        await asyncio.gather(*commands, return_exceptions=True)

    async def _last_mark(self) -> None:
        if self._annotations is not None and self._builder is not None:
            self._annotations.add(self._marks.see(self._build()))  # the last phase is over
            await self._annotations.finish()

    async def failed(self) -> None:
        """Wait until the conductor ends, which it should not.

        Raises:
            GtcError: It did, and of what.
        """
        await self._supervisor.ended()

    @property
    def past(self) -> tuple[DemoView, ...]:
        """The last views of the panel before this one, oldest first."""
        return self._memory.past

    @property
    def ready(self) -> bool:
        """Whether it has started and answers: what is wrong with the demo is seen through it."""
        return self._view is not None

    def view(self) -> DemoView:
        """The newest view, at most a quarter of a second old.

        One that could not be made anew for long is told as what it is: old, and then empty.

        Raises:
            GtcError: The service has not started.
        """
        if self._view is None:
            raise GtcError("the service has not started")
        age_s = time.monotonic() - self._view_at_s
        return self._view if age_s < OLD_S else older(self._view, age_s)

    def metrics(self) -> tuple[bytes, str]:
        """The body of ``/metrics`` and its content type, of the newest view as it may be told."""
        if self._view is not None:
            self.exporter.update(self.view())
        return self.exporter.render()

    def fresh_view(self) -> DemoView:
        """The view of this moment, for the answer to a command."""
        if self._builder is not None:
            self._renew_view()
        return self.view()

    # -- a cycle that was asked for --------------------------------------------------------------

    async def cycle_report(self) -> dict[str, Any]:
        """Wait for the end of the cycle that was asked for with ``once`` and report on it.

        Raises:
            GtcError: Auto mode ended before the cycle was over.
        """
        assert self._cluster is not None  # noqa: S101 - a cycle was begun, so there is a cluster
        found = await finished_cycle.report(self._lead, self._load, self._cluster)
        started = self._started.isoformat(timespec="milliseconds")
        return {
            "env": self.environment.name,
            "started": self._started.isoformat(timespec="seconds"),
            "time_scale": self._time_scale,
            **found,
            "twin": self._beside.report(found["phases"]) if self._beside else None,
            "events": report.events(self._events.since(started)),
        }

    # -- the view -------------------------------------------------------------------------------

    def _build(self) -> DemoView:
        assert self._builder is not None  # noqa: S101 - made before the first view is asked for
        lag_s, tasks = self._loop_lag.worst_s, self._supervisor
        process = ProcessView(
            None if lag_s is None else round(lag_s, 3), dict(tasks.restarts), dict(tasks.causes)
        )
        return replace(self._builder.build(), process=process)

    def _renew_view(self) -> DemoView:
        view = self._memory.see(self._build())
        self._view, self._view_at_s = view, time.monotonic()
        return view

    async def _keep_view(self) -> None:
        while True:
            self._tell_settled()
            view = self._renew_view()
            if self._annotations is not None:
                self._annotations.add(self._marks.see(view))
            await asyncio.sleep(VIEW_S)


async def _within(end_s: float, work: Awaitable[object]) -> None:
    """Wait for something until then; what is not done by then, or fails, is logged."""
    try:
        async with asyncio.timeout_at(end_s):
            await work
    except TimeoutError:
        log.warning("the end is near and something is not done: %s", work)
    except (GtcError, OSError) as error:
        log.warning("on the way out: %s", error)
