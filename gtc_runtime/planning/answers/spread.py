"""One figure over several seeds: where its middle lies and how far it strays.

Pure arithmetic; it must not know what a figure means.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

DECIMALS: Final = 3
LOW: Final = 0.1
HIGH: Final = 0.9


@dataclass(frozen=True)
class Spread:
    """A figure over several seeds.

    Attributes:
        low: What one seed in ten stays below (p10).
        median: The middle.
        high: What one seed in ten goes beyond (p90).
    """

    low: float
    median: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float | None]) -> Spread | None:
        """The spread of the values that there are; None without any."""
        known = [value for value in values if value is not None]
        if not known:
            return None
        return cls(quantile(known, LOW), statistics.median(known), quantile(known, HIGH))


def quantile(values: Sequence[float], q: float) -> float:
    """A quantile (0..1) of at least one value, between its two neighbours in proportion."""
    ordered = sorted(values)
    at = q * (len(ordered) - 1)
    low, share = math.floor(at), at - math.floor(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * share


def folded(
    same: Sequence[Any], pick: Callable[[Sequence[float]], float], decimals: int = DECIMALS
) -> Any:
    """One structure out of equal ones, every number picked out of theirs; the rest from the first.

    Args:
        same: At least one; a key that some lack, or have None for, is folded over the others.
        pick: Makes one number of several.
        decimals: That it keeps.
    """
    known = [each for each in same if each is not None]
    if not known:
        return None
    first = known[0]
    if isinstance(first, dict):
        keys = dict.fromkeys(key for each in known for key in each)
        return {
            key: folded([each[key] for each in known if key in each], pick, decimals)
            for key in keys
        }
    if isinstance(first, (int, float)) and not isinstance(first, bool):
        return round(pick(known), decimals)
    return first
