"""How much of the difference between two runs is noise: a bootstrap over pieces of their time.

The load of a run is cut into at most 20 equal pieces. A run that might have been is made of as many
pieces drawn from it at random, some of them twice and some not at all: what hangs together in time
stays together. Figures of many such runs spread as the run itself does. A difference is told from
noise when 95 of 100 differences between drawn runs lie on one side of none. What makes two runs
differ as a whole - another day, another machine - is in no single run, and cannot be seen here.
Pure arithmetic.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

JSON = Mapping[str, Any]

DRAWS: Final = 300
PIECES_MIN: Final = 5
"""Fewer pieces say nothing about a spread."""
CONFIDENCE: Final = 0.95
_HALF_BUCKET: Final = 1.005
"""From the upper bound of a bucket to its middle."""


@dataclass(frozen=True)
class Measure:
    """A figure that can be computed from pieces of a run.

    Attributes:
        name: As in `judge.names`.
        of: Computes it from pieces; None without data.
    """

    name: str
    of: Callable[[Sequence[JSON]], float | None]


def quantile(pieces: Sequence[JSON], latency: str, q: float) -> float | None:
    """A quantile over all pieces, in seconds, by nearest rank."""
    counts: dict[float, int] = {}
    for piece in pieces:
        for bound_s, count in piece[latency]:
            counts[bound_s] = counts.get(bound_s, 0) + count
    rank = max(1, math.ceil(q * sum(counts.values())))
    seen = 0
    for bound_s in sorted(counts):
        seen += counts[bound_s]
        if seen >= rank:
            return bound_s / _HALF_BUCKET
    return None


def _latency(latency: str, percent: int) -> Measure:
    return Measure(f"{latency}_p{percent}", lambda each: quantile(each, latency, percent / 100))


def _per_s(name: str, field: str) -> Measure:
    def rate(pieces: Sequence[JSON]) -> float | None:
        length_s = sum(piece["length_s"] for piece in pieces)
        return sum(piece[field] for piece in pieces) / length_s if length_s else None

    return Measure(name, rate)


def _share(name: str, field: str) -> Measure:
    def share(pieces: Sequence[JSON]) -> float | None:
        ended = sum(piece["ok"] + piece["failed"] + piece["shed"] for piece in pieces)
        return sum(piece[field] for piece in pieces) / ended if ended else None

    return Measure(name, share)


MEASURES: Final = (
    *(_latency(latency, percent) for latency in ("ttft", "itl", "e2e") for percent in (50, 95)),
    _share("goodput", "good"),
    _share("failed_share", "failed"),
    _per_s("request_throughput", "answers"),
    _per_s("output_token_throughput", "tokens"),
)


@dataclass(frozen=True)
class Difference:
    """One figure of two runs.

    Attributes:
        name: The figure.
        a, b: Its values; None without data.
        low, high: Between which bounds `b - a` lies in 95 of 100 draws; None when that is unknown.
    """

    name: str
    a: float | None
    b: float | None
    low: float | None = None
    high: float | None = None

    @property
    def told(self) -> bool | None:
        """Whether it is more than noise; None when that cannot be said."""
        if self.low is None or self.high is None:
            return None
        return self.low > 0 or self.high < 0


def differences(a: Sequence[JSON], b: Sequence[JSON], seed: int = 1) -> list[Difference]:
    """All figures of two runs, each given by its pieces."""
    enough = min(len(a), len(b)) >= PIECES_MIN
    chance = random.Random(seed)
    draws = [
        (chance.choices(a, k=len(a)), chance.choices(b, k=len(b)))
        for _ in range(DRAWS if enough else 0)
    ]
    return [_difference(measure, a, b, draws) for measure in MEASURES]


def _difference(
    measure: Measure, a: Sequence[JSON], b: Sequence[JSON],
    draws: Sequence[tuple[Sequence[JSON], Sequence[JSON]]],
) -> Difference:  # fmt: skip
    values = measure.of(a), measure.of(b)
    found = []
    for drawn_a, drawn_b in draws:
        one, other = measure.of(drawn_a), measure.of(drawn_b)
        if one is not None and other is not None:
            found.append(other - one)
    if None in values or len(found) < DRAWS / 2:
        return Difference(measure.name, *values)
    found.sort()
    tail = (1 - CONFIDENCE) / 2
    low, high = (found[min(len(found) - 1, int(len(found) * q))] for q in (tail, 1 - tail))
    return Difference(measure.name, *values, low, high)
