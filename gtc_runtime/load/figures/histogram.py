"""The one histogram of the product: fixed logarithmic buckets that merge by addition.

Every latency that the load engine measures lands here, in the load process, and travels to the
panel as bucket counts. Because the buckets are the same everywhere, windows, workloads, processes
and machines are added up without losing anything. It must not know what it counts. Lengths in
tokens are counted exactly, in the same form.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Self

GROWTH = 1.01
"""Upper bound of a bucket divided by its lower bound: quantiles are right to half a per cent."""

FLOOR_S = 1e-6
"""Values up to one microsecond share the first bucket."""

CEILING_S = 1e4
"""Values above 10,000 s share the last bucket; no request may live that long."""

_log = math.log
_PER_LOG = 1.0 / math.log(GROWTH)
_AT_ONE_S = -math.log(FLOOR_S) * _PER_LOG
_LAST = int(math.log(CEILING_S / FLOOR_S) * _PER_LOG)

SCALE = (_PER_LOG, _AT_ONE_S, FLOOR_S, _LAST)
"""All that `bucket_of` needs to know, for its twin in the native core."""

_NUMBERS = tuple(range(_LAST + 1))
"""Numbers that are read: each of its own, all day long, would tear the memory to pieces."""


class Counts:
    """How often each whole number came.

    Attributes:
        buckets: Count by number; only numbers that came are present. The increments of a snapshot
            may hold less than nothing: what was counted before is moved.
    """

    __slots__ = ("buckets",)

    def __init__(self) -> None:
        self.buckets: dict[int, int] = {}

    def add_at(self, index: int, weight: int = 1) -> None:
        """Count the number `index`, `weight` times; a negative weight takes back."""
        count = self.buckets.get(index, 0) + weight
        if count:
            self.buckets[index] = count
        else:
            self.buckets.pop(index, None)

    def merge(self, other: Self) -> None:
        """Add the counts of another one to this one."""
        mine = self.buckets
        for index, count in other.buckets.items():  # not by `add_at`: windows are merged all day
            both = mine.get(index, 0) + count
            if both:
                mine[index] = both
            else:
                mine.pop(index, None)

    @property
    def n(self) -> int:
        """How many values were counted."""
        return sum(self.buckets.values())

    def ranked(self, q: float) -> int | None:
        """The number of the nearest rank to the share `q` (0..1); None when empty."""
        rank = max(1, math.ceil(q * self.n))
        seen = 0
        for index in sorted(self.buckets):
            seen += self.buckets[index]
            if seen >= rank:
                return index
        return None

    def to_json(self) -> list[int]:
        """Counts as a flat list: step to the next number, count, step, count, ..."""
        flat: list[int] = []
        previous = 0
        for index in sorted(self.buckets):
            flat += (index - previous, self.buckets[index])
            previous = index
        return flat

    @classmethod
    def from_json(cls, flat: Sequence[int]) -> Self:
        """Read what `to_json` wrote."""
        counts = cls()
        numbers = [_shared(each) for each in accumulate(flat[::2])]
        counts.buckets = dict(zip(numbers, flat[1::2], strict=True))
        return counts

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self.buckets == getattr(other, "buckets", None)

    __hash__ = None  # type: ignore[assignment]  # mutable


class Lengths(Counts):
    """Lengths in tokens, each counted exactly."""

    __slots__ = ()

    @property
    def mean(self) -> float | None:
        """The mean length; None when empty."""
        total = self.n
        if not total:
            return None
        return sum(length * count for length, count in self.buckets.items()) / total


class Histogram(Counts):
    """Counts of durations in seconds, in buckets that are 1 % wide."""

    __slots__ = ()

    def __init__(self, values_s: Iterable[float] = ()) -> None:
        super().__init__()
        for value_s in values_s:
            self.add(value_s)

    def add(self, value_s: float, weight: int = 1) -> None:
        """Count a duration in seconds, `weight` times."""
        self.add_at(bucket_of(value_s), weight)

    @property
    def sum_s(self) -> float:
        """Sum of all values in seconds, right to half a per cent."""
        return sum(_middle(index) * count for index, count in self.buckets.items())

    def quantile(self, q: float) -> float | None:
        """The value in seconds below which the share `q` (0..1) lies; None when empty.

        The nearest rank counts, so every answer is within half a bucket of a value that was seen.
        """
        index = self.ranked(q)
        return None if index is None else _middle(index)

    def __repr__(self) -> str:
        return f"Histogram(n={self.n}, p50={self.quantile(0.5)}, p95={self.quantile(0.95)})"


def bucket_of(value_s: float) -> int:
    """The index of the bucket of a duration in seconds."""
    if value_s <= FLOOR_S:
        return 0
    index = int(_log(value_s) * _PER_LOG + _AT_ONE_S)
    return index if index < _LAST else _LAST


def _shared(number: int) -> int:
    """The same number, and the same object each time if it is one of a bucket."""
    return _NUMBERS[number] if 0 <= number <= _LAST else number


def _middle(index: int) -> float:
    """The geometric middle of a bucket in seconds."""
    return FLOOR_S * math.exp((index + 0.5) / _PER_LOG)
