"""The parent's side of the load processes: start them, send commands, take in snapshots, end them.

The load runs in processes of its own so that ten thousand chunks a second never hold up a page.
One is enough for about 45,000 chunks a second or 1,000 streams; `LoadSettings.shards` asks for
more. They share one schedule and are one from outside. End of file on the input of a
process stops its load at once, so a parent that dies takes its load with it.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Sequence
from contextlib import suppress

from gtc_runtime.load.demand.forms import Demand
from gtc_runtime.load.figures.snapshot import Snapshot
from gtc_runtime.load.forked import ForkedWorker
from gtc_runtime.load.settings import LoadSettings
from gtc_runtime.load.shard import Shard, combined
from gtc_spec.errors import GtcError, UnreachableError

START_S = 20.0
"""Longest wait for the first snapshot; it takes 0.3 s on a quiet core."""
STOP_S = 3.0
"""Longest wait for the end before a process is killed."""
AHEAD_S = 0.1
"""Several shards change together, this far ahead: longer than a command takes to reach them all."""
_LINE_MAX = 8 * 2**20

log = logging.getLogger(__name__)


class LoadProcess:
    """The load processes as one. May be started again after they ended.

    Args:
        forked: Copies of this process that exist already and are used first.
    """

    def __init__(self, forked: Sequence[ForkedWorker] = ()) -> None:
        self._forked = list(forked)
        self._children: list[_Child] = []
        self._callbacks: list[Callable[[Snapshot], None]] = []
        self._changes_s = 0.0

    @property
    def alive(self) -> bool:
        """Whether every process runs; one that is missing leaves a hole in the schedule."""
        return bool(self._children) and all(child.alive for child in self._children)

    @property
    def pid(self) -> int | None:
        """Process id of the first shard, None when not all are alive."""
        return self._children[0].pid if self.alive else None

    @property
    def pids(self) -> list[int]:
        """Process ids of the shards that are alive."""
        return [child.pid for child in self._children if child.alive]

    def on_snapshot(self, callback: Callable[[Snapshot], None]) -> None:
        """Call `callback` with every snapshot, four times a second and shard, in this loop.

        Its increments are those of one shard, everything else speaks for all of them.
        """
        self._callbacks.append(callback)

    async def start(self, settings: LoadSettings) -> None:
        """Start `settings.shards` processes and wait for a snapshot of each; idle until `set_load`.

        Raises:
            GtcError: They are running already, or did not come up in time.
        """
        if self.alive:
            raise GtcError("the load process is running already", "stop it first")
        await self._end()
        try:
            for shard in range(settings.shards):
                forked = self._forked.pop() if self._forked else None
                child = await _Child.begin(forked, self._on_snapshot)
                self._children.append(child)
                part = settings.model_copy(update={"shard": shard})
                await child.shard.send({"settings": part.model_dump(mode="json")})
            async with asyncio.timeout(START_S):
                for child in self._children:
                    await child.shard.known.wait()
        except (TimeoutError, UnreachableError):
            pass  # the error is raised below
        silent = [child for child in self._children if child.shard.newest is None]
        if silent or len(self._children) < settings.shards:
            await self.stop()
            raise GtcError("the load process did not come up", "see its log lines above")

    async def set_load(self, demand: Demand) -> None:
        """Send another load from now on; a rate of 0 starts nothing and lets open streams finish.

        Raises:
            UnreachableError: A process is not alive.
        """
        command: dict[str, object] = {"set_load": demand.model_dump(mode="json")}
        if len(self._children) > 1:
            command["at_s"] = self._changes_s = time.monotonic() + AHEAD_S
        await self._send(command)

    async def cancel(self) -> None:
        """End every open stream (counted as cancelled) and forget all conversations."""
        await asyncio.sleep(self._changes_s - time.monotonic())  # after what was sent before
        await self._send({"cancel": True})

    async def stop(self) -> None:
        """End all processes; open streams are cut. Does nothing when none is alive."""
        for unused in self._forked:
            self._children.append(await _Child.begin(unused, self._on_snapshot))
        self._forked = []
        await self._end()

    async def _end(self) -> None:
        await asyncio.gather(*(child.stop() for child in self._children))
        self._children = []

    async def _send(self, command: dict[str, object]) -> None:
        if not self.alive:
            raise UnreachableError("the load process is not running", "start it again")
        await asyncio.gather(*(child.shard.send(command) for child in self._children))

    def _on_snapshot(self, latest: Snapshot) -> None:
        newest = [child.shard.newest for child in self._children]
        snapshot = combined(latest, [each for each in newest if each is not None])
        for callback in self._callbacks:
            try:
                callback(snapshot)
            except Exception:  # a broken callback must not keep the others from theirs
                log.exception("a snapshot callback failed")


class _Child:
    """One process and the shard in it."""

    def __init__(self, process: Process | ForkedWorker, shard: Shard) -> None:
        self.shard = shard
        self._process = process
        self._reader = asyncio.create_task(shard.read(), name="load-snapshots")

    @classmethod
    async def begin(
        cls, forked: ForkedWorker | None, on_snapshot: Callable[[Snapshot], None]
    ) -> _Child:
        """Take over a copy of this process, or start a new one; it waits for its settings."""
        if forked is not None:
            commands, reports = await forked.streams(_LINE_MAX)
            return cls(forked, Shard(commands, reports, on_snapshot))
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "gtc_runtime.load.worker"),
            stdin=PIPE,
            stdout=PIPE,
            stderr=None,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
            limit=_LINE_MAX,
            start_new_session=True,  # Ctrl-C in a terminal is for the parent alone
        )
        if process.stdin is None or process.stdout is None:
            raise UnreachableError("the load process has no pipes")
        return cls(process, Shard(process.stdin, process.stdout, on_snapshot))

    @property
    def alive(self) -> bool:
        return self._process.returncode is None

    @property
    def pid(self) -> int:
        return self._process.pid

    async def stop(self) -> None:
        self.shard.close()
        try:
            async with asyncio.timeout(STOP_S):
                await self._process.wait()
        except TimeoutError:
            with suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGKILL)
            await self._process.wait()
        await asyncio.wait({self._reader}, timeout=STOP_S)
        self._reader.cancel()
