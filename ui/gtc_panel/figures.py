"""How a figure is written: latencies, rates, counts, countdowns, ages.

A figure that is not known is a dash, never 0. This module must not know widgets.
"""

from __future__ import annotations

import math
from datetime import datetime
from typing import Literal, NamedTuple

NO_DATA = "–"
STALE_AFTER_S = 5.0
"""Older figures are greyed: the eye must not take them for live."""
GONE_AFTER_S = 15.0
"""Older figures are not shown at all."""

Freshness = Literal["fresh", "stale", "gone"]


class Written(NamedTuple):
    """A figure in two parts, so that the unit can be set smaller."""

    number: str
    unit: str = ""

    def __str__(self) -> str:
        """Both parts with a narrow space between them."""
        return f"{self.number}\u202f{self.unit}" if self.unit else self.number


def freshness(age_s: float | None) -> Freshness:
    """How far figures of this age may be believed; an unknown age counts as gone."""
    if age_s is None or age_s > GONE_AFTER_S:
        return "gone"
    return "stale" if age_s > STALE_AFTER_S else "fresh"


def latency(value_ms: float | None) -> Written:
    """Milliseconds below one second, seconds above, three figures either way."""
    if value_ms is None or not math.isfinite(value_ms):
        return Written(NO_DATA)
    if value_ms < 99.95:
        return Written(f"{value_ms:.1f}", "ms")
    if value_ms < 999.5:
        return Written(f"{value_ms:.0f}", "ms")
    value_s = value_ms / 1000
    digits = 2 if value_s < 9.995 else 1 if value_s < 99.95 else 0
    return Written(f"{value_s:.{digits}f}", "s")


def rate(value: float | None) -> str:
    """A rate with one decimal below 100, whole and with thousands separators above."""
    if value is None or not math.isfinite(value):
        return NO_DATA
    return f"{value:.1f}" if abs(value) < 99.95 else f"{value:,.0f}"


def whole(value: float | None) -> str:
    """A count with thousands separators."""
    return NO_DATA if value is None or not math.isfinite(value) else f"{value:,.0f}"


def thousands(value: float | None) -> Written:
    """A count in whole numbers below 100,000, in thousands above."""
    if value is None or not math.isfinite(value) or value < 99_999.5:
        return Written(whole(value))
    return Written(whole(value / 1000), "k")


def percent(share: float | None) -> Written:
    """A share as a whole percentage."""
    if share is None or not math.isfinite(share):
        return Written(NO_DATA)
    return Written(f"{share * 100:.0f}", "%")


def countdown(seconds: float | None) -> str:
    """``m:ss``, rounded up so that 0:00 means over."""
    if seconds is None or not math.isfinite(seconds):
        return NO_DATA
    left = max(0, math.ceil(seconds))
    return f"{left // 60}:{left % 60:02d}"


def time_of_day(iso: str) -> str:
    """``HH:MM:SS`` in this machine's zone."""
    try:
        return datetime.fromisoformat(iso).astimezone().strftime("%H:%M:%S")
    except ValueError:
        return NO_DATA


def epoch_ms(iso: str) -> int | None:
    """Milliseconds since 1970, as charts count them; None for anything but ISO 8601."""
    try:
        return round(datetime.fromisoformat(iso).timestamp() * 1000)
    except ValueError:
        return None
