"""Ages as kubectl prints them: "45s", "3m10s", "2d"."""

from __future__ import annotations

from datetime import UTC, datetime

_MINUTE, _HOUR, _DAY, _YEAR = 60, 3600, 86400, 365 * 86400


def age(since: str | None, now: datetime) -> str:
    """How long ago a time stamp was, in kubectl's short form.

    Args:
        since: RFC 3339 time stamp, or None.
        now: The present moment.
    """
    if not since:
        return "<unknown>"
    try:
        started = datetime.fromisoformat(since.replace("Z", "+00:00"))
    except ValueError:
        return "<invalid>"
    if started.tzinfo is None:
        started = started.replace(tzinfo=UTC)
    return duration(int((now - started).total_seconds()))


def duration(seconds: int) -> str:
    """A length of time in kubectl's short form; finer the shorter it is."""
    if seconds < 0:
        return "<invalid>" if seconds < -1 else "0s"
    for limit, big, small, unit_big, unit_small in _RANGES:
        if seconds < limit:
            rest = (seconds % big) // small if small else 0
            return f"{seconds // big}{unit_big}" + (f"{rest}{unit_small}" if rest else "")
    return f"{seconds // _YEAR}y"


_RANGES = (
    (2 * _MINUTE, 1, 0, "s", ""),
    (10 * _MINUTE, _MINUTE, 1, "m", "s"),
    (3 * _HOUR, _MINUTE, 0, "m", ""),
    (8 * _HOUR, _HOUR, _MINUTE, "h", "m"),
    (2 * _DAY, _HOUR, 0, "h", ""),
    (8 * _DAY, _DAY, _HOUR, "d", "h"),
    (2 * _YEAR, _DAY, 0, "d", ""),
)
