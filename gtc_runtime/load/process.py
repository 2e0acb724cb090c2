"""The parent's side of the load process: start it, steer it, hear from it, end it.

The load runs in a process of its own so that ten thousand chunks a second never hold up a page.
Commands go down its standard input, snapshots come up its standard output, one JSON object a line.
End of file on the input stops the load at once, so a parent that dies takes its load with it.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from contextlib import suppress

from gtc_runtime.load.settings import LoadSettings, Pacing, settings_from
from gtc_runtime.load.snapshot import Snapshot
from gtc_spec.errors import GtcError, UnreachableError
from gtc_spec.phases import WorkloadMix

__all__ = ["LoadProcess", "LoadSettings", "Snapshot", "settings_from"]

START_S = 20.0
"""Longest wait for the first snapshot; it takes 0.3 s on a quiet core."""
STOP_S = 3.0
"""Longest wait for the end before the process is killed."""
_LINE_MAX = 8 * 2**20

log = logging.getLogger(__name__)


class LoadProcess:
    """One load process and its pipe. May be started again after it ended."""

    def __init__(self) -> None:
        self._process: Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._first: asyncio.Event = asyncio.Event()
        self._callbacks: list[Callable[[Snapshot], None]] = []

    @property
    def alive(self) -> bool:
        """Whether the process runs and speaks."""
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int | None:
        """Process id, None when it is not alive."""
        return self._process.pid if self._process is not None and self.alive else None

    def on_snapshot(self, callback: Callable[[Snapshot], None]) -> None:
        """Call `callback` with every snapshot, four times a second, in the parent's loop."""
        self._callbacks.append(callback)

    async def start(self, settings: LoadSettings) -> None:
        """Start the process and wait until it speaks; it is idle until `configure`.

        Raises:
            GtcError: It is running already, or did not come up in time.
        """
        if self.alive:
            raise GtcError("the load process is running already", "stop it first")
        self._first.clear()
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "gtc_runtime.load.worker"),
            stdin=PIPE,
            stdout=PIPE,
            stderr=None,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
            limit=_LINE_MAX,
            start_new_session=True,  # Ctrl-C in a terminal is for the parent alone
        )
        self._reader = asyncio.create_task(self._read(self._process), name="load-snapshots")
        try:
            await self._send({"settings": settings.model_dump(mode="json")})
            async with asyncio.timeout(START_S):
                await self._first.wait()
        except (TimeoutError, UnreachableError):
            await self.stop()
            raise GtcError(
                f"the load process did not come up within {START_S:g} s", "see its log lines above"
            ) from None

    async def configure(self, *, rps: float, mix: WorkloadMix, pacing: Pacing) -> None:
        """Set rate, mix and spread; a rate of 0 lets open streams finish and starts nothing.

        Args:
            rps: Requests per second over all workloads; clamped to the limits of the settings.
            mix: Shares of the workloads.
            pacing: How requests are spread in time.

        Raises:
            UnreachableError: The process is not alive.
        """
        shares = [mix.chat, mix.summarization, mix.reasoning]
        await self._send({"configure": {"rps": rps, "mix": shares, "pacing": pacing}})

    async def cancel(self) -> None:
        """End every open stream (counted as cancelled) and forget all conversations."""
        await self._send({"cancel": True})

    async def stop(self) -> None:
        """End the process; open streams are cut. Does nothing when it is not alive."""
        process, reader = self._process, self._reader
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            async with asyncio.timeout(STOP_S):
                await process.wait()
        except TimeoutError:
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGKILL)
            await process.wait()
        if reader is not None:
            await asyncio.wait({reader}, timeout=STOP_S)
            reader.cancel()
        self._process = self._reader = None

    async def _send(self, command: dict[str, object]) -> None:
        process = self._process
        if process is None or process.stdin is None or process.returncode is not None:
            raise UnreachableError("the load process is not running", "start it again")
        try:
            process.stdin.write(json.dumps(command).encode() + b"\n")
            async with asyncio.timeout(STOP_S):
                await process.stdin.drain()
        except (ConnectionError, TimeoutError, RuntimeError) as error:
            raise UnreachableError(f"the load process does not listen: {error!r}") from None

    async def _read(self, process: Process) -> None:
        if process.stdout is None:
            raise GtcError("the load process has no output pipe")
        while line := await process.stdout.readline():
            try:
                snapshot = Snapshot.from_line(line)
            except ValueError:
                log.warning("the load process said something that is no snapshot: %r", line[:200])
                continue
            self._first.set()
            for callback in self._callbacks:
                try:
                    callback(snapshot)
                except Exception:  # a broken listener must not deafen the others
                    log.exception("a snapshot listener failed")
        await process.wait()
