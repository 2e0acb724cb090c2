"""The straight line, plane or closed form closest to some points; pure arithmetic."""

from __future__ import annotations

from collections.abc import Sequence

Row = Sequence[float]


def fit(rows: Sequence[Row], values: Row, weights: Row | None = None) -> list[float]:
    """Coefficients with the smallest sum of weighted squares of ``rows @ x - values``.

    Args:
        rows: One row a point, one column a coefficient.
        values: What the points are.
        weights: How much each counts. Default: all the same.

    Raises:
        ValueError: The points do not tell the coefficients apart.
    """
    size = len(rows[0]) if rows else 0
    weights = weights or [1.0] * len(rows)
    normal = [
        [
            *(_sum(weights, rows, rows, i, j) for j in range(size)),
            sum(w * row[i] * v for w, row, v in zip(weights, rows, values, strict=True)),
        ]
        for i in range(size)
    ]
    return _solved(normal)


def _sum(weights: Row, left: Sequence[Row], right: Sequence[Row], i: int, j: int) -> float:
    return sum(w * a[i] * b[j] for w, a, b in zip(weights, left, right, strict=True))


def _solved(table: list[list[float]]) -> list[float]:
    """Gauss with a pivot, on rows that were scaled to one."""
    size = len(table)
    scale = [max(map(abs, row[:-1]), default=0.0) for row in table]
    if not size or not all(scale):
        raise ValueError("the points do not tell the coefficients apart")
    units = [table[i][i] ** 0.5 for i in range(size)]
    rows = [
        [*(row[j] / (units[i] * units[j]) for j in range(size)), row[-1] / units[i]]
        for i, row in enumerate(table)
    ]
    for at in range(size):
        pivot = max(range(at, size), key=lambda i, at=at: abs(rows[i][at]))  # type: ignore[misc]
        if abs(rows[pivot][at]) < 1e-10:
            raise ValueError("the points do not tell the coefficients apart")
        rows[at], rows[pivot] = rows[pivot], rows[at]
        for i in range(size):
            if i != at:
                share = rows[i][at] / rows[at][at]
                rows[i] = [a - share * b for a, b in zip(rows[i], rows[at], strict=True)]
    return [rows[i][-1] / rows[i][i] / units[i] for i in range(size)]
