"""Acknowledges at once what a server sends before its first token.

A kernel waits up to 40 ms with an acknowledgement on a connection that was busy just before. A
server whose sockets follow Nagle's algorithm, and which sends the head of an answer by itself, then
holds its first token back until the acknowledgement comes: Dynamo 1.4.2's frontend does, and one in
four answers of a dev rehearsal came 27 ms late with the tokens that were made meanwhile. People who
ask one after the other never see that; only a load engine that hands a connection on at once does.
"""

from __future__ import annotations

import socket
from asyncio.trsock import TransportSocket
from contextlib import suppress
from typing import Final

_QUICK: Final[int | None] = getattr(socket, "TCP_QUICKACK", None)


def acknowledge(connection: socket.socket | TransportSocket) -> None:
    """Have the kernel acknowledge what has arrived; nothing where it cannot be told to."""
    if _QUICK is not None:
        with suppress(OSError):  # not TCP, or closed
            connection.setsockopt(socket.IPPROTO_TCP, _QUICK, 1)
