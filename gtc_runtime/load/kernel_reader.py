"""Reads all connections of the load engine: the measured path.

All sockets hang on one epoll of their own, and that epoll hangs in the event loop as a single
file. A bare loop around the epoll would be no cheaper: a wake-up of the event loop is shared by
everything that has arrived meanwhile, and the engine needs the loop for commands and reports.
"""

from __future__ import annotations

import asyncio
import select
import sys
import time
from collections.abc import Callable

from gtc_runtime.load.exchange import Exchange
from gtc_runtime.load.kernel_clock import CONTROL_SIZE, RESAMPLE_S, KernelClock, unpack_stamp
from gtc_runtime.load.kernel_connection import WRITE, KernelConnection
from gtc_runtime.load.protocol import reason_of
from gtc_runtime.load.quality import QualityMeter
from gtc_runtime.load.timer import Timer, timer_for

READ_SIZE = 65_536
"""Largest single read; the buffer is used for all. A larger one would be mapped anew each time."""
EVENTS_MAX = 256
"""Connections served in one wake-up, so that due requests never wait long behind arrivals."""
LOOK_S = 0.001
"""While much arrives, everything of a millisecond is read at once instead of waking up for each
piece: half the CPU at a thousand streams. Times are the kernel's and lose nothing by it, unless two
pieces of one stream arrive within it."""
SWITCH_S = 0.0001
"""Every read gives up Python's lock, and a busy thread would keep it for 5 ms each time. Set for
the whole process; it costs nothing where there is no such thread."""
EMPTY_LOOKS_MAX = 2
"""After so many looks without a find the next piece that arrives wakes us up."""


class KernelReader:
    """Hands what arrives to the exchanges, with the kernel's time of arrival.

    Args:
        writable: Called when a connection has room to write, or is open now; returns whether there
            may be something to read.
        over: Called when a request has its outcome, with each read until its body has ended.
        gone: Called when a connection is closed or broken, with the reason.
        clock: Seconds of CLOCK_MONOTONIC.

    Attributes:
        epoll: Watches the sockets of all connections.
        connections: The connections by the number of their socket.
    """

    def __init__(
        self,
        writable: Callable[[KernelConnection], bool],
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
        self._offset = KernelClock()
        self._buffer = bytearray(READ_SIZE)
        self._meter = QualityMeter("kernel", clock())
        self._empty_looks = 0
        self._timer: Timer | None = None

    def start(self, meter: QualityMeter) -> None:
        """Begin to read, in the running event loop, and tell `meter` about it."""
        self._meter = meter
        sys.setswitchinterval(SWITCH_S)
        self._loop = asyncio.get_running_loop()
        self._timer = timer_for(self._look)
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
        self._look()

    def _look(self) -> None:
        """Read, and decide when to look again."""
        found = self._drain()
        self._empty_looks = 0 if found else self._empty_looks + 1
        if self._timer is None:
            return  # what was read ended everything
        if self._empty_looks < EMPTY_LOOKS_MAX:
            self._timer.set(self._clock() + (LOOK_S if found < EVENTS_MAX else 0.0))
        else:
            self._loop.add_reader(self.epoll.fileno(), self._woken)

    def _drain(self) -> int:
        """Read what has arrived, on every connection once; returns how many had something."""
        connections, buffers = self.connections, (self._buffer,)
        buffer = self._buffer
        whole_s, ns = self._offset.offset_whole_s, self._offset.offset_ns
        oldest_s, reads = 0.0, 0
        events = self.epoll.poll(0, EVENTS_MAX)
        for fd, mask in events:
            connection = connections.get(fd)
            if connection is None or (mask & WRITE and not self._writable(connection)):
                continue
            try:
                size, control, _, _ = connection.read(buffers, CONTROL_SIZE)
            except BlockingIOError:
                continue
            except OSError as error:
                self._gone(connection, reason_of(error))
                continue
            exchange = connection.exchange
            if not size or exchange is None:  # closed, or nobody asked
                self._gone(connection, "")
                continue
            if control:
                seconds, nanoseconds = unpack_stamp(control[0][2])
                at_s = seconds - whole_s + (nanoseconds - ns) * 1e-9
            else:
                at_s = self._clock()
            oldest_s = oldest_s or at_s
            reads += 1
            if exchange.received(buffer, size, at_s):
                self._over(connection, exchange)
        if reads:
            self._judge(reads, oldest_s)
        return len(events)

    def _judge(self, reads: int, oldest_s: float) -> None:
        """Tell the meter of a batch; the first of it had waited longest. Keep the clock right."""
        now_s = self._clock()
        late_s = now_s - oldest_s
        self._meter.reads(reads)
        self._meter.reader_stall(max(0.0, late_s))
        if now_s - self._offset.sampled_s > RESAMPLE_S or not 0 <= late_s < RESAMPLE_S:
            self._offset.sample()  # in time, or the wall clock was set
