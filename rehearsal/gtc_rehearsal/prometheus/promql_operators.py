"""PromQL's binary operators: arithmetic, comparison, set operators and how vectors are matched."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from gtc_rehearsal.prometheus.promql_values import (
    PromqlError,
    Sample,
    Value,
    Vector,
    drop,
    keep,
    vector,
    without_name,
)
from gtc_rehearsal.prometheus.tsdb import METRIC_NAME, Labels, labels_of

Side = Literal["one", "left", "right"]


@dataclass(frozen=True)
class Matching:
    """How the samples of two vectors find each other.

    Attributes:
        on: The labels to compare; None compares all but `ignoring`.
        ignoring: Labels that are left out of the comparison.
        many: Which side may have several samples for one of the other; "one" means neither.
        include: Labels that the result takes from the "one" side (group_left, group_right).
        as_bool: Comparisons yield 0 or 1 instead of filtering.
    """

    on: tuple[str, ...] | None = None
    ignoring: tuple[str, ...] = ()
    many: Side = "one"
    include: tuple[str, ...] = ()
    as_bool: bool = False

    def key(self, labels: Labels) -> Labels:
        """The part of a label set by which partners are found."""
        if self.on is not None:
            return keep(labels, self.on)
        return drop(labels, (*self.ignoring, METRIC_NAME))


def _divide(a: float, b: float) -> float:
    if b == 0:
        if a == 0 or math.isnan(a):
            return math.nan
        return math.copysign(math.inf, a) * math.copysign(1, b)
    return a / b


def _modulo(a: float, b: float) -> float:
    return math.nan if b == 0 or math.isinf(a) else math.fmod(a, b)


def _power(a: float, b: float) -> float:
    try:
        result = a**b
    except OverflowError:
        return math.inf
    except ZeroDivisionError:
        return math.inf
    return math.nan if isinstance(result, complex) else result


ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _divide,
    "%": _modulo,
    "^": _power,
}
COMPARISON: dict[str, Callable[[float, float], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}
SET = ("and", "or", "unless")


def apply(op: str, left: Value, right: Value, matching: Matching) -> Value:
    """The value of `left op right`.

    Raises:
        PromqlError: The operator is not among ours, or the partners are ambiguous.
    """
    if op not in ARITHMETIC and op not in COMPARISON and op not in SET:
        raise PromqlError(f"operator {op} is not supported by the rehearsal's Prometheus")
    if isinstance(left, Vector) and isinstance(right, Vector):
        if op in SET:
            return _set(op, left, right, matching)
        return _vectors(op, left, right, matching)
    if isinstance(left, Vector) and isinstance(right, float):
        return _with_scalar(op, left, right, matching, vector_first=True)
    if isinstance(right, Vector) and isinstance(left, float):
        return _with_scalar(op, right, left, matching, vector_first=False)
    if isinstance(left, float) and isinstance(right, float):
        return _scalars(op, left, right)
    raise PromqlError(f"operator {op} needs numbers or instant vectors on both sides")


def _scalars(op: str, left: float, right: float) -> float:
    return ARITHMETIC[op](left, right) if op in ARITHMETIC else float(COMPARISON[op](left, right))


def _with_scalar(
    op: str, samples: Vector, scalar: float, matching: Matching, *, vector_first: bool
) -> Vector:
    """A comparison filters and keeps the element of the vector, on whichever side it stands."""

    def element(sample: Sample) -> Sample | None:
        pair = (sample.value, scalar) if vector_first else (scalar, sample.value)
        if op in ARITHMETIC:
            return Sample(without_name(sample.labels), ARITHMETIC[op](*pair))
        holds = COMPARISON[op](*pair)
        if matching.as_bool:
            return Sample(without_name(sample.labels), float(holds))
        return sample if holds else None

    return vector(made for made in map(element, samples.samples) if made is not None)


def _set(op: str, left: Vector, right: Vector, matching: Matching) -> Vector:
    if op == "or":
        have = {matching.key(sample.labels) for sample in left.samples}
        extra = (sample for sample in right.samples if matching.key(sample.labels) not in have)
        return vector((*left.samples, *extra))
    have = {matching.key(sample.labels) for sample in right.samples}
    wanted = op == "and"
    return vector(s for s in left.samples if (matching.key(s.labels) in have) == wanted)


def _vectors(op: str, left: Vector, right: Vector, matching: Matching) -> Vector:
    many, one = (right, left) if matching.many == "right" else (left, right)
    partners = _unique(one, matching, "left" if matching.many == "right" else "right")
    found: dict[Labels, Sample] = {}
    for sample in many.samples:
        key = matching.key(sample.labels)
        partner = partners.get(key)
        if partner is None:
            continue
        pair = (partner, sample) if matching.many == "right" else (sample, partner)
        value = _element(op, pair[0].value, pair[1].value, as_bool=matching.as_bool)
        if value is None:
            continue
        labels = _result_labels(op, sample.labels, partner.labels, matching)
        taken = key if matching.many == "one" else labels
        if taken in found:
            raise PromqlError(_AMBIGUOUS["one" if matching.many == "one" else "many"])
        found[taken] = Sample(labels, value)
    return vector(found.values())


_AMBIGUOUS = {
    "one": "multiple matches for labels: many-to-one matching must be explicit "
    "(group_left/group_right)",
    "many": "multiple matches for labels: grouping labels must ensure unique matches",
}


def _unique(samples: Vector, matching: Matching, side: str) -> dict[Labels, Sample]:
    partners: dict[Labels, Sample] = {}
    for sample in samples.samples:
        key = matching.key(sample.labels)
        if key in partners:
            raise PromqlError(
                f"found duplicate series for the match group {dict(key)} on the {side} hand-side "
                "of the operation: many-to-many matching not allowed: matching labels must be "
                "unique on one side"
            )
        partners[key] = sample
    return partners


def _element(op: str, left: float, right: float, *, as_bool: bool) -> float | None:
    if op in ARITHMETIC:
        return ARITHMETIC[op](left, right)
    holds = COMPARISON[op](left, right)
    if as_bool:
        return float(holds)
    return left if holds else None


def _result_labels(op: str, many: Labels, one: Labels, matching: Matching) -> Labels:
    labels = without_name(many) if op in ARITHMETIC or matching.as_bool else many
    if matching.many == "one":
        return (
            keep(labels, matching.on)
            if matching.on is not None
            else drop(labels, matching.ignoring)
        )
    taken = dict(one)
    return labels_of({**dict(labels), **{name: taken.get(name, "") for name in matching.include}})
