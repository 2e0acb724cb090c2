"""Where phases, pools and events of one cycle lie in time.

The conductor and the planner fill it while they run; the report cuts latencies along it. Times are
seconds of the clock that the load statistics use. It must not know latencies.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from gtc_spec.phases import Segment
from gtc_spec.pools import ROLES, PDRatio

TAIL_S = 30
"""Recovery is judged over the last 30 s of a phase, before its settle tail."""


@dataclass
class PhaseSpan:
    """Where a phase lies: main part [start, main_end), settle tail [main_end, end)."""

    segment: Segment
    start_s: int
    main_end_s: int
    end_s: int

    @property
    def tail(self) -> tuple[int, int]:
        """The window in which recovery is judged."""
        return max(self.start_s, self.main_end_s - TAIL_S), self.main_end_s


@dataclass
class CycleLog:
    """The spans of one cycle and the workers seen in it."""

    spans: list[PhaseSpan] = field(default_factory=list)
    _ratios: list[tuple[float, PDRatio, PDRatio | None]] = field(default_factory=list)

    def enter(self, segment: Segment, now_s: float) -> None:
        """A segment begins; a settle tail belongs to the phase before it."""
        self.close(now_s)
        if segment.kind == "main":
            at = round(now_s)
            self.spans.append(PhaseSpan(segment, at, at, at))

    def close(self, now_s: float) -> None:
        """The running segment ends."""
        if not self.spans:
            return
        span = self.spans[-1]
        if span.main_end_s == span.start_s:
            span.main_end_s = round(now_s)
        span.end_s = round(now_s)

    def pools(self, now_s: float, desired: PDRatio, ready: PDRatio | None) -> None:
        """Note desired and ready workers; a repeat of the last note is dropped."""
        if not self._ratios or self._ratios[-1][1:] != (desired, ready):
            self._ratios.append((now_s, desired, ready))

    def workers(self, span: PhaseSpan) -> dict[str, dict[str, list[int]]]:
        """Desired and ready workers of each pool as they changed during a phase."""
        before = [each for each in self._ratios if each[0] < span.start_s][-1:]
        during = [each for each in self._ratios if span.start_s <= each[0] < span.end_s]
        seen = before + during
        return {
            role: {
                "desired": _changes([wanted.of(role) for _, wanted, _ in seen]),
                "ready": _changes([there.of(role) for _, _, there in seen if there is not None]),
            }
            for role in ROLES
        }


def _changes(values: list[int]) -> list[int]:
    """The values without repeats in a row."""
    return [value for at, value in enumerate(values) if at == 0 or values[at - 1] != value]
