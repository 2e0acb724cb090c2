"""The clock by which a Lease is judged: it goes on while the machine sleeps."""

from __future__ import annotations

import time
from typing import Final

_BOOT: Final = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""Linux has it under a name of its own; the monotonic clock of macOS is said to be one."""


def boot_clock() -> float:
    """Monotonic seconds, those of sleep included.

    A laptop that wakes must not take a Lease for its own that has long lapsed.
    """
    return time.clock_gettime(_BOOT)
