"""The search for the highest load that still meets the goals, by doubling and then by halves.

Measurements have noise, so the two loads at the border are measured again until two of three agree;
what a repetition overturns is searched anew. Pure: it is told results and names the next load.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

TOLERANCE: Final = 1.03
"""The search ends when the lowest load that fails is so many times the highest that holds."""
AGREE: Final = 2
"""So many results of a load must agree before it is the border."""
HALVINGS_MAX: Final = 10
"""A first load that fails is halved so often."""
MEASUREMENTS_MAX: Final = 40


@dataclass
class Search:
    """One search.

    Args:
        begin: The load to begin with.
        most: The highest load that may be tried.
        whole: Loads are whole numbers.

    Attributes:
        results: Whether each load met the goals, each time that it was measured.
        ceiling: The lowest load at which the client was the limit; None when it never was.
    """

    begin: float
    most: float
    whole: bool = False
    results: dict[float, list[bool]] = field(default_factory=dict)
    ceiling: float | None = None

    def record(self, load: float, met: bool) -> None:
        """A load met the goals, or did not."""
        self.results.setdefault(load, []).append(met)

    def record_limited(self, load: float) -> None:
        """At this load the client itself was the limit: nothing was learnt about the server."""
        self.ceiling = load if self.ceiling is None else min(load, self.ceiling)

    @property
    def low(self) -> float | None:
        """The highest load below the border that holds; None when none does."""
        high = self.high
        return max(
            (load for load in self.results if self._holds(load) and (high is None or load < high)),
            default=None,
        )

    @property
    def high(self) -> float | None:
        """The lowest load that fails; None when none does."""
        return min((load for load in self.results if not self._holds(load)), default=None)

    @property
    def surprises(self) -> list[float]:
        """Loads whose results contradict each other, or those of a load below."""
        high = self.high or math.inf
        return sorted(
            load for load, found in self.results.items()
            if len(set(found)) > 1 or (load > high and self._holds(load))
        )  # fmt: skip

    def next(self) -> float | None:
        """The next load to measure; None when the border is known, or cannot be."""
        if sum(map(len, self.results.values())) >= MEASUREMENTS_MAX:
            return None
        low, high = self.low, self.high
        bounds = [each for each in (high, self.ceiling) if each is not None]
        upper = min(bounds, default=None)
        if low is None:
            return self._first(upper)
        if upper is None:
            return None if low >= self.most else min(self.most, low * 2)
        between = self._between(low, upper)
        return between if between is not None else self._unsure(low, high)

    def _first(self, upper: float | None) -> float | None:
        if upper is None:
            return self.begin
        lower = upper // 2 if self.whole else upper / 2
        too_low = lower < 1 if self.whole else lower < self.begin / 2**HALVINGS_MAX
        return None if too_low else lower

    def _between(self, low: float, high: float) -> float | None:
        if self.whole:
            return (low + high) // 2 if high - low > 1 and high > low * TOLERANCE else None
        if high <= low * TOLERANCE:
            return None
        return float(f"{math.sqrt(low * high):.4g}")

    def _unsure(self, *border: float | None) -> float | None:
        """A load at the border whose results do not agree often enough."""
        for load in border:
            if load is not None:
                found = self.results[load]
                if max(found.count(True), found.count(False)) < AGREE:
                    return load
        return None

    def _holds(self, load: float) -> bool:
        found = self.results[load]
        return 2 * found.count(True) > len(found)
