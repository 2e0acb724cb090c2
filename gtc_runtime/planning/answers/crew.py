"""Work of an answer spread over processes, with word of its progress.

It must not know what is computed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Final, TypeVar

Item = TypeVar("Item")
Found = TypeVar("Found")

PROCESSES: Final = 2
"""Of an answer, where the machine has as many cores."""


class Crew:
    """Does independent pieces of work, side by side where it may.

    Args:
        pool: Where; None does them here, one after the other.
        done: Called after each piece.
    """

    def __init__(self, pool: Executor | None = None, done: Callable[[], None] | None = None):
        self._pool = pool
        self._done = done or (lambda: None)

    def each(self, work: Callable[[Item], Found], items: Iterable[Item]) -> Iterator[Found]:
        """What the work makes of each item, in their order.

        Args:
            work: A function of a module, or a `functools.partial` of one; it is sent to processes.
            items: Values that can be sent as well.
        """
        for found in map(work, items) if self._pool is None else self._pool.map(work, items):
            self._done()
            yield found


@contextmanager
def crew(processes: int = 0, done: Callable[[], None] | None = None) -> Iterator[Crew]:
    """A crew for the time of a block.

    Args:
        processes: How many; 1 stays in this process, 0 takes what suits the machine.
        done: Called after each piece of work.
    """
    count = processes or min(PROCESSES, os.cpu_count() or 1)
    if count == 1:
        yield Crew(None, done)
        return
    with ProcessPoolExecutor(count, mp_context=get_context("spawn")) as pool:
        try:
            yield Crew(pool, done)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
