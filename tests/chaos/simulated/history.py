"""What happened in a world: the newest for people, a digest of all, and all of it on demand."""

from __future__ import annotations

import hashlib
from collections import deque


class History:
    """Lines with their times.

    Attributes:
        recent: The newest of what was written, answered and killed.
        trace: Every line, where somebody has put a list here before it began.
    """

    def __init__(self) -> None:
        self.recent: deque[str] = deque(maxlen=80)
        self.trace: list[str] | None = None
        self._digest = hashlib.blake2b(digest_size=8)

    @property
    def digest(self) -> str:
        """Of every line so far."""
        return self._digest.hexdigest()

    def note(self, line: str) -> None:
        """Something that people want to read was done."""
        self.recent.append(line)
        self.record(line)

    def record(self, line: str) -> None:
        """Something was done."""
        self._digest.update(line.encode())
        if self.trace is not None:
            self.trace.append(line)
