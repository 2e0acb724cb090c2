"""Child processes that cannot outlive their parent.

Each child leads its own session, so that a Ctrl-C in the terminal reaches only the supervisor,
and asks the kernel for SIGKILL when its parent is gone, so that nothing is left behind even after
a SIGKILL of the parent. This module must not know what the children do.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
from collections.abc import Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any

from gtc_spec.errors import GtcError

KILL_AFTER_S = 5.0
"""How long a child may take between SIGTERM and SIGKILL; Dynamo's processes need 0.5 s."""

_TAIL_LINES = 3
_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_libc = ctypes.CDLL(None, use_errno=True)


class Child:
    """One running child process.

    Attributes:
        name: What people call it.
        pid: Its process id, also the id of its process group.
        log: The file that takes its output.
    """

    def __init__(self, name: str, process: asyncio.subprocess.Process, log: Path) -> None:
        self.name = name
        self.pid = process.pid
        self.log = log
        self._process = process

    @classmethod
    async def start(
        cls,
        name: str,
        command: Sequence[str],
        *,
        env: Mapping[str, str],
        cwd: Path,
        log: Path,
        piped: bool = False,
    ) -> Child:
        """Start a child.

        Args:
            name: What people call it.
            command: Program and arguments.
            env: The complete environment.
            cwd: Working directory.
            log: File that takes both output streams; emptied first.
            piped: Give it a pipe as standard input, for `write`; else it reads nothing.

        Raises:
            GtcError: The program cannot be started.
        """
        parent = os.getpid()

        def die_with_parent() -> None:
            _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != parent:  # the parent died before prctl took effect
                os._exit(1)

        try:
            with log.open("wb") as output:
                process = await asyncio.create_subprocess_exec(
                    *command,
                    stdin=asyncio.subprocess.PIPE if piped else asyncio.subprocess.DEVNULL,
                    stdout=output,
                    stderr=asyncio.subprocess.STDOUT,
                    env=dict(env),
                    cwd=cwd,
                    start_new_session=True,
                    preexec_fn=die_with_parent,
                )
        except OSError as error:
            raise GtcError(f"cannot start {name}: {error.strerror or error}") from error
        return cls(name, process, log)

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process.returncode is None

    @property
    def exit_code(self) -> int | None:
        """How it ended (negative: by that signal); None while it runs."""
        return self._process.returncode

    async def write(self, data: bytes) -> None:
        """Write to its standard input; nothing happens when the child is gone."""
        if self._process.stdin is not None:
            with contextlib.suppress(ConnectionError):
                self._process.stdin.write(data)
                await self._process.stdin.drain()

    async def ended(self) -> None:
        """Wait until it has ended."""
        await self._process.wait()

    async def stop(self, kill_after_s: float = KILL_AFTER_S) -> None:
        """End it: SIGTERM, and SIGKILL to its whole group if it does not go in time."""
        if self.alive:
            self._signal(signal.SIGTERM)
            try:
                async with asyncio.timeout(kill_after_s):
                    await self._process.wait()
            except TimeoutError:
                pass
        await self.kill()

    async def drain(self, kill_after_s: float, until: Coroutine[Any, Any, None]) -> None:
        """Tell it alone, as in a pod, and end its whole group when it has nothing left to do.

        Args:
            kill_after_s: What that may take.
            until: Returns when it has nothing left to do; it may have gone before.
        """
        if self.alive:
            self._process.send_signal(signal.SIGTERM)
        waits = {asyncio.create_task(until), asyncio.create_task(self._process.wait())}
        try:
            await asyncio.wait(waits, timeout=kill_after_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waits:
                task.cancel()
            await asyncio.gather(*waits, return_exceptions=True)
        await self.kill()

    async def kill(self) -> None:
        """End it at once, with whatever it started."""
        self._signal(signal.SIGKILL)
        await self._process.wait()

    def log_tail(self) -> str:
        """The end of its log on one line, for error messages."""
        try:
            text = self.log.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""
        return " | ".join(line.strip() for line in text.splitlines()[-_TAIL_LINES:] if line.strip())

    def _signal(self, number: signal.Signals) -> None:
        # The group exists as long as the child is not reaped, and after that while grandchildren
        # live; its id cannot go to a stranger in between.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)
