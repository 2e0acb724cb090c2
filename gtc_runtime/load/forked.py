"""A load process that begins as a copy of this one: a start in a tenth of a second.

A new Python would import again for half a second what a command line has just imported. A copy is
made only by a program that has a single thread and no event loop yet; a service starts its load
processes anew. It looks to its parent like a process that asyncio has started.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import threading
from asyncio.streams import FlowControlMixin
from contextlib import suppress

log = logging.getLogger(__name__)

_FILES_MAX = 2**20


def may_fork() -> bool:
    """Whether a copy is safe here: no other thread may hold a lock that it would need.

    Not on macOS, whose own libraries have threads of theirs.
    """
    return sys.platform == "linux" and threading.active_count() == 1


class ForkedWorker:
    """A copy of this process that runs the load worker and waits for its settings.

    Attributes:
        pid: Its process id.
    """

    def __init__(self) -> None:
        commands, self._commands = os.pipe()
        self._reports, reports = os.pipe()
        self._returncode: int | None = None
        self.pid = os.fork()
        if self.pid == 0:
            _work(commands, reports)
        os.close(commands)
        os.close(reports)

    async def streams(self, limit: int) -> tuple[asyncio.StreamWriter, asyncio.StreamReader]:
        """Its input and its output, for one event loop; asked for once.

        Args:
            limit: Longest line of its output, bytes.
        """
        loop = asyncio.get_running_loop()
        reports = asyncio.StreamReader(limit)
        await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reports), os.fdopen(self._reports, "rb", 0)
        )
        pipe, protocol = await loop.connect_write_pipe(
            FlowControlMixin, os.fdopen(self._commands, "wb", 0)
        )
        return asyncio.StreamWriter(pipe, protocol, None, loop), reports

    @property
    def returncode(self) -> int | None:
        """How it ended: its exit code, or minus the signal; None while it runs."""
        if self._returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self._returncode = os.waitstatus_to_exitcode(status)
        return self._returncode

    async def wait(self) -> int:
        """Wait until it has ended."""
        if (code := self.returncode) is not None:
            return code
        ended, file = asyncio.Event(), os.pidfd_open(self.pid)
        loop = asyncio.get_running_loop()
        loop.add_reader(file, ended.set)
        try:
            await ended.wait()
        finally:
            loop.remove_reader(file)
            os.close(file)
        return await self.wait()

    def send_signal(self, number: int) -> None:
        """Send it a signal, if it runs."""
        if self.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)


def _work(commands: int, reports: int) -> None:
    """The life of the copy. Never returns: what is above it on the stack is its parent's."""
    code = 1
    try:
        os.setsid()  # Ctrl-C in a terminal is for the parent alone
        _keep_open({commands, reports})
        from gtc_runtime.load import worker  # the engine: only here, while the parent goes on

        with os.fdopen(commands, "rb", 0) as ours, os.fdopen(reports, "wb", 0) as theirs:
            code = worker.work(ours, theirs)
    except BaseException:
        log.exception("the load process failed")
    finally:
        sys.stderr.flush()
        os._exit(code)


def _keep_open(files: set[int]) -> None:
    """Close all but these and the standard three: a pipe to a brother would keep it alive."""
    below = 3
    for each in sorted(files):
        os.closerange(below, each)
        below = each + 1
    os.closerange(below, _FILES_MAX)
