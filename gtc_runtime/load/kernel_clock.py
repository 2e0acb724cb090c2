"""When bytes arrived, as the kernel saw it: receive timestamps on the monotonic clock.

The kernel stamps a segment as it comes in, so the stamp is right however late this process gets to
read it. Stamps are in wall-clock time, which may be stepped; here they become monotonic time.
"""

from __future__ import annotations

import socket
import struct
import time

SO_TIMESTAMPNS = 35
"""Socket option and type of the control message (Linux, all but a few old architectures)."""

CONTROL_SIZE = socket.CMSG_SPACE(16)
"""Room for the control message with the stamp, bytes."""

RESAMPLE_S = 1.0
"""How often the distance of the clocks is measured again; they drift by microseconds a second."""

_TRIES = 5
_NS = 1_000_000_000

unpack_stamp = struct.Struct("=qq").unpack
"""Seconds and nanoseconds of wall-clock time from the data of a control message."""


class KernelClock:
    """The distance between wall clock and monotonic clock.

    A stamp (seconds, nanoseconds) is `(seconds - offset_whole_s) + (nanoseconds - offset_ns) / 1e9`
    in monotonic seconds; the parts are kept apart because a float of wall-clock seconds is too
    coarse.

    Attributes:
        offset_whole_s, offset_ns: Wall clock minus monotonic clock.
        sampled_s: When it was measured, monotonic seconds.
    """

    __slots__ = ("offset_ns", "offset_whole_s", "sampled_s")

    def __init__(self) -> None:
        self.offset_whole_s = 0
        self.offset_ns = 0
        self.sampled_s = 0.0
        self.sample()

    def sample(self) -> None:
        """Measure: the wall clock between two readings of the other; the tightest pair counts."""
        best_ns = offset_ns = _NS
        for _ in range(_TRIES):
            before_ns = time.monotonic_ns()
            wall_ns = time.time_ns()
            width_ns = time.monotonic_ns() - before_ns
            if width_ns < best_ns:
                best_ns = width_ns
                offset_ns = wall_ns - before_ns - width_ns // 2
        self.offset_whole_s, self.offset_ns = divmod(offset_ns, _NS)
        self.sampled_s = time.monotonic()


def stamps_work(wait_s: float = 0.2) -> bool:
    """Whether this kernel stamps what arrives; tried with a few bytes over loopback."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        near = socket.create_connection(server.getsockname(), timeout=1.0)
        far, _ = server.accept()
    with near, far:
        try:
            near.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        except OSError:
            return False
        give_up_s = time.monotonic() + wait_s
        while time.monotonic() < give_up_s:  # the kernel takes a moment to begin
            far.send(b".")
            if near.recvmsg(1, CONTROL_SIZE)[1]:
                return True
            time.sleep(0.002)
    return False
