"""A few measured points over the whole grid of a profile that has the shape.

Prefill: the ratio of measured to table, between the measured points a straight line over the
logarithm of the new tokens, then over the cached ones. Decode: the part that grows with the
KV cache keeps the table's shape, scaled where contexts of one batch were measured; what is over
belongs to the batch (sampling, the host) and is read between the measured batches. A measured
prefill is its point of the table, a measured decode step within a few percent.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from statistics import mean

from gtc_spec.profiles.profile import DecodePoint, PrefillPoint, Profile

SPREAD_MIN = 0.2
"""Contexts of one batch tell the share of the KV cache when they move the step by this much."""

Point = tuple[int, int, float]
Line = Sequence[tuple[float, float]]


def prefill(base: Profile, points: Sequence[Point]) -> tuple[PrefillPoint, ...]:
    """The grid of ``base`` through these prefills (new tokens, cached tokens, ms)."""
    ratios: dict[int, list[tuple[float, float]]] = defaultdict(list)
    for new, cached, ms in sorted(points):
        ratios[cached].append((math.log(new), ms / base.prefill_ms(new, cached)))
    measured = {(new, cached): ms for new, cached, ms in points}
    grid = {(new, cached): ms for new, cached, ms in base.prefill}
    return tuple(
        PrefillPoint(
            new, cached, round(measured.get((new, cached)) or _scaled(ratios, (new, cached), ms), 3)
        )
        for (new, cached), ms in sorted(
            (grid | measured).items(), key=lambda each: (each[0][1], each[0][0])
        )
    )


def _scaled(ratios: dict[int, list[tuple[float, float]]], at: tuple[int, int], ms: float) -> float:
    new, cached = at
    across = [(level, along(line, math.log(new))) for level, line in sorted(ratios.items())]
    return ms * along(across, cached)


def decode(base: Profile, points: Sequence[Point]) -> tuple[DecodePoint, ...]:
    """The grid of ``base`` through these decode steps (batch, context tokens, ms)."""
    share = kv_share(base, points)
    over = _over(base, points, share)
    return tuple(
        DecodePoint(batch, context, round(share * ms + _of_batch(over, batch), 3))
        for batch, context, ms in base.decode
    )


def kv_share(base: Profile, points: Sequence[Point]) -> float:
    """What a step of ``base`` is to be multiplied with, so that contexts differ as measured."""
    top = bottom = 0.0
    for same in _by_batch(points).values():
        table = [base.decode_step_ms(batch, batch * context) for batch, context, _ in same]
        if max(table) < (1 + SPREAD_MIN) * min(table):
            continue
        middle, average = mean(table), mean(ms for *_, ms in same)
        for told, (*_, ms) in zip(table, same, strict=True):
            top += (told - middle) * (ms - average)
            bottom += (told - middle) ** 2
    return top / bottom if bottom else 1.0


def _over(base: Profile, points: Sequence[Point], share: float) -> list[tuple[float, float]]:
    return [
        (batch, mean(ms - share * base.decode_step_ms(batch, batch * each) for _, each, ms in same))
        for batch, same in sorted(_by_batch(points).items())
    ]


def _of_batch(over: Line, batch: int) -> float:
    """Between measured batches a straight line, above the largest in proportion to the batch."""
    largest, value = over[-1]
    return value * batch / largest if batch > largest else along(over, batch)


def _by_batch(points: Sequence[Point]) -> dict[int, list[Point]]:
    found: dict[int, list[Point]] = defaultdict(list)
    for point in points:
        found[point[0]].append(point)
    return found


def along(line: Line, at: float) -> float:
    """A line of (place, value), ascending; outside it the value of its nearer end."""
    places = [place for place, _ in line]
    if at <= places[0] or len(line) == 1:
        return line[0][1]
    if at >= places[-1]:
        return line[-1][1]
    (left, low), (right, high) = list(pairwise(line))[bisect_left(places, at) - 1]
    return low + (high - low) * (at - left) / (right - left)
