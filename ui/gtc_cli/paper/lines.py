"""Lines over time or over a rate as inline SVG: axes, a goal, and what lies behind them.

Plain text of numbers, so that a page needs no plotting library. It must not know where figures
come from.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final, Literal

from gtc_spec.colours import INKS

WIDTH: Final = 1000
HEIGHT: Final = 260
LEFT: Final = 64
RIGHT: Final = 24
BOTTOM: Final = 24
TOP: Final = 34
LEGEND: Final = 22
GRID: Final = "#d1d5db"
TEXT: Final = "#4b5563"
GOAL: Final = "#b45309"
SHADES: Final = ("#f3f4f6", "#ffffff")

Point = tuple[float, float | None]
Style = Literal["line", "dashes", "dots"]
STROKES: Final[dict[Style, str]] = {
    "line": "stroke-width='3'",
    "dashes": "stroke-width='2' stroke-dasharray='6 5'",
    "dots": "stroke-width='2' stroke-dasharray='2 4'",
}


@dataclass(frozen=True)
class Line:
    """One line.

    Attributes:
        name: For the legend.
        ink: Key in `gtc_spec.colours.INKS`.
        points: Place on the x axis and value; None is a gap.
        style: How it is drawn; colour never speaks alone.
        stepped: Whether a value holds until the next one.
        marked: Whether each point has a dot.
    """

    name: str
    ink: str
    points: Sequence[Point]
    style: Style = "line"
    stepped: bool = False
    marked: bool = False


@dataclass(frozen=True)
class Lines:
    """What is drawn.

    Attributes:
        name: For people who cannot see it.
        lines: With a legend where there is more than one.
        span: First and last value of the x axis.
        ticks: Where the x axis says what.
        label: How a value is written.
        top: The y axis goes to this at least.
        goal: A value and its words.
        bands: Name and start of stretches behind the lines, in order.
        legend: Whether the names of the lines are told in the drawing.
    """

    name: str
    lines: Sequence[Line]
    span: tuple[float, float]
    ticks: Sequence[tuple[float, str]]
    label: Callable[[float], str]
    top: float = 0.0
    goal: tuple[float, str] | None = None
    bands: Sequence[tuple[str, float]] = ()
    legend: bool = False

    def svg(self) -> str:
        """The drawing."""
        parts = [*self._bands(), *self._axes(), *self._goal()]
        for line in self.lines:
            parts += self._line(line)
        if self.legend:
            parts += self._legend()
        height = HEIGHT + LEGEND * self.legend
        return (
            f"<svg viewBox='0 0 {WIDTH} {height}' role='img' aria-label='{escape(self.name)}'"
            f" font-size='13' fill='{TEXT}'>{''.join(parts)}</svg>"
        )

    @property
    def _top(self) -> float:
        seen = [value for line in self.lines for _, value in line.points if value is not None]
        return max([self.top, *seen]) or 1.0

    def _x(self, at: float) -> float:
        low, high = self.span
        return round(LEFT + (at - low) / max(high - low, 1e-9) * (WIDTH - RIGHT - LEFT), 1)

    def _y(self, value: float) -> float:
        return round(HEIGHT - BOTTOM - value / self._top * (HEIGHT - BOTTOM - TOP), 1)

    def _bands(self) -> list[str]:
        ends = [*(start for _, start in self.bands[1:]), self.span[1]]
        found = []
        for place, (name, start) in enumerate(self.bands):
            x, width = self._x(start), self._x(ends[place]) - self._x(start)
            found.append(
                f"<rect x='{x}' y='{TOP}' width='{width:.1f}' height='{HEIGHT - BOTTOM - TOP}'"
                f" fill='{SHADES[place % 2]}'/>"
            )
            for row, word in enumerate(name.split(" ", 1)):
                found.append(f"<text x='{x + 4}' y='{12 + 14 * row}'>{escape(word)}</text>")
        return found

    def _axes(self) -> list[str]:
        found = []
        for share in (0, 0.5, 1):
            value = share * self._top
            y = self._y(value)
            told = "0" if share == 0 else escape(self.label(value))
            found.append(
                f"<text x='{LEFT - 8}' y='{y + 4}' text-anchor='end'>{told}</text>"
                f"<line x1='{LEFT}' x2='{WIDTH - RIGHT}' y1='{y}' y2='{y}' stroke='{GRID}'/>"
            )
        for at, told in self.ticks:
            x = self._x(at)
            found.append(f"<text x='{x}' y='{HEIGHT - 6}' text-anchor='end'>{escape(told)}</text>")
        return found

    def _goal(self) -> list[str]:
        if self.goal is None:
            return []
        y, told = self._y(self.goal[0]), escape(self.goal[1])
        return [
            f"<line x1='{LEFT}' x2='{WIDTH - RIGHT}' y1='{y}' y2='{y}' stroke='{GOAL}'"
            f" stroke-width='2' stroke-dasharray='10 6'/>"
            f"<text x='{LEFT + 6}' y='{y - 5}' fill='{GOAL}'>{told}</text>"
        ]

    def _line(self, line: Line) -> list[str]:
        words, marks, pen, last = [], [], "M", 0.0
        for at, value in line.points:
            if value is None:
                pen = "M"
                continue
            x, y = self._x(at), self._y(value)
            if line.stepped and pen == "L":
                words.append(f"L{x} {last}")
            words.append(f"{pen}{x} {y}")
            marks.append(f"<circle cx='{x}' cy='{y}' r='4' fill='{INKS[line.ink]}'/>")
            pen, last = "L", y
        stroke = f"fill='none' stroke='{INKS[line.ink]}' {STROKES[line.style]}"
        return [f"<path d='{''.join(words)}' {stroke}/>", *(marks if line.marked else ())]

    def _legend(self) -> list[str]:
        found, x, y = [], LEFT, HEIGHT + LEGEND - 8
        for line in self.lines:
            found.append(
                f"<line x1='{x}' x2='{x + 34}' y1='{y - 4}' y2='{y - 4}'"
                f" stroke='{INKS[line.ink]}' {STROKES[line.style]}/>"
                f"<text x='{x + 42}' y='{y}'>{escape(line.name)}</text>"
            )
            x += 70 + 8 * len(line.name)
        return found


def minutes(length_s: float) -> list[tuple[float, str]]:
    """Ticks of a time axis, one a minute."""
    return [(60 * each, f"{each} min") for each in range(1, int(length_s // 60) + 1)]
