"""A latency over a cycle as inline SVG: two lines, the goal, and the phases behind them.

Plain text of numbers, so that the page needs no plotting library. It must not know where figures
come from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from gtc_runtime import formats
from gtc_spec.colours import INKS

_WIDTH: Final = 1000
_HEIGHT: Final = 260
_LEFT: Final = 64
_RIGHT: Final = 24
_BOTTOM: Final = 24
_TOP: Final = 34

Point = tuple[float, float | None]


@dataclass(frozen=True)
class Curve:
    """What is drawn.

    Attributes:
        name: For people who cannot see it.
        ink: Key in `gtc_spec.colours.INKS`.
        p50, p95: Seconds of the cycle and milliseconds; None is a gap.
        goal_ms: Goal line of the p95.
        phases: Name and start of every phase, seconds.
        length_s: Of the cycle.
    """

    name: str
    ink: str
    p50: Sequence[Point]
    p95: Sequence[Point]
    goal_ms: float
    phases: Sequence[tuple[str, float]]
    length_s: float

    def svg(self) -> str:
        """The drawing."""
        parts = [*self._bands(), *self._axis(), self._goal()]
        parts += [self._line(self.p50, "stroke-dasharray='6 5' stroke-width='2'")]
        parts += [self._line(self.p95, "stroke-width='3'")]
        return (
            f"<svg viewBox='0 0 {_WIDTH} {_HEIGHT}' role='img' aria-label='{escape(self.name)}'"
            f" font-size='13' fill='#4b5563'>{''.join(parts)}</svg>"
        )

    @property
    def _top_ms(self) -> float:
        """End of the axis: everything that was seen, and at least twice the goal."""
        seen = [value for _, value in (*self.p50, *self.p95) if value is not None]
        return max([2 * self.goal_ms, *seen])

    def _x(self, at_s: float) -> float:
        return round(_LEFT + at_s / max(self.length_s, 1e-9) * (_WIDTH - _RIGHT - _LEFT), 1)

    def _y(self, value_ms: float) -> float:
        return round(_HEIGHT - _BOTTOM - value_ms / self._top_ms * (_HEIGHT - _BOTTOM - _TOP), 1)

    def _bands(self) -> list[str]:
        starts = [start_s for _, start_s in self.phases]
        ends = [*starts[1:], self.length_s]
        found = []
        for place, ((name, start_s), end_s) in enumerate(zip(self.phases, ends, strict=True)):
            x, width = self._x(start_s), self._x(end_s) - self._x(start_s)
            height, shade = _HEIGHT - _BOTTOM - _TOP, ("#f3f4f6", "#ffffff")[place % 2]
            found.append(
                f"<rect x='{x}' y='{_TOP}' width='{width:.1f}' height='{height}' fill='{shade}'/>"
            )
            for row, word in enumerate(name.split(" ", 1)):
                found.append(f"<text x='{x + 4}' y='{12 + 14 * row}'>{escape(word)}</text>")
        return found

    def _axis(self) -> list[str]:
        found = []
        for share in (0, 0.5, 1):
            value_ms = share * self._top_ms
            y = self._y(value_ms)
            label = "0" if share == 0 else formats.latency(value_ms)
            found.append(
                f"<text x='{_LEFT - 8}' y='{y + 4}' text-anchor='end'>{label}</text>"
                f"<line x1='{_LEFT}' x2='{_WIDTH - _RIGHT}' y1='{y}' y2='{y}' stroke='#d1d5db'/>"
            )
        for minute in range(1, int(self.length_s // 60) + 1):
            x = self._x(minute * 60)
            found.append(f"<text x='{x}' y='{_HEIGHT - 6}' text-anchor='end'>{minute} min</text>")
        return found

    def _goal(self) -> str:
        y, label = self._y(self.goal_ms), formats.latency(self.goal_ms)
        return (
            f"<line x1='{_LEFT}' x2='{_WIDTH - _RIGHT}' y1='{y}' y2='{y}' stroke='#b45309'"
            f" stroke-width='2' stroke-dasharray='10 6'/>"
            f"<text x='{_LEFT + 6}' y='{y - 5}' fill='#b45309'>goal {label}</text>"
        )

    def _line(self, points: Sequence[Point], style: str) -> str:
        words, pen = [], "M"
        for at_s, value_ms in points:
            if value_ms is None:
                pen = "M"
                continue
            words.append(f"{pen}{self._x(at_s)} {self._y(value_ms)}")
            pen = "L"
        return f"<path d='{''.join(words)}' fill='none' stroke='{INKS[self.ink]}' {style}/>"
