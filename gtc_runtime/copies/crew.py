"""Several files at a time, each by one worker from its first byte to its last.

The first failure stops all others at their next piece. This module must not know what a worker
does.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from typing import Final, Protocol, TypeVar

WORKERS: Final = 6
"""Files at a time. Spaces gives one connection about 100 MB/s, so six files come near the link of a
node, and a bucket is asked far less than 150 times a second."""

PAUSES_S: Final = (1.0, 4.0, 16.0)
"""Before a file is begun again that did not come whole, seconds; then it is given up."""

LISTENING_S: Final = 0.5
"""Longest single wait for a worker: Ctrl-C that comes just as a wait begins does not end it."""


class Sized(Protocol):
    """Something whose bytes are known."""

    @property
    def size_bytes(self) -> int:
        """Its size."""


File = TypeVar("File", bound=Sized)


class Stopped(Exception):  # noqa: N818  # not an error: another worker has the error
    """Another worker failed; this one gave up."""


@contextlib.contextmanager
def one_try(moved: Callable[[int], None]) -> Iterator[Callable[[int], None]]:
    """Count the bytes of one try at a file, and take them off again when it fails."""
    came = 0

    def counted(n_bytes: int) -> None:
        nonlocal came
        came += n_bytes
        moved(n_bytes)

    try:
        yield counted
    except BaseException:
        moved(-came)
        raise


class Crew:
    """The workers of one transfer.

    Args:
        workers: Files at a time.
        report: Gets the bytes of every piece that was moved.
    """

    def __init__(self, workers: int, report: Callable[[str, int], None]) -> None:
        self.workers = workers
        self._report = report
        self._stop = threading.Event()

    def moved(self, stage: str, n_bytes: int) -> None:
        """Count a piece; every worker calls this often.

        Raises:
            Stopped: Another worker failed.
        """
        if self._stop.is_set():
            raise Stopped
        self._report(stage, n_bytes)

    def pause(self, duration_s: float) -> None:
        """Wait before a worker tries something again.

        Raises:
            Stopped: Another worker failed.
        """
        if self._stop.wait(duration_s):
            raise Stopped

    def carry(self, files: Iterable[File], act: Callable[[File], None]) -> None:
        """Do `act` for every file, the largest first.

        Raises:
            Whatever `act` raised first.
        """
        ordered = sorted(files, key=lambda file: -file.size_bytes)
        with ThreadPoolExecutor(self.workers, thread_name_prefix="copies") as pool:
            try:
                left = {pool.submit(act, file) for file in ordered}
                while left:
                    done, left = wait(left, LISTENING_S, FIRST_COMPLETED)
                    for future in done:
                        future.result()
            except BaseException:
                self._stop.set()
                pool.shutdown(wait=False, cancel_futures=True)
                raise
