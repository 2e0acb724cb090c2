"""Reads all connections of the load engine: the measured path.

All sockets hang on one epoll of their own, and that epoll hangs in the event loop as a single
file. Reading comes first, for it is the read that must not be late; what was read is handed on when
there is time. A bare loop around the epoll would be no cheaper: a wake-up of the event loop is
shared by everything that has arrived meanwhile, and the engine needs the loop for commands and
reports.
"""

from __future__ import annotations

import asyncio
import math
import os
import select
import sys
import time
from collections import deque
from collections.abc import Callable

from gtc_runtime.load.figures.quality import QualityMeter
from gtc_runtime.load.wire.asyncio_transport import reason_of
from gtc_runtime.load.wire.exchange import Exchange
from gtc_runtime.load.wire.kernel_clock import RESAMPLE_S, KernelClock
from gtc_runtime.load.wire.kernel_connection import KernelConnection
from gtc_runtime.load.wire.kernel_sockets import EVENTS_MAX, sockets_of
from gtc_runtime.load.wire.timer import Timer, timer_for

TAKEN_IN_MAX = 64
"""Reads handed on in one poll, so that neither due requests nor the next arrivals wait long. What
has been read has its time; pieces of a stream that are read together would share one."""
WAITING_MAX = 512
"""With more reads waiting the kernel must keep the rest, and the server will wait at last."""
POLL_S = 0.0015
"""While much arrives, everything of this time is read at once instead of waking up for each piece:
half the CPU at a thousand streams. Times are the kernel's and lose nothing by it, unless two pieces
of one stream arrive within it."""
SWITCH_S = 0.0001
"""To wake up we need Python's lock, which a busy thread would keep for 5 ms each time. Set for the
whole process; it costs nothing where there is no such thread."""
EMPTY_POLLS_MAX = 2
"""After so many polls without a find the next piece that arrives wakes us up."""


class KernelReader:
    """Hands what arrives to the exchanges, with the kernel's time of arrival.

    Args:
        writable: Called when a connection has room to write, or is open now.
        over: Called when a request has its outcome, with each read until its body has ended.
        gone: Called when a connection is closed or broken, with the reason.
        clock: Seconds of CLOCK_MONOTONIC.

    Attributes:
        epoll: Watches the sockets of all connections.
        connections: The connections by the number of their socket.
    """

    def __init__(
        self,
        writable: Callable[[KernelConnection], None],
        over: Callable[[KernelConnection, Exchange], None],
        gone: Callable[[KernelConnection, str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.epoll = select.epoll()
        self.connections: dict[int, KernelConnection] = {}
        self._writable = writable
        self._over = over
        self._gone = gone
        self._clock = clock
        self._sockets = sockets_of(self.epoll, clock)
        self._offset = KernelClock()
        self._sockets.set_clock(self._offset.offset_whole_s, self._offset.offset_ns)
        self._meter = QualityMeter("kernel", clock())
        self._waiting: deque[tuple[KernelConnection, bytes | int, float]] = deque()
        self._reads, self._oldest_s = 0, math.inf  # of this poll
        self._empty_polls = 0
        self._timer: Timer | None = None

    def start(self, meter: QualityMeter) -> None:
        """Begin to read, in the running event loop, and tell `meter` about it."""
        self._meter = meter
        sys.setswitchinterval(SWITCH_S)
        self._loop = asyncio.get_running_loop()
        self._timer = timer_for(self._poll)
        self._loop.add_reader(self.epoll.fileno(), self._woken)

    def close(self) -> None:
        """Read no longer."""
        if self._timer is not None:
            self._timer.close()
            self._timer = None
            self._loop.remove_reader(self.epoll.fileno())
            self.epoll.close()

    def _woken(self) -> None:
        """Something arrived after a pause."""
        self._loop.remove_reader(self.epoll.fileno())
        self._poll()

    def _poll(self) -> None:
        """Read, take in, and decide when to poll again."""
        found = self._read() if len(self._waiting) < WAITING_MAX else 0
        self._take_in()
        self._judge()
        self._empty_polls = 0 if found else self._empty_polls + 1
        if self._timer is None:
            return  # what was taken in ended everything
        if self._waiting or found == EVENTS_MAX:
            self._timer.set(self._clock())
        elif self._empty_polls < EMPTY_POLLS_MAX:
            self._timer.set(self._clock() + POLL_S)
        else:
            self._loop.add_reader(self.epoll.fileno(), self._woken)

    def watch(self, connection: KernelConnection) -> None:
        """Read this connection too."""
        self.connections[connection.fd] = connection
        connection.stream = self._sockets.watch(connection.fd)

    def forget(self, connection: KernelConnection) -> None:
        """It is about to be closed."""
        del self.connections[connection.fd]
        self._sockets.forget(connection.fd)

    def _read(self) -> int:
        """Read what has arrived, on every connection once; returns how many had something."""
        found, reads, coalesced, oldest_s, rows = self._sockets.look()
        for fd, data, at_s in rows:
            connection = self.connections.get(fd)
            if connection is None:
                continue
            if data is None:
                self._writable(connection)
            else:
                self._waiting.append((connection, data, at_s))
        if reads:
            self._meter.coalesced(coalesced)
            self._reads, self._oldest_s = reads, oldest_s
        return found

    def _take_in(self) -> None:
        """Hand to the exchanges what was read first."""
        waiting, connections = self._waiting, self.connections
        reads = min(len(waiting), TAKEN_IN_MAX)
        if reads:
            self._reads += reads
            self._oldest_s = min(self._oldest_s, waiting[0][2])
        for _ in range(reads):
            connection, data, at_s = waiting.popleft()
            if connections.get(connection.fd) is not connection:
                continue  # closed meanwhile
            if connection.stream is not None:
                connection.stream.took()
            exchange = connection.exchange
            if exchange is None or not isinstance(data, bytes):
                self._gone(connection, _reason(data))
            elif exchange.received(data, at_s):
                self._over(connection, exchange)
            elif exchange.record.first_s is None:
                connection.acknowledge()

    def _judge(self) -> None:
        """Report a batch to the meter; the first of it had waited longest. Keep the clock right."""
        if not self._reads:
            return
        now_s = self._clock()
        late_s = now_s - self._oldest_s
        self._meter.reads(self._reads)
        self._meter.reader_stall(max(0.0, late_s))
        self._reads, self._oldest_s = 0, math.inf
        if now_s - self._offset.sampled_s > RESAMPLE_S or not 0 <= late_s < RESAMPLE_S:
            self._offset.sample()  # in time, or the wall clock was set
            self._sockets.set_clock(self._offset.offset_whole_s, self._offset.offset_ns)


def _reason(read: bytes | int) -> str:
    """Why a connection is of no use: a negative error number, or nothing to say."""
    if isinstance(read, int) and read < 0:
        return reason_of(OSError(-read, os.strerror(-read)))
    return ""
