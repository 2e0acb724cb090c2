"""Connections: how many, and how long one may take to say what it wants and to read what it gets.

The web server below has no deadline for a head that never ends or an answer that nobody reads, no
limit on the size of a head and on requests sent ahead, and none on the number of connections.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gtc_panel.door.bodies import BODY_BYTES

CONNECTIONS: Final = 200
"""Open at a time, sockets included; a process has 1,024 files."""
HEAD_S: Final = 5.0
"""Longest time until a request's head is whole, and between two requests."""
HEAD_BYTES: Final = 96 * 1024
"""Of a request whatever is not its body; counted as it is read, so some chunks more may come."""
AHEAD: Final = 8
"""Requests that one connection may send before the first is answered; browsers send none."""
ANSWER_S: Final = 20.0
"""Longest time in which a client must read some 48 KiB of an answer, or the rest of it."""


class AheadError(Exception):
    """More than `AHEAD`."""


class Connection(HttpToolsProtocol):
    """One connection with a deadline for every head and every answer."""

    silent_since: float | None = None
    """When we began to wait for a head, by the loop's clock; None while a request is answered."""
    made_at: float = 0.0
    _head: asyncio.TimerHandle | None = None
    _answer: asyncio.TimerHandle | None = None
    _head_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Make room for one more, or refuse it."""
        if len(self.connections) >= CONNECTIONS and not self._make_room():
            transport.abort()
            return
        super().connection_made(transport)
        self.made_at = self.loop.time()
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the deadlines."""
        self._head_is_whole()
        self._is_read()
        if self.transport is not None:
            super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take no more of a head than a browser would send, whatever is being answered."""
        if self.transport is None:
            return
        self._head_bytes += len(data)
        super().data_received(data)
        if self._head_bytes > HEAD_BYTES:
            self.transport.abort()

    def on_message_begin(self) -> None:
        """Let nobody order without end before the first is served."""
        if len(self.pipeline) >= AHEAD:
            self.transport.abort()
            raise AheadError
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self._head_is_whole()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A body has limits of its own."""
        self._head_bytes = max(0, self._head_bytes - len(body))
        super().on_body(body)

    def on_message_complete(self) -> None:
        """What comes now is another head."""
        self._head_bytes = 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Wait for the next one, or until the last word of this one is read."""
        super().on_response_complete()
        if self.transport.is_closing():
            self._wait_for_reader()
        elif self.cycle.response_complete:
            self._wait_for_head()

    def pause_writing(self) -> None:
        """Nobody reads; not for long."""
        super().pause_writing()
        self._wait_for_reader()

    def resume_writing(self) -> None:
        """Somebody does."""
        super().resume_writing()
        self._is_read()

    def handle_websocket_upgrade(self) -> None:
        """A socket has deadlines of its own."""
        self._is_read()
        super().handle_websocket_upgrade()

    def _wait_for_head(self) -> None:
        self._head_is_whole()
        self.silent_since = self.loop.time()
        # whoever still reads the last answer cannot ask yet
        wait_s = ANSWER_S if self.transport.get_write_buffer_size() else HEAD_S
        self._head = self.loop.call_later(wait_s, self.transport.abort)

    def _head_is_whole(self) -> None:
        if self._head is not None:
            self._head.cancel()
        self._head, self.silent_since, self._head_bytes = None, None, 0

    def _wait_for_reader(self) -> None:
        self._is_read()
        self._answer = self.loop.call_later(ANSWER_S, self.transport.abort)

    def _is_read(self) -> None:
        if self._answer is not None:
            self._answer.cancel()
            self._answer = None

    def _make_room(self) -> bool:
        """End the longest silent connection, else the oldest, of the address that has most."""
        mine = [each for each in self.connections if isinstance(each, Connection)]
        if not mine:
            return False
        of = Counter(each.address for each in mine)
        gives_way = min(mine, key=lambda each: (-of[each.address], *each.age))
        self.connections.discard(gives_way)
        gives_way.transport.abort()
        return True

    @property
    def address(self) -> str:
        """Whose it is; one for all behind a proxy."""
        return self.client[0] if self.client else ""

    @property
    def age(self) -> tuple[bool, float]:
        """The least is the first to give way: who is silent, for longest."""
        answered = self.silent_since is None
        return answered, self.made_at if self.silent_since is None else self.silent_since


def settings() -> dict[str, Any]:
    """What every server of ours gives to `uvicorn.Config`."""
    return {
        "http": Connection,
        "server_header": False,
        "ws_max_size": BODY_BYTES,
        # a proxy on this machine, which a socket for both families sees as the third
        "forwarded_allow_ips": ["127.0.0.1", "::1", "::ffff:127.0.0.1"],
        # a deflater costs each socket more memory than it saves on a local network
        "ws_per_message_deflate": False,
        "log_config": None,
    }
