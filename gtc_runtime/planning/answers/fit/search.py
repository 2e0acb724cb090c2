"""The rate at which a stress shows and can be taken back, by bracketing two monotone margins.

A stress shows more the higher its rate, and is taken back less: between the two lies a band, and
halving finds both of its ends. It must not know phases.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

FINE: Final = ((2.0, 0.05), (5.0, 0.1), (float("inf"), 0.25))
"""Up to which rate, in what steps."""


@dataclass(frozen=True)
class Margins:
    """What a rate gives.

    Attributes:
        shows: Margin of the rise; grows with the rate.
        recovers: Margin of the way back; shrinks with it.
    """

    shows: float
    recovers: float

    @property
    def least(self) -> float:
        """The smaller one."""
        return min(self.shows, self.recovers)


@dataclass(frozen=True)
class Found:
    """The best rate of a search.

    Attributes:
        rps: The rate.
        margins: What it gives.
        band: Lowest and highest rate that give enough; None when none does.
    """

    rps: float
    margins: Margins
    band: tuple[float, float] | None


def rates(low: float, high: float) -> list[float]:
    """Rates that a person would write down, ascending."""
    found, at = [], 0.0
    while at <= high + 1e-9:
        if at >= low - 1e-9 and at > 0:
            found.append(round(at, 2))
        at += next(step for until, step in FINE if at < until - 1e-9)
    return found


def band(play: Callable[[float], Margins], grid: list[float], aim: float, near: float) -> Found:
    """The rate next to the present one that gives at least ``aim`` on both sides.

    Args:
        play: What a rate gives; asked once a rate.
        grid: Ascending, at least one.
        aim: Least margin.
        near: The present rate.

    Returns:
        The rate with the best of the margins where none gives enough.
    """
    known: dict[float, Margins] = {}

    def at(place: int) -> Margins:
        rps = grid[place]
        if rps not in known:
            known[rps] = play(rps)
        return known[rps]

    low = first(lambda place: at(place).shows >= aim, len(grid))
    if low < len(grid) and at(low).recovers >= aim:
        rest = len(grid) - low
        high = low + first(lambda place: at(low + place).recovers < aim, rest) - 1
        at((low + high) // 2)
    good = {rps: each for rps, each in known.items() if each.least >= aim}
    if good:
        best = min(good, key=lambda rps: abs(rps - near))
        return Found(best, known[best], (min(good), max(good)))
    best = max(known, key=lambda rps: known[rps].least)
    return Found(best, known[best], None)


def first(holds: Callable[[int], bool], count: int) -> int:
    """The first place of ``count`` at which something holds that holds from there on."""
    low, high = 0, count
    while low < high:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle + 1
    return low
