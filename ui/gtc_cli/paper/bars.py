"""Bars side by side as inline SVG, each with its figure on top.

Colour never speaks alone: the second series is hatched. It must not know where figures come from.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from gtc_cli.paper.lines import GRID, TEXT
from gtc_spec.colours import INKS

_WIDTH: Final = 480
_HEIGHT: Final = 240
_BOTTOM: Final = 44
_TOP: Final = 40
_FILLS: Final = (INKS["blue"], "url(#hatched)")
_HATCH: Final = (
    "<pattern id='hatched' width='6' height='6' patternUnits='userSpaceOnUse'"
    " patternTransform='rotate(45)'><rect width='6' height='6' fill='#d9a514'/>"
    "<line x1='0' y1='0' x2='0' y2='6' stroke='#fff' stroke-width='2'/></pattern>"
)


@dataclass(frozen=True)
class Bars:
    """What is drawn.

    Attributes:
        name: Above the bars.
        groups: What stands side by side, by its name.
        series: Two names, each with one value a group; None is no data.
        label: How a value is written.
    """

    name: str
    groups: Sequence[str]
    series: Sequence[tuple[str, Sequence[float | None]]]
    label: Callable[[float | None], str]

    def svg(self) -> str:
        """The drawing."""
        parts = [f"<defs>{_HATCH}</defs><text x='8' y='16' font-weight='600'>"
                 f"{escape(self.name)}</text>"]  # fmt: skip
        room = (_WIDTH - 16) / max(1, len(self.groups))
        floor = _HEIGHT - _BOTTOM
        parts.append(f"<line x1='8' x2='{_WIDTH - 8}' y1='{floor}' y2='{floor}' stroke='{GRID}'/>")
        for place, group in enumerate(self.groups):
            left = 8 + place * room
            for number, (_, values) in enumerate(self.series):
                parts.append(self._bar(left + room * (0.1 + 0.41 * number), room * 0.39,
                                       values[place], _FILLS[number]))  # fmt: skip
            parts.append(
                f"<text x='{left + room / 2:.1f}' y='{floor + 16}' text-anchor='middle'>"
                f"{escape(group)}</text>"
            )
        return (
            f"<svg viewBox='0 0 {_WIDTH} {_HEIGHT}' role='img' aria-label='{escape(self.name)}'"
            f" font-size='13' fill='{TEXT}'>{''.join([*parts, *self._legend()])}</svg>"
        )

    def _bar(self, x: float, width: float, value: float | None, fill: str) -> str:
        known = [each for _, values in self.series for each in values if each is not None]
        share = (value or 0.0) / (max(known, default=0.0) or 1.0)
        height = share * (_HEIGHT - _BOTTOM - _TOP - 6)
        y = _HEIGHT - _BOTTOM - height
        return (
            f"<rect x='{x:.1f}' y='{y:.1f}' width='{width:.1f}' height='{height:.1f}'"
            f" fill='{fill}'/><text x='{x + width / 2:.1f}' y='{y - 5:.1f}' text-anchor='middle'"
            f" font-size='10'>{escape(self.label(value))}</text>"
        )

    def _legend(self) -> list[str]:
        found, x = [], 8
        for (name, _), fill in zip(self.series, _FILLS, strict=True):
            found.append(
                f"<rect x='{x}' y='{_HEIGHT - 18}' width='14' height='12' fill='{fill}'/>"
                f"<text x='{x + 20}' y='{_HEIGHT - 7}'>{escape(name)}</text>"
            )
            x += 40 + 8 * len(name)
        return found
