"""A server, the load processes that send to it, and the runs that they carry out.

Load processes that were forked come up while the server is checked, so that the first request
leaves within a second. Several runs share them, so that no prompt of one is sent again in the next.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from gtc_cli.load.probe.probe import ProbeResult, probe
from gtc_cli.load.run import DRAIN_S, Run
from gtc_runtime.load.demand.forms import NOTHING
from gtc_runtime.load.figures.snapshot import Snapshot
from gtc_runtime.load.forked import ForkedWorker, may_fork
from gtc_runtime.load.process import LoadProcess
from gtc_runtime.load.prompts.chosen import Chosen
from gtc_runtime.load.settings import LoadSettings

DRAW_S = 0.5
CLEAR_S = 1.0
"""Until it is known that what was cut has ended."""
_DIED = "a load process died; what it left open counts as cancelled"

Draw = Callable[[Run], None]
"""Shows a run; called twice a second."""
Prepare = Callable[[LoadSettings, ProbeResult], LoadSettings]
"""Completes settings by what was learnt about the server; may ask it more."""


def forked(settings: LoadSettings) -> Sequence[ForkedWorker]:
    """Load processes that are coming up already, where that is safe."""
    return [ForkedWorker() for _ in range(settings.shards if may_fork() else 0)]


async def drive(run: Run) -> None:
    """Carry out one run to its end; every request that was due then has its outcome.

    Raises:
        GtcError: The server cannot be measured, or the load process does not come up.
    """
    async with Session(run.plan.settings) as session:
        await session.measure(run)


class Session:
    """Load processes for one server. Leave the context to end them.

    Ctrl-C ends the sending of a run and open answers are waited for; a second one cuts them.

    Args:
        settings: What the load processes are told.
        forked: Load processes that are coming up already.
        prepare: Completes the settings once the server is known.

    Attributes:
        interrupted: Whether somebody ended it by hand.
        target: What was learnt about the server.
        own: Prompts of one's own, as they are sent.
    """

    def __init__(
        self,
        settings: LoadSettings,
        forked: Sequence[ForkedWorker] = (),
        prepare: Prepare = lambda settings, _: settings,
    ) -> None:
        self._settings, self._prepare = settings, prepare
        self._load = LoadProcess(forked)
        self._load.on_snapshot(self._take)
        self._run: Run | None = None
        self.interrupted = False
        self.target = ProbeResult()
        self.own: Chosen | None = None

    async def __aenter__(self) -> Self:
        """Check the server, and start the processes.

        Raises:
            GtcError: The server cannot be measured, or the load process does not come up.
        """
        try:
            settings = await asyncio.to_thread(self._ask)
            await self._load.start(settings)
            self.own = settings.own
        except BaseException:
            await self._load.stop()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the processes."""
        await self._load.stop()
        if self._run is not None:
            self._run.book.settle_open()  # what a process that died left open

    async def measure(self, run: Run, draw: Draw = lambda _: None) -> None:
        """Carry out a run; every request that was due then has its outcome."""
        self._run, run.target, run.own = run, self.target, self.own
        with _interrupts() as stop:
            await self._send(run, draw, stop)
            await self._drain(run, draw, stop)
        self.interrupted = self.interrupted or run.interrupted

    async def clear(self) -> None:
        """Cut what is still open after a run, so that the next one begins with nothing."""
        if self._load.alive and self._run is not None and self._run.in_flight:
            await self._load.cancel()
            await asyncio.sleep(CLEAR_S)

    def _ask(self) -> LoadSettings:
        settings = self._settings
        self.target = probe(
            settings.url, settings.model, settings.api_key, settings.timeouts,
            settings.dialect, settings.access,
        )  # fmt: skip
        known = settings.model_copy(update={"dialect": self.target.dialect})
        return self._prepare(known, self.target)

    def _take(self, snapshot: Snapshot) -> None:
        if self._run is not None:
            self._run.take(snapshot)

    async def _send(self, run: Run, draw: Draw, stop: asyncio.Event) -> None:
        demand = run.plan.demand
        run.began_s = run.clock()
        counts = not run.plan.lead_s
        endless = demand.model_copy(update={"requests": None})
        await self._load.set_load(demand if counts else endless)
        while (left_s := run.left_s) > 0 and self._load.alive and not run.all_sent:
            draw(run)
            if not counts and run.measures:
                counts = True
                await self._load.set_load(demand.model_copy(update={"ramp_s": 0.0}))
            if await _set_within(stop, min(DRAW_S, left_s)):
                run.interrupted = True
                break
        run.end_load()
        if self._load.alive:
            await self._load.set_load(NOTHING)
        else:
            run.problem = _DIED

    async def _drain(self, run: Run, draw: Draw, stop: asyncio.Event) -> None:
        """Wait until nothing is open, twice: a snapshot may be older than the last request."""
        stop.clear()
        give_up_s = run.clock() + DRAIN_S
        empty = 0
        while self._load.alive and run.clock() < give_up_s and empty < 2:
            draw(run)
            if await _set_within(stop, DRAW_S):
                run.interrupted = True
                return
            empty = empty + 1 if run.in_flight == 0 else 0
        if not self._load.alive and not run.problem:
            run.problem = _DIED


async def _set_within(event: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False


@contextmanager
def _interrupts() -> Iterator[asyncio.Event]:
    """An event that Ctrl-C and SIGTERM set."""
    event, loop = asyncio.Event(), asyncio.get_running_loop()
    signals = (signal.SIGINT, signal.SIGTERM)
    for each in signals:
        loop.add_signal_handler(each, event.set)
    try:
        yield event
    finally:
        for each in signals:
            loop.remove_signal_handler(each)
