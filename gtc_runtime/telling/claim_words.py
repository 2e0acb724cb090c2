"""How a measured before and after is written. Words alone: what is true is decided elsewhere."""

from __future__ import annotations

from typing import Final, NamedTuple

from gtc_runtime.formats import NO_DATA, NO_DATA_WORDS, duration, latency, workers
from gtc_runtime.scenario.story import About
from gtc_runtime.told import ClaimState
from gtc_spec.pools import Role

ROLE_OF: Final[dict[str, Role]] = {"ttft": "prefill", "itl": "decode"}
"""The pool whose workers a latency depends on."""
FAILED: Final[dict[About, str]] = {
    "rise": "rose too little: ",
    "recovery": "did not recover: ",
    "cache": "little gain: ",
}


class Cause(NamedTuple):
    """Workers that were added: how many, and for how long they have been ready."""

    added: int
    role: Role
    ready_for_s: float


class Figures(NamedTuple):
    """What is told of one claim.

    Attributes:
        name: The latency, ``TTFT p95``.
        before_ms, after_ms: Before and now.
        cause: None where no workers were added.
        back_s: Seconds from their being ready to the effect; None before there is one.
    """

    name: str
    before_ms: float | None
    after_ms: float | None
    cause: Cause | None = None
    back_s: float | None = None


def story_text(about: About, state: ClaimState, told: Figures) -> str:
    """``TTFT p95 15.9 s → 2.60 s, 41 s after +2 prefill workers``."""
    later = " from turn 2 on" if about == "cache" else ""
    if state == "measuring":
        return f"{_change_so_far(told, later)}{_because(told, state)}"
    failed = FAILED[about] if state == "failed" else ""
    return f"{failed}{_change(told)}{later}{_because(told, state)}"


def hand_text(state: ClaimState, told: Figures) -> str:
    """``TTFT p95 9.10 s → 2.00 s, back in goal 38 s after +1 prefill worker``."""
    if state == "held" and told.cause is not None and told.back_s is not None:
        after = f"{duration(told.back_s)} after {_plus(told.cause)}"
        return f"{_change(told)}, back in goal {after}"
    failed = "not back in goal" if state == "failed" else "not yet back in goal"
    return f"{failed}: {_change(told)}{_because(told, state)}"


def chip(told: Figures) -> str:
    """By which factor it has changed, ``6.1x``."""
    if not told.before_ms or not told.after_ms:
        return NO_DATA
    factor = told.after_ms / told.before_ms
    return f"{max(factor, 1 / factor):.1f}x"


def name(measure: str, quantile: str, whose: str = "") -> str:
    """``TTFT p95``, or of some requests only ``Summarization TTFT p95``."""
    return f"{whose} {measure.upper()} {quantile}".strip()


def _change(told: Figures) -> str:
    before, after = (latency(each, NO_DATA_WORDS) for each in (told.before_ms, told.after_ms))
    return f"{told.name} {before} → {after}"


def _change_so_far(told: Figures, later: str) -> str:
    if told.before_ms is None:
        return f"{told.name}: no data yet"
    if told.after_ms is None:
        return f"{told.name} {latency(told.before_ms)} before, no data since"
    return f"{_change(told)}{later} so far"


def _because(told: Figures, state: ClaimState) -> str:
    if told.cause is None:
        return ""
    if state != "failed" and told.back_s:
        return f", {duration(told.back_s)} after {_plus(told.cause)}"
    if state == "measuring" and told.back_s is None:
        return f", {duration(told.cause.ready_for_s)} with {_plus(told.cause)}"
    return f" with {_plus(told.cause)}"


def _plus(cause: Cause) -> str:
    return f"+{workers(cause.added, cause.role)}"
