"""Processes of `gtc`, of two kinds: started as a person starts them, or forked with all imported.

Imports are most of what a start costs; who measures neither start nor end forks. Both are
processes of their own that a signal ends. It must not know what is asked of them.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import sys
from asyncio.subprocess import DEVNULL
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Protocol

from gtc_cli.main import run

_LOOK_S: Final = 0.02
_FORKS: Final = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(
    ["__main__", __name__, "gtc_cli.show.serve", "gtc_cli.show.guardian", "gtc_runtime.service"]
)


class Process(Protocol):
    """What runs."""

    @property
    def pid(self) -> int: ...

    @property
    def returncode(self) -> int | None:
        """Its exit code, minus the signal that ended it, or None while it runs."""

    async def wait(self) -> int:
        """Wait for its end."""

    def kill(self) -> None:
        """End it at once."""


async def started(arguments: tuple[str, ...], environ: Mapping[str, str], log: Path) -> Process:
    """Start `gtc` anew; what it says goes to the end of the log, beside which it runs."""
    with log.open("ab") as output:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "gtc_cli", *arguments),
            cwd=log.parent,
            stdin=DEVNULL,
            stdout=output,
            stderr=output,
            env={**os.environ, **environ},
        )


class Forked:
    """`gtc` with everything imported already."""

    def __init__(self, arguments: tuple[str, ...], environ: Mapping[str, str], log: Path) -> None:
        given = (arguments, dict(environ), log)
        self._process = _FORKS.Process(target=_run, args=given)
        self._process.start()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    async def wait(self) -> int:
        while (code := self.returncode) is None:
            await asyncio.sleep(_LOOK_S)
        return code

    def kill(self) -> None:
        self._process.kill()


def _run(arguments: tuple[str, ...], environ: Mapping[str, str], log: Path) -> None:
    with log.open("ab") as output:
        for stream in (sys.stdout, sys.stderr):
            os.dup2(output.fileno(), stream.fileno())
    os.environ.update(environ)
    os.chdir(log.parent)
    sys.argv = ["gtc", *arguments]
    run()
