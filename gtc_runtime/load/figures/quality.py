"""The client-quality light: can the figures of this load process be trusted?

A load generator that is itself the bottleneck reports its own lateness as the server's TTFT. This
meter watches how late requests are taken up and sent, how long arrived bytes wait for the reader,
and the CPU, over the last five to ten seconds, and says "do not trust" when it must.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from gtc_runtime.load import native
from gtc_runtime.load.figures.histogram import Histogram
from gtc_runtime.load.figures.snapshot import CoreName, Light, Quality

WINDOW_S = 5.0
"""Figures cover the last one to two windows."""

# (amber, red) limits. TTFT goals are seconds: a send that is 50 ms late is 1-2 % of them.
SCHEDULE_ERROR_MS = (50.0, 250.0)
SLIP_MS = (50.0, 250.0)
# One decode step takes 20-35 ms. With stamps of our own a reader that stalls shows an ITL that is
# not there, by as much as it stalls. The kernel's stamps stay right until a stream's next output
# arrives behind an unread one: then the two are one arrival with the later time.
READER_STALL_MS = {"user": (10.0, 30.0), "kernel": (20.0, 60.0)}
COALESCED = (0.5, 0.9)
CPU = (0.7, 0.92)


@dataclass
class _Window:
    schedule_error: Histogram = field(default_factory=Histogram)
    slip: Histogram = field(default_factory=Histogram)
    stall: Histogram = field(default_factory=Histogram)
    reads: int = 0
    coalesced: int = 0


class QualityMeter:
    """Collects what the light is judged by.

    Args:
        stamp_source: Where arrival times come from, `user` or `kernel`.
        now_s: Monotonic time.
        stamp_reason: Why they do not come from the kernel; empty if they do.
    """

    def __init__(self, stamp_source: str, now_s: float, stamp_reason: str = "") -> None:
        self._stamp_source = stamp_source
        self._stamp_reason = stamp_reason
        self._core: CoreName = "native" if native.core() else "python"
        self._now = _Window()
        self._before = _Window()
        self._turned_s = now_s
        self._cpu = (now_s, _cpu_s())
        self._cpu_share = 0.0

    def schedule_error(self, late_s: float) -> None:
        """A due request was taken up `late_s` after its due time."""
        self._now.schedule_error.add(late_s)

    def slip(self, late_s: float) -> None:
        """A request was sent `late_s` after its due time."""
        self._now.slip.add(late_s)

    def reader_stall(self, late_s: float) -> None:
        """The reader was `late_s` late to look at its sockets."""
        self._now.stall.add(late_s)

    def reads(self, number: int) -> None:
        """So many reads brought something."""
        self._now.reads += number

    def coalesced(self, number: int = 1) -> None:
        """So many of the reads brought more than one frame with output."""
        self._now.coalesced += number

    def judge(self, now_s: float) -> Quality:
        """The light at `now_s`."""
        late, slip, stall = (
            _p99_ms(getattr(self._before, name), getattr(self._now, name))
            for name in ("schedule_error", "slip", "stall")
        )
        reads = self._before.reads + self._now.reads
        coalesced = (self._before.coalesced + self._now.coalesced) / reads if reads else None
        cpu = self._measure_cpu(now_s)
        checks = (
            ("requests start late", late, SCHEDULE_ERROR_MS, "ms"),
            ("requests are sent late", slip, SLIP_MS, "ms"),
            ("the reader stalls", stall, READER_STALL_MS[self._stamp_source], "ms"),
            ("most reads are coalesced", coalesced, COALESCED, ""),
            ("the load process needs its whole core", cpu, CPU, ""),
        )
        light, reason = _verdict(checks)
        if now_s - self._turned_s >= WINDOW_S:
            self._before, self._now, self._turned_s = self._now, _Window(), now_s
        return Quality(
            light=light,
            reason=reason,
            stamp_source=self._stamp_source,
            stamp_reason=self._stamp_reason,
            core=self._core,
            schedule_error_p99_ms=late,
            slip_p99_ms=slip,
            reader_stall_p99_ms=stall,
            coalesced_share=None if coalesced is None else round(coalesced, 4),
            cpu_share=cpu,
        )

    def _measure_cpu(self, now_s: float) -> float:
        at_s, used_s = self._cpu
        if now_s - at_s >= 1.0:
            used_now_s = _cpu_s()
            self._cpu_share = round((used_now_s - used_s) / (now_s - at_s), 3)
            self._cpu = (now_s, used_now_s)
        return self._cpu_share


def _verdict(
    checks: tuple[tuple[str, float | None, tuple[float, float], str], ...],
) -> tuple[Light, str]:
    """The worst of the checks and its words."""
    for light, index in (("red", 1), ("amber", 0)):
        for words, value, limits, unit in checks:
            if value is not None and value > limits[index]:
                return ("red" if light == "red" else "amber"), f"{words}: {value:g} {unit}".strip()
    return "green", ""


def _p99_ms(before: Histogram, now: Histogram) -> float | None:
    both = Histogram()
    both.merge(before)
    both.merge(now)
    p99_s = both.quantile(0.99)
    return None if p99_s is None else round(p99_s * 1e3, 2)


def _cpu_s() -> float:
    times = os.times()
    return times.user + times.system
