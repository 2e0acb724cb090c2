"""The load as its owner sees it: what was chosen, what runs, and the statistics of it.

It keeps the load process alive and sends it only what changes. What the presenter chose is its
own: nobody else writes that. It must not know phases, pages or clusters.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Callable

from gtc_runtime.load.demand.forms import Rate
from gtc_runtime.load.figures.singles import RecentSingles
from gtc_runtime.load.figures.slice_book import SliceBook
from gtc_runtime.load.figures.snapshot import Snapshot
from gtc_runtime.load.process import LoadProcess
from gtc_runtime.load.settings import LoadSettings
from gtc_spec.errors import GtcError, UsageError
from gtc_spec.workloads import WorkloadMix

log = logging.getLogger(__name__)

RESTART_S = 2.0
"""Pause before a load process that died is started again."""
RECENT_S = 600
"""Statistics are kept by the second for so long, those of a cycle longer."""
STALE_S = 3.0
"""A snapshot older than this says nothing about now."""


class LoadControl:
    """The load process, of one shard or several, kept alive.

    Args:
        settings: What the process gets when it starts.
        rps, mix: Rate and shares before anybody chooses others; nothing is sent until `begin`.
        on_death: Called with one sentence when the process has died.
        clock: Monotonic seconds, the clock of the statistics.
    """

    def __init__(
        self,
        settings: LoadSettings,
        rps: float,
        mix: WorkloadMix,
        on_death: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.book = SliceBook(RECENT_S)
        self.recent = RecentSingles()
        self._settings = settings
        self._on_death = on_death
        self._clock = clock
        self._load = Rate(rps=0.0, mix=mix)
        self._chosen_rps = rps
        self._process = LoadProcess()
        self._process.on_snapshot(self._take)
        self._newest: Snapshot | None = None
        self.turns = 0
        """Chat turns sent since the statistics began, or were zeroed."""
        self._turns_told = 0
        self._lock = asyncio.Lock()

    @property
    def load(self) -> Rate:
        """What is sent now, or will be once the load process is alive again."""
        return self._load

    @property
    def chosen_rps(self) -> float:
        """The rate that the presenter chose last; `begin` sends it."""
        return self._chosen_rps

    @property
    def running(self) -> bool:
        """Whether requests are being sent."""
        return self._load.rps > 0

    @property
    def snapshot(self) -> Snapshot | None:
        """The newest snapshot, None when it says nothing about now."""
        return self.within(STALE_S)

    def within(self, most_s: float) -> Snapshot | None:
        """The newest snapshot; None when it is older than that."""
        age_s = self.age_s
        return self._newest if age_s is not None and age_s <= most_s else None

    @property
    def age_s(self) -> float | None:
        """Age of the newest snapshot; None before the first one."""
        return None if self._newest is None else max(0.0, self._clock() - self._newest.at_s)

    @property
    def pid(self) -> int | None:
        """Process id of the load process, of its first shard."""
        return self._process.pid

    def on_snapshot(self, callback: Callable[[Snapshot], None]) -> None:
        """Call ``callback`` with every snapshot, in order, each once."""
        self._process.on_snapshot(callback)

    async def start(self) -> None:
        """Start the process; it stays idle until `set_load`. `keep_alive` has to run beside it."""
        await self._process.start(self._settings)

    async def stop(self) -> None:
        """End the process; for good only once `keep_alive` has ended."""
        await self._process.stop()

    async def set_load(self, load: Rate) -> None:
        """Run this load from now on; the process hears of it only when something changes."""
        async with self._lock:
            if load == self._load:
                return
            self._load = load
            await self._send()

    async def choose(self, rps: float | None, mix: WorkloadMix | None) -> None:
        """Take what the presenter chose; it is sent at once where load runs, else by `begin`.

        Args:
            rps: Requests per second, clamped to the limits; None leaves the rate as it is.
            mix: Shares of the workloads; None leaves them as they are.

        Raises:
            UsageError: The rate is no finite number.
        """
        if rps is not None:
            self._chosen_rps = self._clamped(rps)
        changes: dict[str, object] = {"rps": self._chosen_rps if self.running else 0.0}
        if mix is not None:
            changes["mix"] = mix
        await self.set_load(self._load.model_copy(update=changes))

    def keep_rate(self) -> None:
        """The rate that runs is the presenter's from now on."""
        if self.running:
            self._chosen_rps = self._load.rps

    async def begin(self) -> None:
        """Send load with the chosen rate and mix, spread at random as people are."""
        chosen = {"rps": self._chosen_rps, "pacing": "poisson"}
        await self.set_load(self._load.model_copy(update=chosen))

    async def quiet(self) -> None:
        """Send nothing new; streams that are open run to their end."""
        await self.set_load(self._load.model_copy(update={"rps": 0.0}))

    async def cancel(self) -> None:
        """Send nothing new, end every open stream and forget all conversations."""
        await self.quiet()
        if self._process.alive:
            await self._process.cancel()

    async def zero(self, deadline_s: float = 5.0) -> None:
        """Cancel everything and forget all statistics, what is open included."""
        await self.cancel()
        await self.drained(deadline_s)
        self.book.reset()
        self.recent.clear()
        self.turns = 0

    async def drained(self, deadline_s: float) -> bool:
        """Wait until no request is open; False when some still are after ``deadline_s``."""
        give_up = self._clock() + deadline_s
        while self._clock() < give_up:
            newest = self.snapshot
            if newest is not None and newest.gauges.in_flight == 0:
                return True
            await asyncio.sleep(0.25)
        return False

    def _take(self, snapshot: Snapshot) -> None:
        self._newest = snapshot
        self.book.add(snapshot)
        self.recent.add(snapshot.singles, self._clock(), time.time())
        told, self._turns_told = self._turns_told, snapshot.gauges.turns
        restarted = self._turns_told < told
        self.turns += self._turns_told - (0 if restarted else told)

    def _clamped(self, rps: object) -> float:
        """The one check of a rate that somebody typed, dragged or sent."""
        limit = self._settings.limits.rps_max
        endless = isinstance(rps, float) and not math.isfinite(rps)
        if endless or isinstance(rps, bool) or not isinstance(rps, (int, float)):
            raise UsageError(f"rate {rps!r} is not a number, allowed: 0 to {limit:g} rps")
        return float(min(max(rps, 0), limit))  # clamped first: an int may be too long for a float

    async def _send(self) -> None:
        if self._process.alive:  # else the keeper sends it to the next process
            await self._process.set_load(self._load)

    async def keep_alive(self) -> None:
        """Start a load process that died again, for ever."""
        while True:
            await asyncio.sleep(0.5)
            if self._process.alive:
                continue
            await self._process.stop()  # one that died takes the others with it: one schedule
            self.book.settle_open()
            self._on_death("the load process died and is started again; open requests are lost")
            await asyncio.sleep(RESTART_S)
            try:
                await self._process.start(self._settings)
                async with self._lock:
                    await self._send()
            except (GtcError, OSError) as error:  # no process to be had either: again, and again
                log.warning("%s", error)
