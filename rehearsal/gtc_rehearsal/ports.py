"""Ports of this machine for children that are told theirs, each held until it is let go.

A child listens seconds after it was told where, and a restarted one listens there again; a port
that was only looked up may be somebody else's by then. A held one is bound without listening: who
asks the kernel for any port does not get it, who connects is refused, and a child that allows an
address to be used again, as servers do, may listen there. It must not know who the children are.
"""

from __future__ import annotations

import random
import socket
from collections.abc import Sequence
from contextlib import suppress
from typing import Final, Self

from gtc_spec.errors import GtcError

HOST: Final = "127.0.0.1"
TRIES: Final = 100


class HeldPort:
    """A port on loopback that nobody else is given. Close it, or leave the context, to let it go.

    Args:
        among: Where it has to lie; empty for any.

    Attributes:
        number: The port.

    Raises:
        GtcError: No luck in a hundred tries.
    """

    def __init__(self, among: Sequence[int] = ()) -> None:
        tries = random.sample(among, min(TRIES, len(among))) if among else [0]
        for number in tries:
            self._socket = socket.socket()
            with suppress(OSError):
                self._socket.bind((HOST, number))
                # after it is bound: two holders must not share a port, a child and a holder may
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                self.number: int = self._socket.getsockname()[1]
                return
            self._socket.close()
        where = f" between {min(among)} and {max(among)}" if among else ""
        raise GtcError(f"no free port{where}", "ss -ltn shows what listens")

    def __enter__(self) -> Self:
        """It is held already."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let it go."""
        self.close()

    def close(self) -> None:
        """Let it go; a child that listens there goes on."""
        self._socket.close()
