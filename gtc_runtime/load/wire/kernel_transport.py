"""The transport of the load engine on raw sockets, with arrival times from the kernel.

It opens, fills and gives back connections; `kernel_reader` reads them. There is no task and no
future per request.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from gtc_runtime.load.figures.quality import QualityMeter
from gtc_runtime.load.records import Outcome
from gtc_runtime.load.wire.addresses import Addresses
from gtc_runtime.load.wire.asyncio_transport import DRAIN_S, reason_of
from gtc_runtime.load.wire.exchange import Exchange
from gtc_runtime.load.wire.kernel_connection import KernelConnection
from gtc_runtime.load.wire.kernel_reader import KernelReader

REFILL_S = 0.005
REFILL_MAX = 4
"""Spare connections are opened a few at a time: 800 a second, and never many in one tick."""
BACK_OFF_S = 1.0
"""Pause before the next spare connection after one failed."""


class KernelTransport:
    """Sends each request on an idle connection, or opens one. Linux and plain HTTP only.

    Args:
        url: Base address of the server.
        connect_s: Limit for opening a connection, seconds.
        clock: Seconds of CLOCK_MONOTONIC.
    """

    stamp_source = "kernel"
    stamp_reason = ""

    def __init__(
        self, url: str, connect_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        parts = urlsplit(url)
        self._addresses = Addresses(parts.hostname or "", parts.port or 80)
        self._connect_s = connect_s
        self._clock = clock
        self._reader = KernelReader(self._writable, self._after, self._gone, clock)
        self._connections = self._reader.connections
        self._idle: list[KernelConnection] = []
        self._busy: dict[Exchange, KernelConnection] = {}
        self._nameless: list[Exchange] = []  # waiting for the address of the server
        self._resolver: asyncio.Task[None] | None = None
        self._spare = self._most = self._opening = 0
        self._refill: asyncio.TimerHandle | None = None
        self._failed_s = -BACK_OFF_S

    def start(self, meter: QualityMeter) -> None:
        """Begin to read."""
        self._loop = asyncio.get_running_loop()
        self._reader.start(meter)

    def reserve(self, spare: int, most: int) -> None:
        """Keep spare connections open."""
        self._spare, self._most = spare, most
        self._refill_soon(0.0)

    def send(self, exchange: Exchange) -> None:
        """Send on the connection used last, the warmest one; without one, connect."""
        if self._idle:
            connection = self._idle.pop()
            connection.waited = True
            self._begin(connection, exchange)
        else:
            self._connect(exchange)
        if len(self._idle) < self._spare:
            self._refill_soon(0.0)

    def abandon(self, exchange: Exchange) -> None:
        """Close the connection of this exchange."""
        if exchange in self._nameless:
            self._nameless.remove(exchange)
        if (connection := self._busy.get(exchange)) is not None:
            self._forget(connection)

    async def close(self) -> None:
        """Close all connections; exchanges that are not over hear that they are lost."""
        self._spare = 0
        if self._refill is not None:
            self._refill.cancel()
        if self._resolver is not None:
            self._resolver.cancel()
            await asyncio.gather(self._resolver, return_exceptions=True)
        for connection in list(self._connections.values()):
            exchange = connection.exchange
            self._forget(connection)
            if exchange is not None and not exchange.over:
                exchange.lost()
        self._reader.close()
        await asyncio.sleep(0)

    def _after(self, connection: KernelConnection, exchange: Exchange) -> None:
        """The request is over: keep the connection if its body ended well."""
        connection.exact = connection.exact or exchange.exact
        if exchange.response.reusable:
            self._busy.pop(exchange, None)
            connection.forget_deadline()
            connection.exchange = None
            self._idle.append(connection)
        elif exchange.response.complete or exchange.record.outcome is not Outcome.OK:
            self._forget(connection)
        elif connection.deadline is None:
            connection.deadline = self._loop.call_later(DRAIN_S, self._gone, connection, "")

    def _begin(self, connection: KernelConnection, exchange: Exchange) -> None:
        self._busy[exchange] = connection
        connection.exchange = exchange
        exchange.exact = connection.exact
        if connection.stream is not None:
            exchange.read_by(connection.stream)
        at_s, broken = self._clock(), ""
        try:
            connection.write(exchange.request)
        except OSError as error:
            broken = reason_of(error)
        exchange.sent(at_s)
        if broken:
            self._gone(connection, broken)

    def _writable(self, connection: KernelConnection) -> None:
        """There is room, or it is open now."""
        try:
            if not connection.connecting:
                connection.wrote()
                return
            connection.opened()
        except OSError as error:
            self._gone(connection, reason_of(error))
            return
        if connection.exchange is not None:
            self._begin(connection, connection.exchange)
        else:
            self._opening -= 1
            self._idle.append(connection)

    def _connect(self, exchange: Exchange | None, tries: int = 1) -> None:
        """Open a connection, for an exchange or to spare."""
        if not self._addresses.known:
            self._resolve(exchange)
            return
        try:
            connection = KernelConnection(self._addresses.best, self._reader.epoll)
        except OSError as error:
            self._refused(exchange, Outcome.REFUSED, reason_of(error))
            return
        connection.tries = tries
        connection.exchange = exchange
        connection.deadline = self._loop.call_later(self._connect_s, self._too_late, connection)
        self._reader.watch(connection)
        if exchange is None:
            self._opening += 1
        else:
            self._busy[exchange] = connection

    def _refused(self, exchange: Exchange | None, outcome: Outcome, detail: str) -> None:
        """There is no connection."""
        if exchange is None:
            self._failed_s = self._clock()
        else:
            exchange.give_up(outcome, detail)

    def _too_late(self, connection: KernelConnection) -> None:
        exchange = connection.exchange
        self._forget(connection)
        self._refused(exchange, Outcome.TIMEOUT, f"no connection after {self._connect_s:g} s")

    def _gone(self, connection: KernelConnection, detail: str) -> None:
        """A connection was closed or could not be opened."""
        exchange = connection.exchange
        self._forget(connection)
        if connection.connecting:
            self._addresses.refused(connection.address)
            if connection.tries < self._addresses.number:
                self._connect(exchange, connection.tries + 1)
            else:
                self._refused(exchange, Outcome.REFUSED, detail)
        elif exchange is None or exchange.over:
            return
        elif connection.waited and not exchange.response.began:
            # The server closed an idle connection just as we used it: not its fault, not ours.
            self._connect(exchange)
        else:
            exchange.lost(detail)

    def _forget(self, connection: KernelConnection) -> None:
        """Close a connection and know it no longer."""
        self._reader.forget(connection)
        if connection.exchange is not None:
            self._busy.pop(connection.exchange, None)
        elif connection.connecting:
            self._opening -= 1
        else:
            self._idle.remove(connection)
        connection.close()

    def _refill_soon(self, after_s: float) -> None:
        if self._refill is None:
            self._refill = self._loop.call_later(after_s, self._fill)

    def _fill(self) -> None:
        """Open a few of the spare connections that are missing."""
        self._refill = None
        spare = self._spare - len(self._idle) - self._opening
        missing = min(spare, self._most - len(self._connections))
        if self._clock() < self._failed_s + BACK_OFF_S:
            return  # the next request asks again
        for _ in range(min(missing, REFILL_MAX)):
            self._connect(None)
        if missing > REFILL_MAX:
            self._refill_soon(REFILL_S)

    def _resolve(self, exchange: Exchange | None) -> None:
        """Connect when the address is known."""
        if exchange is not None:
            self._nameless.append(exchange)
        if self._resolver is None or self._resolver.done():
            self._resolver = asyncio.create_task(self._look_up(), name="load-resolve")

    async def _look_up(self) -> None:
        try:
            await self._addresses.resolve(self._connect_s)
        except (OSError, TimeoutError) as error:
            detail = f"no address of the server: {reason_of(error)}"
            waiting, self._nameless = self._nameless, []
            for exchange in (None, *waiting):
                self._refused(exchange, Outcome.REFUSED, detail)
            return
        waiting, self._nameless = self._nameless, []
        for exchange in waiting:
            self._connect(exchange)
        self._refill_soon(0.0)
