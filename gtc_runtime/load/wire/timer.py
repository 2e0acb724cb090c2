"""One alarm on the monotonic clock that goes off on time.

Timers of an event loop count in milliseconds, which alone would spoil a schedule of 300 requests a
second. Linux has timers with a file descriptor and an absolute time; elsewhere the loop must do.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import sys
import time
from collections.abc import Callable
from typing import Protocol

from gtc_runtime.load.wire.kernel_calls import failed, libc

_CLOCK_MONOTONIC = 1
_NONBLOCK_CLOEXEC = os.O_NONBLOCK | getattr(os, "O_CLOEXEC", 0)
_ABSOLUTE = 1
_NS = 1_000_000_000
_FAR_S = 2.0**32
"""Later than anybody waits, and small enough for the kernel: a rate of 1e-300 asks for the end of
time."""
_ROUNDING_S = 1e-6


class Timer(Protocol):
    """An alarm that is set to one moment at a time."""

    def set(self, at_s: float | None) -> None:
        """Go off at `at_s`, monotonic seconds, and at no other time; None for never."""

    def close(self) -> None:
        """Never go off again."""


def timer_for(callback: Callable[[], None]) -> Timer:
    """A timer in the running event loop, the most exact that this system has."""
    if sys.platform == "linux":
        try:
            return FdTimer(callback)
        except (OSError, AttributeError):  # a sandbox or a C library without it
            pass
    return LoopTimer(callback)


class LoopTimer:
    """A timer of the event loop: exact to a millisecond or two."""

    def __init__(self, callback: Callable[[], None]) -> None:
        self._callback = callback
        self._loop = asyncio.get_running_loop()
        self._handle: asyncio.TimerHandle | None = None

    def set(self, at_s: float | None) -> None:
        """See `Timer`."""
        self.close()
        if at_s is not None:
            self._handle = self._loop.call_at(at_s, self._callback)

    def close(self) -> None:
        """See `Timer`."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None


class _Spec(ctypes.Structure):
    """`struct itimerspec`: interval and first expiry, each in seconds and nanoseconds."""

    _fields_ = (
        ("interval_s", ctypes.c_long),
        ("interval_ns", ctypes.c_long),
        ("value_s", ctypes.c_long),
        ("value_ns", ctypes.c_long),
    )


class FdTimer:
    """A Linux timerfd: exact to the wake-up of the process.

    Python 3.13 has it in `os`; until then the C library is asked.

    Raises:
        OSError: The kernel refuses one.
        AttributeError: The C library does not know them.
    """

    def __init__(self, callback: Callable[[], None]) -> None:
        calls = libc()
        self._settime = calls.timerfd_settime
        self._fd: int = calls.timerfd_create(_CLOCK_MONOTONIC, _NONBLOCK_CLOEXEC)
        if self._fd < 0:
            raise failed()
        self._callback = callback
        self._at_s: float | None = None
        self._spec = _Spec()
        self._pointer = ctypes.byref(self._spec)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._fd, self._expired)

    def set(self, at_s: float | None) -> None:
        """See `Timer`."""
        # Zero disarms, so a moment that is past must be at least one nanosecond.
        self._at_s = at_s
        at_ns = 0 if at_s is None else max(1, int(min(at_s, _FAR_S) * _NS))
        self._spec.value_s, self._spec.value_ns = divmod(at_ns, _NS)
        if self._settime(self._fd, _ABSOLUTE, self._pointer, None) < 0:
            raise failed()

    def close(self) -> None:
        """See `Timer`."""
        if self._fd >= 0:
            self._loop.remove_reader(self._fd)
            os.close(self._fd)
            self._fd = -1

    def _expired(self) -> None:
        at_s, self._at_s = self._at_s, None
        if at_s is None or time.monotonic() < at_s - _ROUNDING_S:
            self._at_s = at_s  # it was set anew after it had gone off
            return
        try:
            self._callback()
        finally:  # whoever sets it again saves us reading that it has gone off
            if self._at_s is None and self._fd >= 0:
                self.set(None)
