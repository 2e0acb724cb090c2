"""Phases that are to be calm: the highest rate, not above the present one, that keeps the goals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from gtc_runtime.formats import latency_s
from gtc_runtime.planning.answers.fit.bench import Bench, worst
from gtc_runtime.planning.answers.fit.draft import Draft
from gtc_runtime.planning.answers.fit.pairs import AIM, CALM, SPARE
from gtc_runtime.planning.answers.fit.search import first, rates

SPARED: Final = 0.05
"""Of a goal that a calm phase leaves."""
LEAST: Final = 0.25
"""Of the present rate that is still looked at."""
CACHE: Final = "KV_CACHE_DEMO"
TTFT: Final = ("ttft_ms", "all", "p95")
ITL: Final = ("itl_ms", "all", "p95")


def calmed(draft: Draft, bench: Bench, name: str) -> Draft:
    """The phase at a rate at which three of four seeds keep both goals."""
    phase, slo = draft.phase(name), draft.environment.slo

    def left(rps: float) -> float:
        tried = draft.with_phase(name, "", rps=rps)
        cycles = bench.cycles(tried, [CALM, name])
        ttft, itl = worst(cycles, name, TTFT), worst(cycles, name, ITL)
        return 1 - max((ttft or 0.0) / slo.ttft_p95_s, (itl or 0.0) / slo.itl_p95_s)

    why = (
        f"at {{now:g}} rps TTFT or ITL p95 is beyond {latency_s(slo.ttft_p95_s)} or"
        f" {latency_s(slo.itl_p95_s)}: this is the highest rate that keeps both"
    )
    return draft if phase is None else _slowed(draft, name, left, SPARED, why)


def cached(draft: Draft, bench: Bench) -> Draft:
    """The chats at a rate at which the cache is seen."""

    def left(rps: float) -> float:
        tried = draft.with_phase(CACHE, "", rps=rps)
        return bench.margin(tried, bench.cycles(tried, [CALM, CACHE]), CACHE)

    why = "at {now:g} rps the wait for prefill hides what the cache spares"
    return draft if draft.phase(CACHE) is None else _slowed(draft, CACHE, left, AIM + SPARE, why)


def _slowed(draft: Draft, name: str, left: Callable[[float], float], aim: float, why: str) -> Draft:
    """At the highest rate that leaves enough; as it is where it does, or where none does."""
    phase = draft.phase(name)
    if phase is None or left(phase.rps) >= aim:
        return draft
    grid = rates(phase.rps * LEAST, phase.rps)[::-1]
    place = first(lambda place: left(grid[place]) >= aim, len(grid))
    if place == len(grid):
        return draft
    changed = {"rps": grid[place]}
    if phase.ramp_to_rps is not None and phase.ramp_to_rps > grid[place]:
        changed["ramp_to_rps"] = grid[place]
    return draft.with_phase(name, why.format(now=phase.rps), **changed)
