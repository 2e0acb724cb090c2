"""Where a server is: its name looked up once, its addresses tried in turn.

A name may have several addresses (`localhost` has two) of which not all answer. It must not know
connections.
"""

from __future__ import annotations

import asyncio
import socket

Address = tuple[socket.AddressFamily, tuple[str, int] | tuple[str, int, int, int]]
"""Address family and what `connect` wants."""


class Addresses:
    """The addresses of one host and port.

    Args:
        host: Name or number.
        port: TCP port.
    """

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._found: list[Address] = []
        try:
            found = socket.getaddrinfo(
                host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST
            )
        except OSError:  # a name
            return
        self._take(found)

    @property
    def known(self) -> bool:
        """Whether there is an address to connect to."""
        return bool(self._found)

    @property
    def number(self) -> int:
        """How many addresses there are."""
        return len(self._found)

    @property
    def best(self) -> Address:
        """The address to try."""
        return self._found[0]

    def refused(self, address: Address) -> None:
        """Nobody answered at an address: try another one first from now on."""
        if len(self._found) > 1 and self._found[0] == address:
            self._found.append(self._found.pop(0))

    async def resolve(self, timeout_s: float) -> None:
        """Look the name up.

        Raises:
            OSError: There is no such name.
            TimeoutError: No answer within `timeout_s`.
        """
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(timeout_s):
            found = await loop.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
        self._take(found)

    def _take(self, found: list[tuple]) -> None:  # type: ignore[type-arg]
        self._found = [(family, address) for family, _, _, _, address in found]
