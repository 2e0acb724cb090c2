"""The closed forms of a profile from its tables; they continue the tables beyond their edges."""

from __future__ import annotations

from collections.abc import Sequence

from gtc_runtime.calibration import least_squares
from gtc_spec.profiles.closed_forms import DecodeFit, PrefillFit

SMALLEST = 1e-9
"""A coefficient that the points do not show is this small instead of 0 or less."""
ABOVE_FLOOR = 1.3
"""Prefills of more than this many floors follow the closed form without the floor."""

Point = tuple[int, int, float]


def prefill(points: Sequence[Point]) -> PrefillFit:
    """The closed form of a table of prefills (new tokens, cached tokens, ms)."""
    floor = min(ms for _, _, ms in points)
    clear = [point for point in points if point[2] > ABOVE_FLOOR * floor] or list(points)
    t0, each, attention = least_squares.fit(
        [(1.0, new, new * (cached + new / 2)) for new, cached, _ in clear],
        [ms for _, _, ms in clear],
        [ms**-2 for _, _, ms in clear],
    )
    return PrefillFit(
        t0_ms=round(t0, 4),
        floor_ms=round(floor, 3),
        ms_per_token=_positive(each),
        ms_per_token_x_context=_positive(attention),
    )


def decode(points: Sequence[Point]) -> DecodeFit:
    """The closed form of a table of decode steps (batch, context tokens, ms)."""
    t0, each, many, kv = least_squares.fit(
        [(1.0, batch, max(0, batch - 128), batch * context) for batch, context, _ in points],
        [ms for _, _, ms in points],
        [ms**-2 for _, _, ms in points],
    )
    return DecodeFit(
        t0_ms=_positive(t0),
        ms_per_seq=_positive(each),
        ms_per_seq_over_128=_positive(many),
        ms_per_kv_token=_positive(kv),
    )


def _positive(value: float) -> float:
    return float(f"{max(value, SMALLEST):.6g}")
