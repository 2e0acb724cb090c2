"""What a PromQL expression can be worth, and the label arithmetic that its parts share."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from gtc_rehearsal.prometheus.tsdb import METRIC_NAME, Labels
from gtc_spec.errors import UsageError


class PromqlError(UsageError):
    """A query that cannot be answered: malformed, outside the subset, or ambiguous."""


class Sample(NamedTuple):
    """One element of an instant vector."""

    labels: Labels
    value: float


class Points(NamedTuple):
    """One element of a range vector: (milliseconds, value) pairs, oldest first."""

    labels: Labels
    points: list[tuple[int, float]]


@dataclass(frozen=True)
class Vector:
    """An instant vector: samples with distinct label sets."""

    samples: tuple[Sample, ...]


@dataclass(frozen=True)
class Matrix:
    """A range vector.

    Attributes:
        series: The points of each series inside the window.
        start_ms: Where the window starts (outside it).
        end_ms: Where the window ends (inside it).
    """

    series: tuple[Points, ...]
    start_ms: int = 0
    end_ms: int = 0


Value = float | str | Vector | Matrix
"""A scalar, a string, an instant vector or a range vector."""


def vector(samples: Iterable[Sample]) -> Vector:
    """Build an instant vector.

    Raises:
        PromqlError: Two samples have the same labels, which Prometheus refuses as well.
    """
    kept = tuple(samples)
    if len({sample.labels for sample in kept}) != len(kept):
        raise PromqlError("vector cannot contain metrics with the same labelset")
    return Vector(kept)


def without_name(labels: Labels) -> Labels:
    """The labels without the metric name."""
    return tuple(pair for pair in labels if pair[0] != METRIC_NAME)


def keep(labels: Labels, names: Collection[str]) -> Labels:
    """The labels of which the name is among `names`."""
    return tuple(pair for pair in labels if pair[0] in names)


def drop(labels: Labels, names: Collection[str]) -> Labels:
    """The labels of which the name is not among `names`."""
    return tuple(pair for pair in labels if pair[0] not in names)


def number_text(value: float) -> str:
    """A number as Prometheus writes it: no exponent, no trailing ".0"."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    text = repr(value)
    if "e" in text:
        return format(value, "f") if abs(value) >= 1 else text
    return text.removesuffix(".0")
