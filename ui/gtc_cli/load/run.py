"""One run of the load: check the server, send for a while, wait for what is open, keep the figures.

Load processes that were forked come up while the server is checked, so that the first request
leaves within a second.
Nothing is drawn or written here.
"""

from __future__ import annotations

import asyncio
import math
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from gtc_cli.load import target
from gtc_runtime.load.forked import ForkedWorker
from gtc_runtime.load.process import LoadProcess
from gtc_runtime.load.settings import LoadSettings, Pacing
from gtc_runtime.load.shard import worst
from gtc_runtime.load.snapshot import Light, Quality, Snapshot
from gtc_runtime.load.stats import SliceBook, Tally, WindowStats
from gtc_spec.phases import WorkloadMix

DRAIN_S = 120.0
"""Longest wait for open requests at the end; 2,000 tokens at 33 ms take 66 s."""
DRAW_S = 0.5
_LIGHTS: tuple[Light, ...] = ("green", "amber", "red")


@dataclass(frozen=True)
class Plan:
    """What to run.

    Attributes:
        settings: What the load process is told.
        rps, mix, pacing: The load.
        duration_s: How long requests are sent.
    """

    settings: LoadSettings
    rps: float
    mix: WorkloadMix
    pacing: Pacing
    duration_s: float


class Run:
    """A run and its figures, while it goes on and afterwards. Times are monotonic seconds.

    Args:
        plan: What is run.
        clock: Monotonic seconds, the clock of the statistics.

    Attributes:
        book: All statistics.
        newest: The latest snapshot; None before the first.
        began_s: When sending began; None before.
        load_ended_s: When sending ended; None before.
        target: What the server said about itself; None before it was asked.
        interrupted: Whether it was ended early by hand.
        problem: Why the figures are not those of a whole run; empty when they are.
    """

    def __init__(self, plan: Plan, clock: Callable[[], float] = time.monotonic) -> None:
        self.plan, self.clock = plan, clock
        self.book = SliceBook(horizon_s=int(plan.duration_s + DRAIN_S) + 60)
        self.newest: Snapshot | None = None
        self.began_s: float | None = None
        self.load_ended_s: float | None = None
        self.target: target.Target | None = None
        self.interrupted = False
        self.problem = ""
        self.started = datetime.now(UTC)
        self.wall_minus_monotonic_s = time.time() - time.monotonic()
        self._qualities: list[Quality] = []

    @property
    def elapsed_s(self) -> float:
        """How long requests have been sent."""
        if self.began_s is None:
            return 0.0
        return (self.load_ended_s or self.clock()) - self.began_s

    @property
    def measured_from_s(self) -> float | None:
        """From when on requests that are due count; None before the load began."""
        return self.began_s

    @property
    def measured_length_s(self) -> float:
        """How long the measured part of the load was."""
        if self.measured_from_s is None:
            return 0.0
        return max(0.0, (self.load_ended_s or self.clock()) - self.measured_from_s)

    def figures(self) -> Mapping[str, Tally]:
        """What was due and what arrived since the measuring began, by key."""
        begin_s = self.measured_from_s
        if begin_s is None or self.newest is None:
            return self.book.window(0, 0).by_key
        return self.book.window(begin_s, max(begin_s, self.newest.at_s) + 1).by_key

    def window(self) -> WindowStats | None:
        """What was due and arrived in the whole seconds of measured load; None without one."""
        if self.measured_from_s is None:
            return None
        begin_s, end_s = math.ceil(self.measured_from_s), math.floor(self.load_ended_s or 0.0)
        return self.book.window(begin_s, end_s) if end_s > begin_s else None

    @property
    def in_flight(self) -> int:
        """Open requests, by the newest snapshot."""
        return self.newest.gauges.in_flight if self.newest is not None else 0

    def take(self, snapshot: Snapshot) -> None:
        """Take in a snapshot of the load process."""
        self.newest = snapshot
        self.book.add(snapshot)
        if self.began_s is not None:
            self._qualities.append(snapshot.quality)

    def light_shares(self) -> dict[Light, float]:
        """Share of the run (0..1) that each light was on."""
        seen = [quality.light for quality in self._qualities]
        return {light: seen.count(light) / len(seen) if seen else 0.0 for light in _LIGHTS}

    def worst_quality(self) -> Quality:
        """The worst light with its words, and the worst of each figure of the run."""
        return worst(self._qualities or [Quality()])


async def drive(run: Run, draw: Callable[[Run], None], forked: Sequence[ForkedWorker] = ()) -> None:
    """Carry out a run to its end; every request that was due then has its outcome.

    Ctrl-C ends the sending and open answers are waited for; a second one cuts them.

    Args:
        run: Filled while it goes on.
        draw: Called twice a second.
        forked: Load processes that are coming up already.

    Raises:
        GtcError: The server cannot be measured, or the load process does not come up.
    """
    load = LoadProcess(forked)
    load.on_snapshot(run.take)
    try:
        await _prepare(run, load)
        with _interrupts() as stop:
            await _send(run, load, draw, stop)
            await _drain(run, load, draw, stop)
    finally:
        await load.stop()
    run.book.settle_open()  # what a process that died left open


async def _prepare(run: Run, load: LoadProcess) -> None:
    """Check the server, and tell the processes what it is like."""
    settings = run.plan.settings
    run.target = await asyncio.to_thread(
        target.probe, settings.url, settings.model, settings.api_key, settings.timeouts
    )
    await load.start(settings.model_copy(update={"dialect": run.target.dialect}))


async def _send(
    run: Run, load: LoadProcess, draw: Callable[[Run], None], stop: asyncio.Event
) -> None:
    plan = run.plan
    run.began_s = run.clock()
    await load.configure(rps=plan.rps, mix=plan.mix, pacing=plan.pacing)
    while (left_s := plan.duration_s - run.elapsed_s) > 0 and load.alive:
        draw(run)
        if await _set_within(stop, min(DRAW_S, left_s)):
            run.interrupted = True
            break
    run.load_ended_s = run.clock()
    if load.alive:
        await load.configure(rps=0, mix=plan.mix, pacing=plan.pacing)
    else:
        run.problem = "a load process died; what it left open counts as cancelled"


async def _drain(
    run: Run, load: LoadProcess, draw: Callable[[Run], None], stop: asyncio.Event
) -> None:
    """Wait until nothing is open, twice in a row: a snapshot may be older than the last request."""
    stop.clear()
    give_up_s = run.clock() + DRAIN_S
    empty = 0
    while load.alive and run.clock() < give_up_s and empty < 2:
        draw(run)
        if await _set_within(stop, DRAW_S):
            run.interrupted = True
            return
        empty = empty + 1 if run.in_flight == 0 else 0
    if not load.alive and not run.problem:
        run.problem = "a load process died; what it left open counts as cancelled"


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
