"""System calls that never wait, made without giving up Python's lock.

Python releases the lock around every call of its own, and a busy thread keeps it for a whole switch
interval each time: twenty thousand reads a second are then not possible, and pieces of a stream
that are read together get one time. `ctypes` can leave the lock alone.
"""

from __future__ import annotations

import ctypes
import os
import platform
import select
import socket
import struct
import time
from collections.abc import Callable, Iterable, Iterator
from functools import cache

SO_TIMESTAMPNS = 35
"""Socket option that asks for stamps (Linux, all but a few old architectures)."""

_SEND_FLAGS = socket.MSG_DONTWAIT | getattr(socket, "MSG_NOSIGNAL", 0)

_STAMP_AT = socket.CMSG_LEN(0)
_CONTROL_SIZE = socket.CMSG_SPACE(16)

_SHIFT = 320
"""Slots do not begin at the same place of a page: they would share a few lines of the cache."""

_unpack_stamp = struct.Struct("=qq").unpack_from

_EVENT = struct.Struct("=Ii4x" if platform.machine() == "x86_64" else "=I4xi4x")
"""`struct epoll_event`: what happened, and on which socket. Only x86-64 packs it."""


def libc() -> ctypes.PyDLL:
    """The C library, called with the lock held; its error numbers are in `ctypes.get_errno`.

    Raises:
        OSError: This system has none to ask.
    """
    return ctypes.PyDLL(None, use_errno=True)


def failed() -> OSError:
    """The error of the last call, of its own class: `BlockingIOError` if it would have waited."""
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number))


def send(fd: int, data: bytes, begin: int = 0) -> int:
    """Write what a socket takes now of `data`, from `begin` on.

    No other thread comes between reading the clock before it and the kernel.

    Returns:
        How many bytes that was.

    Raises:
        BlockingIOError: It takes none.
        OSError: The connection is broken.
    """
    at: bytes | int = data if not begin else (_address_of(data) + begin)
    sent: int = _send()(fd, at, len(data) - begin, _SEND_FLAGS)
    if sent < 0:
        raise failed()
    return sent


@cache
def _send() -> Callable[..., int]:
    call = libc().send
    call.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    call.restype = ctypes.c_ssize_t
    return call


def _address_of(data: bytes) -> int:
    """Where its first byte lies, as long as it lives."""
    return ctypes.cast(ctypes.c_char_p(data), ctypes.c_void_p).value or 0


class _Part(ctypes.Structure):
    """`struct iovec`."""

    _fields_ = (("base", ctypes.c_void_p), ("size", ctypes.c_size_t))


class _Message(ctypes.Structure):
    """`struct msghdr`."""

    _fields_ = (
        ("name", ctypes.c_void_p),
        ("name_size", ctypes.c_uint),
        ("parts", ctypes.POINTER(_Part)),
        ("parts_number", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_size", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    )


class Receiver:
    """Reads from many sockets that never wait, with the kernel's stamps.

    A system call leaves the processor's caches and branch predictors cold, and Python behind it
    three times as slow. So all sockets are read first, each into a slot of its own, and what they
    brought is asked for afterwards.

    Args:
        slots: Sockets in one call.
        size: Largest single read, bytes.

    Raises:
        AttributeError, OSError: This system has no C library to ask.
    """

    def __init__(self, slots: int, size: int) -> None:
        self._step = size + _SHIFT
        self._buffer, self._control = (
            bytearray(slots * self._step),
            bytearray(slots * _CONTROL_SIZE),
        )
        data, control = _address(self._buffer), _address(self._control)
        self._view = memoryview(self._buffer)
        self._messages = [
            _Message(
                parts=ctypes.pointer(_Part(data + slot * self._step, size)),
                parts_number=1,
                control=control + slot * _CONTROL_SIZE,
            )
            for slot in range(slots)
        ]
        self._headers = [ctypes.byref(message) for message in self._messages]
        self._recvmsg = libc().recvmsg
        self._recvmsg.restype = ctypes.c_ssize_t

    def receive(self, fds: Iterable[int]) -> list[int]:
        """Read what has arrived on sockets, no more of them than there are slots.

        Returns:
            For each, how many bytes came: 0 at its end, a negative error number if none could be
            read, which is `-errno.EAGAIN` if none has arrived.
        """
        call, wait_not, error_of = self._recvmsg, socket.MSG_DONTWAIT, ctypes.get_errno
        sizes = []
        for fd, message, header in zip(fds, self._messages, self._headers, strict=False):
            message.control_size = _CONTROL_SIZE  # the kernel writes here how much it used
            size = call(fd, header, wait_not)
            sizes.append(size if size >= 0 else -error_of())
        return sizes

    def data(self, slot: int, size: int) -> bytes:
        """What the last call brought from the socket in this place."""
        begin = slot * self._step
        return self._view[begin : begin + size].tobytes()

    def stamp(self, slot: int) -> tuple[int, int] | None:
        """When the last of it arrived: wall-clock seconds and nanoseconds; None if not stamped."""
        if not self._messages[slot].control_size:
            return None
        seconds, nanoseconds = _unpack_stamp(self._control, slot * _CONTROL_SIZE + _STAMP_AT)
        return seconds, nanoseconds


class ReadyList:
    """Asks an epoll which of its sockets are ready, without waiting.

    Args:
        epoll: Whose sockets.
        most: Named in one call.
    """

    def __init__(self, epoll: select.epoll, most: int) -> None:
        self._fd, self._most = epoll.fileno(), most
        self._room = bytearray(_EVENT.size * most)
        self._found = memoryview(self._room)
        self._events = ctypes.c_void_p(_address(self._room))
        self._wait = libc().epoll_wait

    def read(self) -> Iterator[tuple[int, int]]:
        """What happened (a mask of epoll) and the number of the socket, for each.

        Raises:
            OSError: The epoll is closed.
        """
        number: int = self._wait(self._fd, self._events, self._most, 0)
        if number < 0:
            raise failed()
        return _EVENT.iter_unpack(self._found[: number * _EVENT.size])


def _address(buffer: bytearray) -> int:
    """Where a buffer lies; it stays there because nobody changes its size."""
    return ctypes.addressof((ctypes.c_char * len(buffer)).from_buffer(buffer))


def stamps_work(wait_s: float = 0.2) -> bool:
    """Whether this kernel stamps what arrives; tried with a few bytes over loopback.

    Raises:
        OSError: There is no loopback.
    """
    with socket.create_server(("127.0.0.1", 0)) as server:
        near = socket.create_connection(server.getsockname(), timeout=1.0)
        far, _ = server.accept()
    with near, far:
        try:
            near.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
            receiver = Receiver(1, 64)
        except (OSError, AttributeError):
            return False
        give_up_s = time.monotonic() + wait_s
        while time.monotonic() < give_up_s:  # the kernel takes a moment to begin
            far.send(b".")
            if receiver.receive([near.fileno()])[0] > 0 and receiver.stamp(0):
                return True
            time.sleep(0.002)
    return False
