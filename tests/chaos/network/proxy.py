"""A TCP proxy on localhost that does to connections what networks do to them.

It carries bytes and understands none of them. Which faults a connection meets is drawn when it is
accepted, from the proxy's seed and the connection's number, and drawn anew for those that run when
somebody switches, so that one seed is one sequence of faults.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from typing import Literal, Self

from tests.chaos.network.faults import Fault

PIECE_BYTES = 65536
WAITING_MAX = 256
"""Pieces that wait on one way; after that its sender feels it."""
_LINGER_0 = struct.pack("ii", 1, 0)

Side = Literal["client", "server"]


@dataclass(frozen=True)
class Placed:
    """A fault on the way to one side."""

    fault: Fault
    to: Side = "client"


Choose = Callable[[Random], Sequence[Placed]]
"""Draws the faults of one connection."""


def nothing(random: Random) -> Sequence[Placed]:
    """No fault at all."""
    return ()


def always(*placed: Placed) -> Choose:
    """The same faults on every connection."""
    return lambda random: placed


def sometimes(share: float, choose: Choose) -> Choose:
    """Faults on a share (0..1) of the connections."""
    return lambda random: choose(random) if random.random() < share else ()


class Proxy:
    """Carries connections from a port of its own to a server. Leave the context to end it.

    Args:
        port: Where the server listens, on localhost.
        choose: What connections meet; see `switch`.
        seed: Of every choice.

    Attributes:
        port: Where it listens itself; the same after `down` and `up`.
        accepted: Connections so far.
        struck: How often connections were cut, by `close` and `reset`.
        refused: Connections for which the server had no ear.
    """

    def __init__(self, port: int, choose: Choose = nothing, seed: int = 1) -> None:
        self._server_port, self._choose, self._seed = port, choose, seed
        self._listener: asyncio.Server | None = None
        self._place = socket.socket()  # bound and deaf: keeps the port while nothing listens
        self._running: dict[_Connection, asyncio.Task[None]] = {}
        self.port = self.accepted = self.refused = 0
        self.struck: Counter[str] = Counter()

    async def __aenter__(self) -> Self:
        self._place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self._place.bind(("127.0.0.1", 0))
        self.port = self._place.getsockname()[1]
        await self.up()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.down()
        self._place.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def open(self) -> int:
        """Connections that run."""
        return len(self._running)

    def switch(self, choose: Choose = nothing) -> None:
        """Other faults from now on, for connections that run too."""
        self._choose = choose
        for connection in self._running:
            connection.meet(choose(connection.random))

    async def down(self) -> None:
        """Cut everything and refuse what comes: nothing listens any more."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        tasks = list(self._running.values())
        for connection in list(self._running):
            connection.cut(reset=True)
        await asyncio.gather(*tasks, return_exceptions=True)

    async def up(self) -> None:
        """Listen, again at the same port."""
        self._listener = await asyncio.start_server(
            *(self._accept, "127.0.0.1", self.port),
            limit=PIECE_BYTES, backlog=1024, reuse_port=True,
        )  # fmt: skip

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        random = Random(f"{self._seed}/{self.accepted}")
        try:
            there = await asyncio.open_connection("127.0.0.1", self._server_port, limit=PIECE_BYTES)
        except OSError:
            self.refused += 1
            _reset(writer)
            return
        connection = _Connection((reader, writer), there, random, self.struck)
        task = asyncio.current_task()
        assert task
        self._running[connection] = task
        if self._listener is None:
            connection.cut(reset=True)
        connection.meet(self._choose(random))
        try:
            await connection.run()
        finally:
            del self._running[connection]


End = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class _Connection:
    """Both ways of one connection."""

    def __init__(self, client: End, server: End, random: Random, struck: Counter[str]) -> None:
        self.random = random
        self._writers = (client[1], server[1])
        self._struck = struck
        self._ways: dict[Side, _Way] = {
            "client": _Way(server[0], client[1], self),
            "server": _Way(client[0], server[1], self),
        }
        self._timers: list[asyncio.TimerHandle] = []
        self._over = asyncio.Event()

    def meet(self, placed: Sequence[Placed]) -> None:
        """These faults and no others from now on."""
        self._forget_timers()
        loop = asyncio.get_running_loop()
        for side, way in self._ways.items():
            way.faults = tuple(each.fault for each in placed if each.to == side)
            for fault in way.faults:
                if fault.after_s is not None:
                    self._timers.append(loop.call_later(fault.after_s, fault.strike, way))

    async def run(self) -> None:
        """Until both senders hung up or somebody cut it."""
        tasks = [asyncio.create_task(way.run()) for way in self._ways.values()]
        over = asyncio.create_task(self._over.wait())
        both = asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.wait({both, over}, return_when=asyncio.FIRST_COMPLETED)
        self._forget_timers()
        for task in (*tasks, over):
            task.cancel()
        await asyncio.gather(both, over, return_exceptions=True)
        for writer in self._writers:
            writer.close()

    def strike(self, *, reset: bool) -> None:
        """A fault cuts it."""
        if not self._over.is_set():
            self._struck["reset" if reset else "close"] += 1
            self.cut(reset=reset)

    def cut(self, *, reset: bool) -> None:
        """End it now."""
        self._over.set()
        for writer in self._writers if reset else ():
            _reset(writer)

    def _forget_timers(self) -> None:
        for timer in self._timers:
            timer.cancel()
        self._timers = []


class _Way:
    """One direction: a reader that notes when pieces came, and a writer that meets the faults."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, connection: _Connection
    ) -> None:
        self.faults: tuple[Fault, ...] = ()
        self.carried = 0
        self.random = connection.random
        self._reader, self._writer, self._connection = reader, writer, connection
        self._pieces: asyncio.Queue[tuple[bytes, float]] = asyncio.Queue(WAITING_MAX)

    def close(self) -> None:
        self._connection.strike(reset=False)

    def reset(self) -> None:
        self._connection.strike(reset=True)

    async def run(self) -> None:
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._read())
                both.create_task(self._write())
        except* (ConnectionError, TimeoutError):
            self._connection.cut(reset=True)  # a peer that is gone is gone for the other one too

    async def _read(self) -> None:
        loop = asyncio.get_running_loop()
        while piece := await self._reader.read(PIECE_BYTES):
            await self._pieces.put((piece, loop.time()))
        await self._pieces.put((b"", loop.time()))

    async def _write(self) -> None:
        while (got := await self._pieces.get())[0]:
            await self._through(*got, self.faults)
        for fault in self.faults:
            await fault.before_close()
        with suppress(OSError):
            self._writer.write_eof()

    async def _through(self, piece: bytes, arrived_s: float, faults: tuple[Fault, ...]) -> None:
        if faults:
            async for part in faults[0].carry(piece, arrived_s, self):
                await self._through(part, arrived_s, faults[1:])
            return
        self._writer.write(piece)
        self.carried += len(piece)
        await self._writer.drain()


def _reset(writer: asyncio.StreamWriter) -> None:
    if (found := writer.get_extra_info("socket")) is not None:  # else it is closed
        with suppress(OSError, ValueError):  # the latter for one that is being closed
            found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_0)
    writer.transport.abort()
