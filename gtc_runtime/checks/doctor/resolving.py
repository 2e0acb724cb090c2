"""Names of hosts, resolved with a deadline.

A resolver that hangs cannot be broken off, and a thread that waits for it holds up the end of the
process. So every name is resolved once in a thread that may be left behind, before any client does.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from typing import Final
from urllib.parse import urlsplit
from urllib.request import getproxies

RESOLVE_S: Final = 4.0
"""Longest wait for an address."""


async def resolve(url: str) -> None:
    """See that the host of an address has one; behind a proxy that is not ours to know.

    Raises:
        TimeoutError: Nobody said so in time.
        OSError: It has none.
    """
    host = urlsplit(url).hostname
    if not host or getproxies():
        return
    loop = asyncio.get_running_loop()
    found: asyncio.Future[None] = loop.create_future()

    def settle(error: OSError | None) -> None:
        if found.done():
            return
        if error is None:
            found.set_result(None)
        else:
            found.set_exception(error)

    def work() -> None:
        error: OSError | None = None
        try:
            socket.getaddrinfo(host, None)
        except OSError as refusal:
            error = refusal
        with contextlib.suppress(RuntimeError):  # nobody waits any more
            loop.call_soon_threadsafe(settle, error)

    threading.Thread(target=work, name=f"resolve {host}", daemon=True).start()
    async with asyncio.timeout(RESOLVE_S):
        await found
