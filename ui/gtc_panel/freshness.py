"""How far a figure may be believed by its age. It must not know what a figure is about."""

from __future__ import annotations

from typing import Final, Literal

STALE_AFTER_S: Final = 5.0
"""Older figures are greyed: the eye must not take them for live."""
GONE_AFTER_S: Final = 15.0
"""Older figures are not shown at all."""

Freshness = Literal["fresh", "stale", "gone"]


def freshness(age_s: float | None) -> Freshness:
    """How far figures of this age may be believed; an unknown age counts as gone."""
    if age_s is None or age_s > GONE_AFTER_S:
        return "gone"
    return "stale" if age_s > STALE_AFTER_S else "fresh"
