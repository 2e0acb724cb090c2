"""Where phases, pools and events of one cycle lie in time.

The conductor and the planner fill it while they run; the report cuts latencies along it. Times are
seconds of the clock that the load statistics use. It must not know latencies.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from gtc_runtime.view import WINDOW_S
from gtc_spec.phases import Segment
from gtc_spec.pools import ROLES, PDRatio, Role

TAIL_S = WINDOW_S
"""Recovery is judged over so much of the end of a phase, before its settle tail."""


@dataclass
class PhaseSpan:
    """Where a phase lies: main part [start, main_end), settle tail [main_end, end)."""

    segment: Segment
    start_s: int
    main_end_s: int
    end_s: int
    interrupted: bool = False
    """Whether its beginning was seen by a panel that died: figures of the rest are not its own."""

    @property
    def measured(self) -> bool:
        """Whether its main part is over."""
        return self.main_end_s > self.start_s

    def so_far(self, now_s: int) -> PhaseSpan:
        """The phase as if it ended now, if it has not ended."""
        if self.measured:
            return self
        return replace(self, main_end_s=now_s, end_s=now_s)

    @property
    def tail(self) -> tuple[int, int]:
        """The window in which recovery is judged."""
        return max(self.start_s, self.main_end_s - TAIL_S), self.main_end_s


@dataclass
class CycleLog:
    """The spans of one cycle and the workers seen in it.

    Attributes:
        spans: Its phases in order.
        interrupted: Name of the phase in which its panel died and the next one went on; empty for
            a cycle that was seen whole.
    """

    spans: list[PhaseSpan] = field(default_factory=list)
    interrupted: str = ""
    _ratios: list[tuple[float, PDRatio, PDRatio | None]] = field(default_factory=list)

    @classmethod
    def going_on(cls, segment: Segment, now_s: float) -> CycleLog:
        """The log of a cycle of which only what is left is seen, from within a segment on."""
        log = cls(interrupted=str(segment.phase.name))
        log.enter(segment, now_s)
        for span in log.spans:
            span.interrupted = True
        return log

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

    @property
    def ratios(self) -> tuple[tuple[float, PDRatio, PDRatio | None], ...]:
        """Every change of desired and ready workers with its time; ready is None when unknown."""
        return tuple(self._ratios)

    def grown(
        self, role: Role, wanted: int, since_s: float, until_s: float
    ) -> tuple[float, int] | None:
        """When a pool first had the wanted workers ready, and by how many it had grown.

        Args:
            role: The pool.
            wanted: Workers that it was to have.
            since_s: From when to look; growth is over what was ready then.
            until_s: Until when to look.

        Returns:
            None when they were there from the beginning, or never.
        """
        seen = [(at, ready.of(role)) for at, _, ready in self._ratios if ready and at < until_s]
        before = [count for at, count in seen if at <= since_s] or [n for _, n in seen[:1]]
        if not before or before[-1] >= wanted:
            return None
        reached = (at for at, count in seen if at > since_s and count >= wanted)
        return next(((at, wanted - before[-1]) for at in reached), None)

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
