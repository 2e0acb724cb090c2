"""PromQL functions over a window of samples: rate, increase, changes, max_over_time and kin.

The rules are those of Prometheus 3, which the cluster runs; where 2.x differs, a comment says so.
Nothing here knows about storage or the syntax tree.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from itertools import pairwise

from gtc_rehearsal.prometheus.promql_values import Matrix, Sample, Vector, vector, without_name

Points = list[tuple[int, float]]

_CLOSE_TO_EDGE = 1.1
"""A first or last sample up to this many sample distances from the edge counts as reaching it."""


def largest(values: Iterable[float]) -> float:
    """The largest number; NaN only when there is nothing else."""
    best = math.nan
    for value in values:
        if value > best or math.isnan(best):
            best = value
    return best


def smallest(values: Iterable[float]) -> float:
    """The smallest number; NaN only when there is nothing else."""
    return -largest(-value for value in values)


def _extrapolated(points: Points, window: Matrix, *, per_second: bool) -> float | None:
    """The increase of a counter inside a window, stretched to where the series probably reaches.

    Prometheus 2.x compares the distance to the zero point before the threshold, 3.x after it; the
    two differ only for a counter that starts inside the window well away from its edge.
    """
    if len(points) < 2:
        return None
    (first_ms, first), (last_ms, last) = points[0], points[-1]
    resets = sum(a for (_, a), (_, b) in pairwise(points) if b < a)
    grown = last - first + resets
    sampled_s = (last_ms - first_ms) / 1000
    distance_s = sampled_s / (len(points) - 1)
    to_start_s = (first_ms - window.start_ms) / 1000
    to_end_s = (window.end_ms - last_ms) / 1000
    if to_start_s >= distance_s * _CLOSE_TO_EDGE:
        to_start_s = distance_s / 2
    if grown > 0 and first >= 0:
        to_start_s = min(to_start_s, sampled_s * (first / grown))
    if to_end_s >= distance_s * _CLOSE_TO_EDGE:
        to_end_s = distance_s / 2
    factor = (sampled_s + to_start_s + to_end_s) / sampled_s
    if per_second:
        factor /= (window.end_ms - window.start_ms) / 1000
    return grown * factor


def _rate(window: Matrix) -> Vector:
    return _each(window, lambda points: _extrapolated(points, window, per_second=True))


def _increase(window: Matrix) -> Vector:
    return _each(window, lambda points: _extrapolated(points, window, per_second=False))


def _irate(window: Matrix) -> Vector:
    return _each(window, _last_step)


def _last_step(points: Points) -> float | None:
    """Per-second increase between the last two samples; a reset counts from zero."""
    if len(points) < 2:
        return None
    (before_ms, before), (after_ms, after) = points[-2:]
    return (after if after < before else after - before) / ((after_ms - before_ms) / 1000)


def _changes(points: Points) -> float:
    values = ((a, b) for (_, a), (_, b) in pairwise(points))
    return float(sum(a != b and not (math.isnan(a) and math.isnan(b)) for a, b in values))


def _average(points: Points) -> float:
    return sum(value for _, value in points) / len(points)


def _over_time(reduce: Callable[[Points], float]) -> Callable[[Matrix], Vector]:
    return lambda window: _each(window, reduce)


def _each(window: Matrix, reduce: Callable[[Points], float | None]) -> Vector:
    """Apply a reduction to every series; the metric name is dropped, None yields no sample."""
    reduced = ((without_name(labels), reduce(points)) for labels, points in window.series)
    return vector(Sample(labels, value) for labels, value in reduced if value is not None)


WINDOW_FUNCTIONS: dict[str, Callable[[Matrix], Vector]] = {
    "rate": _rate,
    "increase": _increase,
    "irate": _irate,
    "changes": _over_time(_changes),
    "avg_over_time": _over_time(_average),
    "count_over_time": _over_time(lambda points: float(len(points))),
    "max_over_time": _over_time(lambda points: largest(value for _, value in points)),
    "min_over_time": _over_time(lambda points: smallest(value for _, value in points)),
    "sum_over_time": _over_time(lambda points: sum(value for _, value in points)),
}
"""Functions of one range vector by name. Series without a sample in the window are not passed."""
