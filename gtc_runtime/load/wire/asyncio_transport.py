"""The transport of the load engine on asyncio: HTTP/1.1 with keep-alive, raw bytes, no library.

Arrival times are taken in user space when the event loop hands over the bytes, so they are only as
good as the loop is prompt; the quality light says when it was not. Works with TLS and everywhere
that asyncio does.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from typing import Protocol
from urllib.parse import urlsplit

from gtc_runtime.load.asking.access import Access
from gtc_runtime.load.figures.quality import QualityMeter
from gtc_runtime.load.records import Outcome
from gtc_runtime.load.wire.acknowledge import acknowledge
from gtc_runtime.load.wire.exchange import Exchange

DRAIN_S = 2.0
"""How long a connection may take to end a body after `[DONE]` before it is closed."""


PROBE_S = 0.05
"""How often the promptness of the event loop is measured."""


class Transport(Protocol):
    """What the engine needs from a way to send requests."""

    stamp_source: str
    """Who says when bytes arrived: `user`, this process, or `kernel`."""

    stamp_reason: str
    """Why not the kernel, in a few words; empty if it does."""

    def start(self, meter: QualityMeter) -> None:
        """Begin in the running event loop, and tell `meter` of reads and of their lateness."""

    def reserve(self, spare: int, most: int) -> None:
        """Have `spare` connections open beyond those in use, at most `most` in all, from now on."""

    def send(self, exchange: Exchange) -> None:
        """Send a request and report to the exchange; returns at once and never raises."""

    def abandon(self, exchange: Exchange) -> None:
        """Close the connection of an exchange that ended before its body did."""

    async def close(self) -> None:
        """Close all connections."""


class AsyncTransport:
    """Sends each request on an idle connection, or opens one.

    Args:
        url: Base address of the server.
        connect_s: Limit for opening a connection, seconds.
        clock: Monotonic seconds.
        reason: Why it is not the kernel that says when bytes arrived.
        access: Whom encrypted connections trust.
    """

    stamp_source = "user"

    def __init__(
        self,
        url: str,
        connect_s: float,
        clock: Callable[[], float] = time.monotonic,
        reason: str = "",
        access: Access | None = None,
    ) -> None:
        self.stamp_reason = reason
        parts = urlsplit(url)
        self._host = parts.hostname or ""
        self._tls = (access or Access()).tls() if parts.scheme == "https" else None
        self._port = parts.port or (443 if self._tls else 80)
        self._connect_s = connect_s
        self.clock = clock
        self._idle: list[_Connection] = []
        self._busy: dict[Exchange, _Connection] = {}
        self._connecting: dict[Exchange, asyncio.Task[None]] = {}
        self.meter = QualityMeter(self.stamp_source, clock())
        self._prober: asyncio.Task[None] | None = None

    def start(self, meter: QualityMeter) -> None:
        """Begin to measure how promptly the event loop hands over bytes."""
        self.meter = meter
        self._prober = asyncio.create_task(self._probe(), name="load-probe")

    def reserve(self, spare: int, most: int) -> None:
        """Nothing: a TLS connection costs the server too much to be opened without need."""

    def send(self, exchange: Exchange) -> None:
        """Send on the connection used last, the warmest one; without one, connect."""
        if self._idle:
            connection = self._idle.pop()
            self._busy[exchange] = connection
            connection.begin(exchange)
        else:
            task = asyncio.create_task(self._connect(exchange), name="load-connect")
            self._connecting[exchange] = task

    def abandon(self, exchange: Exchange) -> None:
        """Close the connection of this exchange."""
        if (task := self._connecting.pop(exchange, None)) is not None:
            task.cancel()
        if (connection := self._busy.pop(exchange, None)) is not None:
            connection.abort()

    async def close(self) -> None:
        """Close all connections; exchanges that are not over hear that they are lost."""
        tasks = [*self._connecting.values(), *([self._prober] if self._prober else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for connection in [*self._idle, *self._busy.values()]:
            connection.abort()
        self._idle.clear()
        await asyncio.sleep(0)

    async def _probe(self) -> None:
        while True:
            before_s = self.clock()
            await asyncio.sleep(PROBE_S)
            self.meter.reader_stall(max(0.0, self.clock() - before_s - PROBE_S))

    async def _connect(self, exchange: Exchange) -> None:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._connect_s):
                _, connection = await loop.create_connection(
                    lambda: _Connection(self), self._host, self._port, ssl=self._tls
                )
        except TimeoutError:
            exchange.give_up(Outcome.TIMEOUT, f"no connection after {self._connect_s:g} s")
        except OSError as error:
            exchange.give_up(Outcome.REFUSED, reason_of(error))
        else:
            if exchange.over:
                connection.abort()
            else:
                self._busy[exchange] = connection
                connection.begin(exchange)
        finally:
            self._connecting.pop(exchange, None)

    def freed(self, connection: _Connection, exchange: Exchange) -> None:
        """A connection finished its exchange and may be used again."""
        self._busy.pop(exchange, None)
        self._idle.append(connection)

    def gone(self, connection: _Connection, exchange: Exchange | None, detail: str) -> None:
        """A connection closed."""
        if exchange is None:
            if connection in self._idle:
                self._idle.remove(connection)
            return
        self._busy.pop(exchange, None)
        if connection.used and not exchange.response.began and not exchange.over:
            # The server closed an idle connection just as we used it: not its fault, not ours.
            task = asyncio.create_task(self._connect(exchange), name="load-reconnect")
            self._connecting[exchange] = task
        elif not exchange.over:
            exchange.lost(detail)


class _Connection(asyncio.Protocol):
    """One TCP connection; carries one exchange at a time."""

    def __init__(self, owner: AsyncTransport) -> None:
        self._owner = owner
        self._transport: asyncio.Transport | None = None
        self._exchange: Exchange | None = None
        self._drain: asyncio.TimerHandle | None = None
        self._carried = 0
        self._exact = False  # the fast way of counting was wrong here

    @property
    def used(self) -> bool:
        """Whether an exchange came before the present one."""
        return self._carried > 1

    def begin(self, exchange: Exchange) -> None:
        """Send the request of `exchange`."""
        self._exchange = exchange
        exchange.exact = self._exact
        self._carried += 1
        if self._transport is not None:
            self._transport.write(exchange.request)
        exchange.sent(self._owner.clock())

    def abort(self) -> None:
        """Close without waiting."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        at_s = self._owner.clock()
        exchange = self._exchange
        if exchange is None:  # nobody asked
            self.abort()
            return
        self._owner.meter.reads(1)
        if exchange.received(data, at_s):
            self._after(exchange)
        elif exchange.record.first_s is None and self._transport is not None:
            acknowledge(self._transport.get_extra_info("socket"))

    def connection_lost(self, error: Exception | None) -> None:
        exchange, self._exchange = self._exchange, None
        self._stop_drain()
        self._owner.gone(self, exchange, "" if error is None else reason_of(error))

    def _after(self, exchange: Exchange) -> None:
        """The request is over: keep the connection if its body ended well."""
        self._exact = self._exact or exchange.exact
        if exchange.response.reusable:
            self._exchange = None
            self._stop_drain()
            self._owner.freed(self, exchange)
        elif exchange.response.complete or exchange.record.outcome is not Outcome.OK:
            self.abort()
        elif self._drain is None:
            self._drain = asyncio.get_running_loop().call_later(DRAIN_S, self.abort)

    def _stop_drain(self) -> None:
        if self._drain is not None:
            self._drain.cancel()
            self._drain = None


def reason_of(error: BaseException) -> str:
    """An error of the system in a few words."""
    if isinstance(error, OSError) and error.errno is not None and error.errno > 0:
        return os.strerror(error.errno).lower()
    return str(error).lower() or type(error).__name__
