"""When bytes arrived, as the kernel saw it: receive timestamps on the monotonic clock.

The kernel stamps a segment as it comes in, so the stamp is right however late this process gets to
read it. Stamps are in wall-clock time, which may be stepped; here they become monotonic time.
"""

from __future__ import annotations

import time

RESAMPLE_S = 1.0
"""How often the distance of the clocks is measured again; they drift by microseconds a second."""

_TRIES = 5
_NS = 1_000_000_000


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
