"""A ragged table of numbers with straight lines between its points; pure arithmetic."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence


class Table:
    """A table over two axes: rows with their own columns, linear between neighbours."""

    def __init__(self, points: Sequence[tuple[int, int, float]]) -> None:
        rows: dict[int, dict[int, float]] = {}
        for row, column, value in points:
            rows.setdefault(row, {})[column] = value
        self.rows = sorted(rows)
        self._columns = [sorted(rows[row]) for row in self.rows]
        self._values = [[rows[row][column] for column in sorted(rows[row])] for row in self.rows]

    def at(self, row: float, column: float) -> float | None:
        """The interpolated value; None where the table does not reach."""
        if not self.rows[0] <= row <= self.rows[-1]:
            return None
        lower, upper, share = _bracket(self.rows, row)
        below = self._along(lower, column)
        if lower == upper or below is None:
            return below
        above = self._along(upper, column)
        return None if above is None else below + share * (above - below)

    def edge(self, row: float, column: float) -> tuple[float, float]:
        """The point of the table closest to this one, first along the rows, then the columns."""
        row = min(max(row, self.rows[0]), self.rows[-1])
        lower, upper, _ = _bracket(self.rows, row)
        first = max(self._columns[lower][0], self._columns[upper][0])
        last = min(self._columns[lower][-1], self._columns[upper][-1])
        return row, min(max(column, first), last)

    def _along(self, index: int, column: float) -> float | None:
        columns, values = self._columns[index], self._values[index]
        if not columns[0] <= column <= columns[-1]:
            return None
        lower, upper, share = _bracket(columns, column)
        return values[lower] + share * (values[upper] - values[lower])


def _bracket(axis: Sequence[int], value: float) -> tuple[int, int, float]:
    """Indices around ``value`` and how far it lies between them; equal when it is on the axis."""
    lower = bisect_right(axis, value) - 1
    if axis[lower] == value:
        return lower, lower, 0.0
    return lower, lower + 1, (value - axis[lower]) / (axis[lower + 1] - axis[lower])
