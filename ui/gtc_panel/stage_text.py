"""Words of the audience's page and of what it shares with the presenter's: claims and marks.

Its reader has never seen this demo: no name of ours, no abbreviation that is not also spelled out.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from gtc_runtime.formats import whole
from gtc_runtime.view import Light
from gtc_spec.workloads import STATS

IDLE: Final = "Ready"
IDLE_SENTENCE: Final = "Prefill and decode each have workers of their own, and each can grow alone."
BY_HAND: Final = "Manual"
BY_HAND_SENTENCE: Final = "The presenter drives the load; watch prefill and decode follow."
NEXT_PHASE: Final = "next phase in"
AT_MOST: Final = "workers start, at most"
HELD: Final = "on hold"

SIMULATED: Final = "Simulated GPUs"
CLOUD: Final = "DigitalOcean"
RECORDED: Final = "RECORDED"
NO_CLUSTER: Final = "No data from the cluster"
NO_CLIENT: Final = "No data from the load client"
DISTRUST: Final[Mapping[Light, str]] = {
    "amber": "The load client is late: figures are this machine’s, not the GPUs’",
    "red": "The load client is far too late: figures are this machine’s, not the GPUs’",
}
"""Why the figures are not to be believed, by the light that says so."""

CLAIM_SIGN: Final = {"held": "✓", "failed": "✗", "measuring": "…"}
"""Signs of what a claim has come to; they differ in shape."""
LEGEND_CLAIMS: Final = {"held": "as claimed", "failed": "not"}
NO_CLAIM: Final = "Before and after: measured when the show reaches it"
LEGEND_MARKS: Final = {"ordered": "ordered", "ready": "ready", "fewer": "fewer workers"}

SPOTLIGHT: Final = {
    "ttft": "TTFT p95 · time to first token",
    "itl": "ITL p95 · time between tokens",
    "turns": "TTFT of turn 2 and later",
    "tokens": "Output tokens a second",
}
"""The figure that a phase is about."""
ROLE_OF: Final = {"ttft": "prefill", "itl": "decode", "turns": "prefill", "tokens": "decode"}
"""Whose colour it has."""
GOOD_RPS: Final = "good requests/s"
GOODPUT: Final = "met every goal"
TTFT_P99: Final = "TTFT p99"
TPOT: Final = "TPOT p95"
SAVED: Final = "of the wait saved"

FRONTEND: Final = "Frontend"
KV_TRANSFER: Final = "KV cache"
ANSWER: Final = "Live answer"
NO_ANSWER: Final = "No answer streams now."
NOT_RECORDED: Final = "Texts of answers are not recorded."
PATH: Final = {
    "waiting": ("waiting for the first token", "queueing for prefill"),
    "streaming": ("streaming", "streaming too slowly"),
}
"""What the dots do, and what they do where it jams."""
REQUESTS_AS_DOTS: Final = "requests"

IN_GOAL: Final = "in goal"
VERDICT: Final = {"yes": "✓", "no": "✗", "idle": "○"}
"""Sign for whether a goal holds; the signs differ in shape."""
WORKERS: Final = "Workers: ready/desired"
REQUESTS: Final = "Open requests"
WAITING: Final = "waiting for first token"
STREAMING: Final = "streaming"
KV_REUSE: Final = "KV reuse"
REUSED: Final = {"tokens": "of prompt tokens", "turns": "of TTFT saved"}
"""What the share is a share of."""
TURNS: Final = ("turn 1", "turn 2+")
ACTIVITY: Final = {"gpu": "GPUs busy", "good": "Good requests"}
"""Title by what the figures rest on."""
ACTIVITY_OF: Final = {
    "gpu": ("prefill: tensor", "decode: memory"),
    "good": ("a second", "met every goal"),
}
TAILS: Final = "Slowest 1 %"
TAILS_OF: Final = ("TTFT p99", "ITL p99", "TPOT p95")


def scaled_by(who: str | None) -> str:
    """Who changes the number of workers."""
    return f"Scaled by {who}" if who else "Scaling unknown"


def silent_for(what: str, seconds: str) -> str:
    """How long something has said nothing."""
    return f"{what} for {seconds} s" if seconds else what


def standing(model: str, hardware: str) -> str:
    """What answers here: ``Llama 3.1 70B · 8× H200 · DigitalOcean``."""
    return f"{model} · {hardware} · {CLOUD}"


def recorded(when: str) -> str:
    """That this is no live demo, and of which day it is."""
    try:
        return f"{RECORDED} {datetime.fromisoformat(when):%Y-%m-%d}"
    except ValueError:
        return RECORDED


def chip(state: str, figure: str) -> str:
    """A claim in a few characters: ``✓ 6.1x``; what is still measured has no figure yet."""
    return CLAIM_SIGN[state] if state == "measuring" else f"{CLAIM_SIGN[state]} {figure}"


def summary(held: int, judged: int) -> str:
    """What a whole cycle has shown."""
    return f"{held} of {judged} as claimed"


def answer_of(key: str) -> str:
    """Title of a live answer: ``Live answer · Reasoning``."""
    title = next((stat.title for stat in STATS if stat.key == key), "")
    return f"{ANSWER} · {title}" if title else ANSWER


def path_words(kind: str, count: int | None, *, jammed: bool) -> str:
    """``12 waiting for the first token``: what so many requests do on their path."""
    return f"{whole(count)} {PATH[kind][jammed]}"
