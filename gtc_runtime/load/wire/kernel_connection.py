"""One non-blocking TCP connection whose arrivals the kernel stamps.

It opens, writes and closes; reading is done by the transport, in its loop over all connections.
"""

from __future__ import annotations

import asyncio
import os
import select
import socket
from contextlib import suppress
from typing import TYPE_CHECKING

from gtc_runtime.load.wire.acknowledge import acknowledge
from gtc_runtime.load.wire.addresses import Address
from gtc_runtime.load.wire.exchange import Exchange
from gtc_runtime.load.wire.kernel_calls import SO_TIMESTAMPNS, send

if TYPE_CHECKING:  # the native core may not have been built
    from gtc_runtime.load.native._core import Stream

READ = select.EPOLLIN
WRITE = select.EPOLLOUT


class KernelConnection:
    """A socket that an epoll watches.

    Args:
        address: Where to connect.
        epoll: Watches the socket: for writing until it is open, then for reading.

    Raises:
        OSError: No more files may be opened, or there is no way to the address.

    Attributes:
        exchange: What it carries now; None while it is idle.
        connecting: It is not open yet.
        tries: Addresses that were tried for this purpose.
        waited: It was open before `exchange` came, so the server may have closed it meanwhile.
        exact: The fast way of counting was wrong on this connection.
        deadline: Ends the attempt to connect.
        stream: Counts plain reads before they come here; None if nobody does.
    """

    __slots__ = (
        "_epoll",
        "_request",
        "_sent",
        "_socket",
        "address",
        "connecting",
        "deadline",
        "exact",
        "exchange",
        "fd",
        "stream",
        "tries",
        "waited",
    )

    def __init__(self, address: Address, epoll: select.epoll) -> None:
        self.address = address
        self.exchange: Exchange | None = None
        self.connecting = True
        self.tries = 1
        self.waited = False
        self.exact = False
        self.deadline: asyncio.TimerHandle | None = None
        self.stream: Stream | None = None
        self._request = b""  # until all of it is sent
        self._sent = 0
        self._epoll = epoll
        self._socket = socket.socket(address[0], socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        self.fd = self._socket.fileno()
        try:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
            with suppress(BlockingIOError):
                self._socket.connect(address[1])
            epoll.register(self.fd, WRITE)
        except OSError:
            self._socket.close()
            raise

    def opened(self) -> None:
        """The attempt to connect is over.

        Raises:
            OSError: It failed.
        """
        failed = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if failed:
            raise OSError(failed, os.strerror(failed))
        self.connecting = False
        self.forget_deadline()
        self._epoll.modify(self.fd, READ)

    def write(self, data: bytes) -> None:
        """Send; what the kernel does not take now is sent when it does.

        Raises:
            OSError: The connection is broken.
        """
        self._request, self._sent = data, 0
        self.write_more()
        if self._request:
            self._epoll.modify(self.fd, READ | WRITE)

    def write_more(self) -> None:
        """Go on sending; stop to be told of room when all is sent.

        Raises:
            OSError: The connection is broken.
        """
        if not self._request:
            return
        try:
            self._sent += send(self.fd, self._request, self._sent)
        except BlockingIOError:
            return
        if self._sent == len(self._request):
            self._request = b""

    def wrote(self) -> None:
        """There is room again: send, and no longer ask for room if that was all."""
        self.write_more()
        if not self._request:
            self._epoll.modify(self.fd, READ)

    def acknowledge(self) -> None:
        """Tell the server now what has arrived, see `acknowledge`."""
        acknowledge(self._socket)

    def forget_deadline(self) -> None:
        """Connecting is over, well or not."""
        if self.deadline is not None:
            self.deadline.cancel()
            self.deadline = None

    def close(self) -> None:
        """Watch it no longer, and close it soon.

        Not at once: its number might be given to a new socket while events of the old one wait.
        """
        self.forget_deadline()
        self._epoll.unregister(self.fd)
        asyncio.get_running_loop().call_soon(self._socket.close)
