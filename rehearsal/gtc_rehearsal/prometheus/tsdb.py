"""The rehearsal's time series: what was scraped in the last half hour, in memory.

This module stores and finds samples. It must not know where they come from or what a query is.

Times are integer milliseconds since the epoch, as in Prometheus, so that windows compare exactly.
"""

from __future__ import annotations

import math
import struct
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator

Labels = tuple[tuple[str, str], ...]
"""Label pairs sorted by name, the metric name among them as `__name__`; no empty values."""

Matcher = tuple[str, Callable[[str], bool]]
"""A label name and a test of its value; a label that is absent is tested as the empty string."""

METRIC_NAME = "__name__"

_STALE_BITS = 0x7FF0000000000002
STALE: float = struct.unpack("<d", struct.pack("<Q", _STALE_BITS))[0]
"""The NaN with which Prometheus marks the end of a series (model/value in its source)."""


def is_stale(value: float) -> bool:
    """Whether a stored value is the staleness marker and not a number (an ordinary NaN is one)."""
    return math.isnan(value) and struct.unpack("<Q", struct.pack("<d", value))[0] == _STALE_BITS


def labels_of(pairs: dict[str, str]) -> Labels:
    """Make the canonical form of a label set; labels with an empty value do not exist."""
    return tuple(sorted((name, value) for name, value in pairs.items() if value))


class Series:
    """The samples of one label set, oldest first.

    Attributes:
        labels: The label set.
    """

    __slots__ = ("_times_ms", "_values", "labels")

    def __init__(self, labels: Labels) -> None:
        self.labels = labels
        self._times_ms = array("q")
        self._values = array("d")

    def append(self, t_ms: int, value: float) -> None:
        """Add a sample; one that is not newer than the last is dropped, as Prometheus does."""
        if not self._times_ms or t_ms > self._times_ms[-1]:
            self._times_ms.append(t_ms)
            self._values.append(value)

    def at(self, t_ms: int, lookback_ms: int) -> tuple[int, float] | None:
        """The newest sample in (t - lookback, t]; None when there is none or the series ended."""
        index = bisect_right(self._times_ms, t_ms) - 1
        if index < 0 or self._times_ms[index] <= t_ms - lookback_ms:
            return None
        value = self._values[index]
        return None if is_stale(value) else (self._times_ms[index], value)

    def between(self, after_ms: int, until_ms: int) -> list[tuple[int, float]]:
        """All samples in (after, until], without staleness markers."""
        low = bisect_right(self._times_ms, after_ms)
        high = bisect_right(self._times_ms, until_ms)
        pairs = zip(self._times_ms[low:high], self._values[low:high], strict=True)
        return [(t_ms, value) for t_ms, value in pairs if not is_stale(value)]

    def forget_before(self, t_ms: int) -> bool:
        """Drop samples older than a time; True when nothing is left."""
        index = bisect_right(self._times_ms, t_ms)
        if index:
            del self._times_ms[:index]
            del self._values[:index]
        return not self._times_ms

    def __len__(self) -> int:
        return len(self._times_ms)


class Tsdb:
    """All series of the rehearsal.

    Args:
        horizon_s: How long samples are kept. Half an hour covers two cycles of the demo; the
            longest window in any of our queries is five minutes.
    """

    def __init__(self, horizon_s: float = 1800.0) -> None:
        self._horizon_ms = int(horizon_s * 1000)
        self._by_name: dict[str, dict[Labels, Series]] = {}

    def append(self, labels: Labels, t_ms: int, value: float) -> None:
        """Add one sample to the series with these labels, which is made when it is new."""
        name = dict(labels).get(METRIC_NAME, "")
        family = self._by_name.setdefault(name, {})
        series = family.get(labels)
        if series is None:
            series = family[labels] = Series(labels)
        series.append(t_ms, value)

    def end(self, labels: Labels, t_ms: int) -> None:
        """Mark a series as ended: from this time on it has no value, not its last one."""
        self.append(labels, t_ms, STALE)

    def forget_old(self, now_ms: int) -> None:
        """Drop what lies beyond the horizon, and series of which nothing is left."""
        cutoff_ms = now_ms - self._horizon_ms
        for name in list(self._by_name):
            family = self._by_name[name]
            for labels in [key for key, one in family.items() if one.forget_before(cutoff_ms)]:
                del family[labels]
            if not family:
                del self._by_name[name]

    def select(self, name: str | None, matchers: Iterable[Matcher]) -> list[Series]:
        """The series that satisfy every matcher.

        Args:
            name: The metric name where the query fixes it, else None.
            matchers: Tests of label values.
        """
        tests = tuple(matchers)
        candidates = self._by_name.get(name, {}).values() if name is not None else self._all()
        return [series for series in candidates if _matches(series.labels, tests)]

    def _all(self) -> Iterator[Series]:
        for family in self._by_name.values():
            yield from family.values()


def _matches(labels: Labels, tests: tuple[Matcher, ...]) -> bool:
    values = dict(labels)
    return all(test(values.get(name, "")) for name, test in tests)
