"""Seven of the eight classic faults of a TCP connection; the eighth, a closed port, is the proxy's.

A fault sees the pieces that travel one way of one connection and passes on what should arrive, when
it should. It knows the connection only as something that can be cut.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from random import Random
from typing import Protocol


class Way(Protocol):
    """One direction of one connection.

    Attributes:
        carried: Bytes that went on so far.
        random: Seeded, its own.
    """

    carried: int
    random: Random

    def close(self) -> None:
        """End the connection as a peer does that hangs up; what was carried still arrives."""

    def reset(self) -> None:
        """End the connection with RST."""


@dataclass(frozen=True)
class Fault:
    """Passes on what it gets. The base of all faults.

    Attributes:
        after_s: When `strike` is called, counted from the moment at which the fault was put on;
            None never.
    """

    after_s: float | None = None

    async def carry(self, piece: bytes, arrived_s: float, way: Way) -> AsyncIterator[bytes]:
        """What goes on of a piece that arrived at `arrived_s` of the loop's clock."""
        yield piece

    async def before_close(self) -> None:
        """The sender hung up; the other side hears of it after this."""

    def strike(self, way: Way) -> None:
        """`after_s` is over."""


@dataclass(frozen=True)
class Latency(Fault):
    """Everything arrives later, in order."""

    delay_s: float = 0.0
    jitter_s: float = 0.0

    async def carry(self, piece: bytes, arrived_s: float, way: Way) -> AsyncIterator[bytes]:
        due_s = arrived_s + self.delay_s + way.random.uniform(-self.jitter_s, self.jitter_s)
        await asyncio.sleep(due_s - asyncio.get_running_loop().time())
        yield piece


@dataclass(frozen=True)
class Bandwidth(Fault):
    """No more than so many bytes a second."""

    bytes_per_s: float = 1e6

    async def carry(self, piece: bytes, arrived_s: float, way: Way) -> AsyncIterator[bytes]:
        step = max(1, int(self.bytes_per_s / 50))
        for at in range(0, len(piece), step):
            part = piece[at : at + step]
            await asyncio.sleep(len(part) / self.bytes_per_s)
            yield part


@dataclass(frozen=True)
class SlowClose(Fault):
    """The end of the connection arrives late."""

    delay_s: float = 1.0

    async def before_close(self) -> None:
        await asyncio.sleep(self.delay_s)


@dataclass(frozen=True)
class Timeout(Fault):
    """Accepts everything and passes on nothing; hangs up after `after_s`, None never."""

    async def carry(self, piece: bytes, arrived_s: float, way: Way) -> AsyncIterator[bytes]:
        for part in ():
            yield part

    async def before_close(self) -> None:
        await asyncio.Event().wait()

    def strike(self, way: Way) -> None:
        way.close()


@dataclass(frozen=True)
class _AfterBytes(Fault):
    """Does something once so many bytes went this way; a byte more never arrives."""

    after_bytes: int | None = None

    async def carry(self, piece: bytes, arrived_s: float, way: Way) -> AsyncIterator[bytes]:
        left = len(piece) if self.after_bytes is None else max(0, self.after_bytes - way.carried)
        if left:
            yield piece[:left]
        if left < len(piece) or way.carried == self.after_bytes:
            self.strike(way)


@dataclass(frozen=True)
class ResetPeer(_AfterBytes):
    """RST after so many bytes or seconds."""

    def strike(self, way: Way) -> None:
        way.reset()


@dataclass(frozen=True)
class LimitData(_AfterBytes):
    """The connection ends, as if in order, after so many bytes."""

    def strike(self, way: Way) -> None:
        way.close()


@dataclass(frozen=True)
class Slicer(Fault):
    """Everything arrives in small pieces of 1 to `most_bytes`, `delay_s` apart."""

    most_bytes: int = 8
    delay_s: float = 0.0

    async def carry(self, piece: bytes, arrived_s: float, way: Way) -> AsyncIterator[bytes]:
        at = 0
        while at < len(piece):
            size = way.random.randint(1, self.most_bytes)
            yield piece[at : at + size]
            at += size
            await asyncio.sleep(self.delay_s)
