"""The straight line, plane or closed form closest to some points; pure arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

Row = Sequence[float]


class Fit(NamedTuple):
    """Coefficients, their standard errors, and of how many points they are."""

    coefficients: list[float]
    errors: list[float]
    points: int


def fit(rows: Sequence[Row], values: Row, weights: Row | None = None) -> list[float]:
    """Coefficients with the smallest sum of weighted squares of ``rows @ x - values``.

    Args:
        rows: One row a point, one column a coefficient.
        values: What the points are.
        weights: How much each counts. Default: all the same.

    Raises:
        ValueError: The points do not tell the coefficients apart.
    """
    return fitted(rows, values, weights).coefficients


def fitted(rows: Sequence[Row], values: Row, weights: Row | None = None) -> Fit:
    """The same with the standard error of each coefficient."""
    size = len(rows[0]) if rows else 0
    weights = weights or [1.0] * len(rows)
    points = list(zip(weights, rows, values, strict=True))
    normal = [
        [sum(w * r[i] * r[j] for w, r, _ in points) for j in range(size)] for i in range(size)
    ]
    right = [sum(w * r[i] * v for w, r, v in points) for i in range(size)]
    inverse = _inverse(normal)
    found = [sum(a * b for a, b in zip(row, right, strict=True)) for row in inverse]
    left = sum(w * (v - _at(row, found)) ** 2 for w, row, v in points)
    spread = left / max(1, len(rows) - size)
    return Fit(found, [(spread * abs(inverse[i][i])) ** 0.5 for i in range(size)], len(rows))


def robust(rows: Sequence[Row], values: Row, sizes: Row, outlier: float, rounds: int = 4) -> Fit:
    """Errors count by the size of a point, and those ``outlier`` median ones off are left out."""
    kept = list(zip(rows, values, sizes, strict=True))
    for _ in range(rounds):
        inside_rows, inside_values, inside_sizes = zip(*kept, strict=True)
        found = fitted(inside_rows, inside_values, [size**-2 for size in inside_sizes])
        off = [abs(_at(row, found.coefficients) - value) / size for row, value, size in kept]
        limit = max(1e-6, outlier * median(off))
        inside = [point for point, far in zip(kept, off, strict=True) if far <= limit]
        if len(inside) == len(kept):
            break
        kept = inside
    return found


def _at(row: Row, coefficients: Row) -> float:
    return sum(a * b for a, b in zip(row, coefficients, strict=True))


def _inverse(table: Sequence[Row]) -> list[list[float]]:
    """Gauss with a pivot, on a symmetric table that is scaled to ones first."""
    size = len(table)
    unit = [table[i][i] ** 0.5 for i in range(size)]
    if not size or not all(unit):
        raise ValueError("the points do not tell the coefficients apart")
    rows = [
        [table[i][j] / (unit[i] * unit[j]) for j in range(size)]
        + [float(i == j) for j in range(size)]
        for i in range(size)
    ]
    for at in range(size):
        pivot = max(range(at, size), key=[abs(row[at]) for row in rows].__getitem__)
        if abs(rows[pivot][at]) < 1e-11:
            raise ValueError("the points do not tell the coefficients apart")
        rows[at], rows[pivot] = rows[pivot], rows[at]
        first = [value / rows[at][at] for value in rows[at]]
        rows = [
            first if i == at else [a - row[at] * b for a, b in zip(row, first, strict=True)]
            for i, row in enumerate(rows)
        ]
    return [[rows[i][size + j] / (unit[i] * unit[j]) for j in range(size)] for i in range(size)]
