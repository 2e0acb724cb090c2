"""Connections: how many, and how long one may take to say what it wants.

The web server below has no deadline for a head that never ends, no limit on its size and none on
the number of connections. A connection that is still silent makes room for a new one.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gtc_panel.door.bodies import BODY_BYTES

CONNECTIONS: Final = 200
"""Open at a time, sockets included; a process has 1,024 files."""
HEAD_S: Final = 5.0
"""Longest time until a request's head is whole, and between two requests."""
HEAD_BYTES: Final = 32 * 1024


class Connection(HttpToolsProtocol):
    """One connection with a deadline for every head."""

    silent_since: float | None = None
    """When we began to wait for a head, by the loop's clock; None while a request is answered."""
    _deadline: asyncio.TimerHandle | None = None
    _head_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Make room for one more, or refuse it."""
        if len(self.connections) >= CONNECTIONS and not self._make_room():
            transport.abort()
            return
        super().connection_made(transport)
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the deadline."""
        self._head_is_whole()
        if self.transport is not None:
            super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take no more of a head than a browser would send."""
        if self.transport is None:
            return
        if self.silent_since is not None:
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES + BODY_BYTES:
                self.transport.abort()
                return
        super().data_received(data)

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self._head_is_whole()
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        """Wait for the next one."""
        super().on_response_complete()
        if not self.transport.is_closing() and self.cycle.response_complete:
            self._wait_for_head()

    def _wait_for_head(self) -> None:
        self._head_is_whole()
        self.silent_since = self.loop.time()
        self._deadline = self.loop.call_later(HEAD_S, self.transport.abort)

    def _head_is_whole(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline, self.silent_since, self._head_bytes = None, None, 0

    def _make_room(self) -> bool:
        silent = [
            each
            for each in self.connections
            if isinstance(each, Connection) and each.silent_since is not None
        ]
        if not silent:
            return False
        oldest = min(silent, key=lambda each: each.silent_since or 0.0)
        self.connections.discard(oldest)
        oldest.transport.abort()
        return True


def settings() -> dict[str, Any]:
    """What every server of ours gives to `uvicorn.Config`."""
    return {
        "http": Connection,
        "server_header": False,
        "ws_max_size": BODY_BYTES,
        # a deflater costs each socket more memory than it saves on a local network
        "ws_per_message_deflate": False,
        "log_config": None,
    }
