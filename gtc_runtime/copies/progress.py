"""How far a transfer is: bars on a terminal, one line every ten seconds elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

LINE_S: Final = 10.0
"""Between two lines in a log."""


class Progress:
    """Bytes of each stage of a transfer; all methods may be called from any thread.

    Args:
        stages: Bytes to move by the name of the stage, such as ``to the bucket``.
        terminal: Draw bars. Default: whether standard error is a terminal.
        tell: Where lines go when no bars are drawn.
        line_s: Between two lines, seconds.
    """

    def __init__(
        self,
        stages: dict[str, int],
        *,
        terminal: bool | None = None,
        tell: Callable[[str], None] | None = None,
        line_s: float = LINE_S,
    ) -> None:
        self._totals = stages
        self._done = dict.fromkeys(stages, 0)
        self._moved = dict.fromkeys(stages, 0)
        self._terminal = sys.stderr.isatty() if terminal is None else terminal
        self._tell = tell or _to_stderr
        self._line_s = line_s
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._began = time.monotonic()
        self._bars: Bars | None = None
        self._tasks: dict[str, TaskID] = {}
        self._teller: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._began = time.monotonic()
        if self._terminal:
            self._bars, self._tasks = _bars(self._totals)
            self._bars.start()
        else:
            self._teller = threading.Thread(target=self._lines, name="progress", daemon=True)
            self._teller.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        if self._bars is not None:
            self._bars.stop()
        if self._teller is not None:
            self._teller.join()
        if kind is None:
            self._tell(self.line())

    def moved(self, stage: str, n_bytes: int) -> None:
        """Bytes that were moved now."""
        self._count(stage, n_bytes, n_bytes)

    def found(self, stage: str, n_bytes: int) -> None:
        """Bytes that need no moving: they are there from a run before. They make no speed."""
        self._count(stage, n_bytes, 0)

    def line(self) -> str:
        """Where it stands, such as ``to the bucket 3.1 of 16.1 GB, 210 MB/s, 62 s left``."""
        with self._lock:
            took_s = max(time.monotonic() - self._began, 1e-3)
            return "; ".join(self._stage(stage, took_s) for stage in self._totals)

    def _stage(self, stage: str, took_s: float) -> str:
        done, total = self._done[stage], self._totals[stage]
        text = f"{stage} {done / 1e9:.2f} of {total / 1e9:.2f} GB"
        speed = self._moved[stage] / took_s
        if speed:
            text += f", {speed / 1e6:.0f} MB/s"
        if speed and done < total:
            text += f", {(total - done) / speed:.0f} s left"
        return text

    def _count(self, stage: str, done: int, moved: int) -> None:
        with self._lock:
            self._done[stage] += done
            self._moved[stage] += moved
        if self._bars is not None:
            self._bars.advance(self._tasks[stage], done)

    def _lines(self) -> None:
        while not self._over.wait(self._line_s):
            self._tell(self.line())


def _bars(totals: dict[str, int]) -> tuple[Bars, dict[str, TaskID]]:
    from rich import progress
    from rich.console import Console

    bars = progress.Progress(
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.DownloadColumn(),
        progress.TransferSpeedColumn(),
        progress.TimeRemainingColumn(),
        console=Console(stderr=True),
    )
    return bars, {stage: bars.add_task(stage, total=total) for stage, total in totals.items()}


def _to_stderr(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201  # the log of a job
