"""A show that was stopped, where it stood, and when: for a moment it may be resumed."""

from __future__ import annotations

from typing import Final

from gtc_runtime.scenario import machine

RESUME_S: Final = 10.0
"""How long after a Stop its show may be resumed."""


class Stopped:
    """Each is one of its own."""

    def __init__(self, state: machine.State, at_s: float) -> None:
        self.state, self.at_s = state, at_s

    def left_s(self, now_s: float) -> float | None:
        """Seconds left to resume it; None when it is too late."""
        left_s = self.at_s + RESUME_S - now_s
        return round(left_s, 1) if left_s > 0 else None
