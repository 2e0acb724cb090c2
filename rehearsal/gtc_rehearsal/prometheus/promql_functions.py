"""PromQL functions of instant vectors and scalars: histogram_quantile, clamps, relabelling.

The rules are those of Prometheus 3. Nothing here knows about storage or the syntax tree.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Callable

from gtc_rehearsal.prometheus.promql_values import (
    PromqlError,
    Sample,
    Value,
    Vector,
    drop,
    vector,
    without_name,
)
from gtc_rehearsal.prometheus.tsdb import METRIC_NAME, Labels, labels_of

Bucket = tuple[float, float]
"""Upper bound and cumulative number of observations."""

_SAME_COUNT = 1e-12
"""Relative difference below which two neighbouring bucket counts are the same (Prometheus 3)."""


def bucket_quantile(q: float, buckets: list[Bucket]) -> float:
    """The q-quantile of a classic histogram, linear inside its bucket.

    Args:
        q: The quantile, 0 to 1; below is -Inf, above is +Inf.
        buckets: Upper bounds with cumulative counts, in any order.

    Returns:
        NaN without observations or without a +Inf bucket; the highest finite bound when the
        quantile lies beyond it, so it can be too low there and never too high.
    """
    if math.isnan(q):
        return math.nan
    if not 0 <= q <= 1:
        return math.copysign(math.inf, q)
    merged = _monotonic(_coalesced(buckets))
    if len(merged) < 2 or merged[-1][0] != math.inf or merged[-1][1] == 0:
        return math.nan
    rank = q * merged[-1][1]
    finite = merged[:-1]
    index = next((i for i, (_, count) in enumerate(finite) if count >= rank), None)
    if index is None:
        return finite[-1][0]
    end, count = finite[index]
    if index == 0 and end <= 0:
        return end
    start, below = finite[index - 1] if index else (0.0, 0.0)
    return start + (end - start) * _quotient(rank - below, count - below)


def _coalesced(buckets: list[Bucket]) -> list[Bucket]:
    """Buckets by bound, those with the same bound added up."""
    by_bound: dict[float, float] = defaultdict(float)
    for bound, count in buckets:
        by_bound[bound] += count
    return sorted(by_bound.items())


def _monotonic(buckets: list[Bucket]) -> list[Bucket]:
    """Cumulative counts that never fall: a rate over unequal windows can make them."""
    result: list[Bucket] = []
    highest = -math.inf
    for bound, count in buckets:
        if count < highest or math.isclose(count, highest, rel_tol=_SAME_COUNT, abs_tol=0.0):
            count = highest  # noqa: PLW2901 - the corrected count takes its place
        highest = count
        result.append((bound, count))
    return result


def _quotient(a: float, b: float) -> float:
    return a / b if b else math.nan if a == 0 or math.isnan(a) else math.copysign(math.inf, a)


def _histogram_quantile(q: float, samples: Vector) -> Vector:
    groups: dict[Labels, list[Bucket]] = defaultdict(list)
    for labels, value in samples.samples:
        bound = _bound(dict(labels).get("le"))
        if bound is not None:
            groups[drop(labels, ("le", METRIC_NAME))].append((bound, value))
    return vector(Sample(labels, bucket_quantile(q, own)) for labels, own in groups.items())


def _bound(le: str | None) -> float | None:
    try:
        return None if le is None else float(le)
    except ValueError:
        return None


def _clamp(samples: Vector, low: float, high: float) -> Vector:
    if low > high:
        return Vector(())
    return _map(samples, lambda value: _at_most(_at_least(value, low), high))


def _at_least(value: float, low: float) -> float:
    return math.nan if math.isnan(value) or math.isnan(low) else max(value, low)


def _at_most(value: float, high: float) -> float:
    return math.nan if math.isnan(value) or math.isnan(high) else min(value, high)


def _map(samples: Vector, function: Callable[[float], float]) -> Vector:
    return vector(
        Sample(without_name(labels), function(value)) for labels, value in samples.samples
    )


def _scalar(samples: Vector) -> float:
    return samples.samples[0].value if len(samples.samples) == 1 else math.nan


def _label_replace(samples: Vector, target: str, template: str, source: str, regex: str) -> Vector:
    try:
        pattern = re.compile(regex, re.DOTALL)
    except re.error as error:
        raise PromqlError(f"invalid regular expression in label_replace(): {regex}") from error
    expanded = re.sub(r"\$(\d+|\{\w+\})", lambda m: rf"\g<{m[1].strip('{}')}>", template)

    def replaced(labels: Labels) -> Labels:
        pairs = dict(labels)
        found = pattern.fullmatch(pairs.get(source, ""))
        if found is None:
            return labels
        try:
            return labels_of({**pairs, target: found.expand(expanded)})
        except (re.error, IndexError) as error:
            raise PromqlError(f"invalid replacement in label_replace(): {template}") from error

    return vector(Sample(replaced(labels), value) for labels, value in samples.samples)


FUNCTIONS: dict[str, Callable[..., Value]] = {
    "histogram_quantile": _histogram_quantile,
    "clamp": _clamp,
    "clamp_min": lambda samples, low: _map(samples, lambda value: _at_least(value, low)),
    "clamp_max": lambda samples, high: _map(samples, lambda value: _at_most(value, high)),
    "abs": lambda samples: _map(samples, abs),
    "vector": lambda value: Vector((Sample((), value),)),
    "scalar": _scalar,
    "label_replace": _label_replace,
}
"""Functions of already evaluated arguments by name."""
