"""The stand-in's time: runs like any other and can be turned ahead, so lingering costs none."""

import time
from datetime import UTC, datetime


class Clock:
    """Seconds since 1970, with what `turn` has added."""

    def __init__(self) -> None:
        self._ahead_s = 0.0

    def now(self) -> float:
        """Seconds since 1970."""
        return time.time() + self._ahead_s

    def turn(self, seconds: float) -> None:
        """Let this many seconds pass at once."""
        self._ahead_s += seconds

    def text(self, when: float | None = None) -> str:
        """A time as the API writes it; without one the time it is."""
        moment = datetime.fromtimestamp(self.now() if when is None else when, UTC)
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
