"""Reads the sockets that an epoll watches, without waiting: in C where that was built, else here.

The native reader counts plain reads by itself and hands on only the rest; this one hands on all.
"""

from __future__ import annotations

import errno
import select
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from gtc_runtime.load import native
from gtc_runtime.load.wire.kernel_calls import ReadyList, Receiver

if TYPE_CHECKING:  # the native core may not have been built
    from gtc_runtime.load.native._core import Row, Stream

READ_SIZE = 16_384
"""Largest single read."""
EVENTS_MAX = 256
"""Connections read in one poll."""


class Sockets(Protocol):
    """The sockets of an epoll; `native._core.Reader` is one too."""

    def watch(self, fd: int, /) -> Stream | None:
        """A socket is open from now on; who counts its plain reads, if somebody does."""

    def forget(self, fd: int, /) -> None:
        """It is closed."""

    def set_clock(self, whole_s: int, ns: int, /) -> None:
        """What to take off a stamp of the wall clock to get monotonic time."""

    def look(self) -> tuple[int, int, int, float, list[Row]]:
        """Read every socket that has something, once.

        Returns:
            How many had something; how many reads were counted, how many of these brought several
            frames, and when the oldest of them arrived; everything else that was read.
        """


def sockets_of(epoll: select.epoll, clock: Callable[[], float] = time.monotonic) -> Sockets:
    """The best that there is."""
    if (core := native.core()) is not None:
        reader: Sockets = core.Reader(epoll.fileno())
        return reader
    return PythonSockets(epoll, clock)


class PythonSockets:
    """See `Sockets`.

    Args:
        epoll: Watches the sockets.
        clock: Seconds of CLOCK_MONOTONIC, for reads that bring no stamp.
    """

    def __init__(self, epoll: select.epoll, clock: Callable[[], float]) -> None:
        self._ready = ReadyList(epoll, EVENTS_MAX)
        self._receiver = Receiver(EVENTS_MAX, READ_SIZE)
        self._clock = clock
        self._whole_s = self._ns = 0

    def watch(self, _fd: int, /) -> None:
        """Nobody counts below us."""

    def forget(self, _fd: int, /) -> None:
        """Nothing was kept."""

    def set_clock(self, whole_s: int, ns: int, /) -> None:
        """See `Sockets`."""
        self._whole_s, self._ns = whole_s, ns

    def look(self) -> tuple[int, int, int, float, list[Row]]:
        """See `Sockets`."""
        rows: list[Row] = []
        fds = []
        for mask, fd in self._ready.read():
            if mask & select.EPOLLOUT:
                rows.append((fd, None, 0.0))
            else:
                fds.append(fd)
        receiver, whole_s, ns = self._receiver, self._whole_s, self._ns
        for slot, size in enumerate(receiver.receive(fds)):
            if size == -errno.EAGAIN:
                continue
            if size > 0 and (stamp := receiver.stamp(slot)):
                at_s = stamp[0] - whole_s + (stamp[1] - ns) * 1e-9
            else:
                at_s = self._clock()
            rows.append((fds[slot], receiver.data(slot, size) if size > 0 else size, at_s))
        return len(fds), 0, 0, 0.0, rows
