"""How far a figure may be believed by its age. It must not know what a figure is about."""

from __future__ import annotations

from typing import Final, Literal

from gtc_runtime.view import GONE_AFTER_S

STALE_AFTER_S: Final = 5.0
"""Older figures are greyed: the eye must not take them for live."""

Freshness = Literal["fresh", "stale", "gone"]


def freshness(age_s: float | None) -> Freshness:
    """How far figures of this age may be believed; an unknown age counts as gone."""
    if age_s is None or age_s > GONE_AFTER_S:
        return "gone"
    return "stale" if age_s > STALE_AFTER_S else "fresh"
