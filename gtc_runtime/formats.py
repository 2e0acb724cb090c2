"""How a figure is written, on pages, in terminals and in reports alike.

What is not known is a dash where there is room for a sign, and words inside a sentence; never 0.
This module must not know widgets, terminals or where figures come from.
"""

from __future__ import annotations

import math
from datetime import datetime
from typing import Final, Self

from gtc_runtime.view import Light

NO_DATA: Final = "–"
"""In cells and tiles."""
NO_DATA_WORDS: Final = "no data"
"""In sentences."""

LIGHTS: Final[dict[Light, str]] = {
    "green": "the client keeps up",
    "amber": "the client runs late",
    "red": "client-limited: do not trust",
    "unknown": "no word from the client",
}
"""What the client-quality light means."""


class Written(str):
    """A figure as text, ``317 ms``, that also knows its parts.

    Attributes:
        number: What stands before the unit.
        unit: Empty for a bare number.
    """

    __slots__ = ("number", "unit")
    number: str
    unit: str

    def __new__(cls, number: str, unit: str = "") -> Self:
        """Both parts with a space between them."""
        self = super().__new__(cls, f"{number} {unit}" if unit else number)
        self.number, self.unit = number, unit
        return self

    @property
    def narrow(self) -> str:
        """With a narrow space that does not break: for pages."""
        return f"{self.number}\u202f{self.unit}" if self.unit else self.number


def latency(value_ms: float | None, absent: str = NO_DATA) -> Written:
    """Milliseconds below one second, seconds above, three figures either way.

    Args:
        value_ms: Not negative; None without data.
        absent: Written when there is none.
    """
    if value_ms is None or not math.isfinite(value_ms):
        return Written(absent)
    if value_ms < 99.95:
        return Written(f"{value_ms:.1f}", "ms")
    if value_ms < 999.5:
        return Written(f"{value_ms:.0f}", "ms")
    value_s = value_ms / 1000
    digits = 2 if value_s < 9.995 else 1 if value_s < 99.95 else 0
    return Written(f"{value_s:.{digits}f}", "s")


def latency_s(value_s: float | None, absent: str = NO_DATA) -> Written:
    """As `latency`, from seconds."""
    return latency(None if value_s is None else value_s * 1000, absent)


def latency_range(low_ms: float, high_ms: float) -> Written:
    """``9.1–12.4 s``: both ends in the unit of the higher one; one where they read alike."""
    high = latency(high_ms)
    if high.unit == "s":
        low_n, high_n, digits = low_ms / 1000, high_ms / 1000, 1
    else:
        low_n, high_n, digits = low_ms, high_ms, 1 if high_ms < 99.95 else 0
    ends = dict.fromkeys(f"{value:.{digits}f}" for value in (low_n, high_n))
    return Written("–".join(ends), high.unit)


def percent(share: float | None, decimals: int = 1, absent: str = NO_DATA) -> Written:
    """A share of 0..1: ``98.3 %``."""
    if share is None or not math.isfinite(share):
        return Written(absent)
    return Written(f"{share * 100:.{decimals}f}", "%")


def rate(value: float | None) -> str:
    """A live rate: one decimal below 100, whole and with thousands separators above."""
    if value is None or not math.isfinite(value):
        return NO_DATA
    return f"{value:.1f}" if abs(value) < 99.95 else f"{value:,.0f}"


def per_s(value: float | None) -> str:
    """A measured rate: ``3.51``, ``93.1`` or ``1,790``; a small one has two figures: ``0.0033``."""
    if value is None or not abs(value) < 9.995:
        return rate(value)
    return f"{value:.2g}" if 0 < abs(value) < 0.0995 else f"{value:.2f}"


def whole(value: float | None) -> str:
    """A count with thousands separators."""
    return NO_DATA if value is None or not math.isfinite(value) else f"{value:,.0f}"


def number(value: float | None) -> str:
    """A mean or a length: ``2,048`` or ``87.5``."""
    return NO_DATA if value is None else f"{round(value, 1):,.10g}"


def thousands(value: float | None) -> Written:
    """A count in whole numbers below 100,000, in thousands above."""
    if value is None or not math.isfinite(value) or value < 99_999.5:
        return Written(whole(value))
    return Written(whole(value / 1000), "k")


def countdown(seconds: float | None) -> str:
    """``m:ss``, rounded up so that 0:00 means over."""
    if seconds is None or not math.isfinite(seconds):
        return NO_DATA
    left = max(0, math.ceil(seconds))
    return f"{left // 60}:{left % 60:02d}"


def duration(seconds: float) -> str:
    """``41 s``, ``2 min`` or ``1 min 58 s``: how long something took, in whole seconds."""
    minutes, rest = divmod(max(0, round(seconds)), 60)
    if not minutes:
        return f"{rest} s"
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"


def workers(count: int, role: str, more: str = "") -> str:
    """``1 prefill worker``, ``3 decode workers``; with ``more``: ``2 more prefill workers``."""
    return f"{count} {more}{' ' if more else ''}{role} {'worker' if count == 1 else 'workers'}"


def time_of_day(iso: str) -> str:
    """``HH:MM:SS`` in this machine's zone."""
    try:
        return datetime.fromisoformat(iso).astimezone().strftime("%H:%M:%S")
    except ValueError:
        return NO_DATA


def date(when: datetime) -> str:
    """``2026-03-16 18:00 UTC``: an end date, which is in UTC."""
    return f"{when:%Y-%m-%d %H:%M} UTC"


def hours(minutes: int) -> str:
    """``7 h 59 min``."""
    return f"{minutes // 60} h {minutes % 60} min"


def light(light: Light, reason: str, stamp_source: str) -> str:
    """What the client-quality light says, why, and where arrival times come from."""
    why = f": {reason}" if reason else ""
    stamps = f" ({stamp_source} time stamps)" if stamp_source else ""
    return f"{light}: {LIGHTS[light]}{why}{stamps}"
