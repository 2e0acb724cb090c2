"""Whether a cycle told its story: the claims of an environment, judged on a report.

One judge for the planner, the rehearsal and a live run. A figure that is missing fails its claim:
absent is not good. It must not know where the report comes from.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

from gtc_runtime.formats import NO_DATA_WORDS
from gtc_runtime.verdict import Verdict
from gtc_spec.environment import Environment
from gtc_spec.facts import Story

JSON = dict[str, Any]
About = Literal["rise", "recovery", "cache"]
Measure = Literal["ttft", "itl"]
Judged = tuple[float | None, float, bool, float | None]


CALM: Final = "BALANCED"
"""The phase that others are compared with."""


@dataclass(frozen=True)
class Claim:
    """What the environment says of a phase, held against one cycle.

    Attributes:
        phase: The phase that it is about.
        claim: What should hold, in words.
        value: The figure found; None when the report lacks it.
        limit: What the figure is compared with.
        passed: Whether the claim holds.
        margin: How far the figure is on the good side of its limit, as a share of the limit;
            negative beyond it, None without a figure.
        about: Whether it tells a rise, the way back, or what the cache spares.
        measure, quantile: The latency whose figures it rests on.
        key: Whose requests ``after_ms`` is of, a key of the statistics.
        since: The phase that ``before_ms`` is of.
        before_ms, after_ms: The latency before and after; None when the report lacks it.
        limit_ms: What ``after_ms`` has to reach, at most or, of a rise, at least; None without
            the figures that it follows from.
    """

    phase: str
    claim: str
    value: float | None
    limit: float
    passed: bool
    margin: float | None
    about: About
    measure: Measure
    quantile: str
    key: str
    since: str
    before_ms: float | None
    after_ms: float | None
    limit_ms: float | None

    @property
    def verdict(self) -> Verdict:
        """For people."""
        return verdict(self.phase, self.claim, self.passed, figure(self.value))


def verdict(phase: str, claim: str, passed: bool, found: str) -> Verdict:
    """A claim about a phase, with what was found, for people."""
    return Verdict(phase, "green" if passed else "red", f"{claim}: {found}")


def figure(value: float | None) -> str:
    """What claims compare, with two decimals."""
    return NO_DATA_WORDS if value is None else f"{value:.2f}"


def judge(environment: Environment, phases: list[JSON]) -> list[Claim]:
    """Every claim that the environment makes about one cycle.

    Args:
        environment: Whose claims.
        phases: The phases of a report, see `gtc_runtime.scenario.report`.
    """
    by_name = {phase["name"]: phase for phase in phases}
    return list(_claims(environment.story, by_name))


def _claims(story: Story, phases: dict[str, JSON]) -> Iterator[Claim]:
    documents = _Figures(phases, "ttft", "summarization", "p95")
    yield from _rise(
        documents,
        "PREFILL_STRESS",
        "workload-B ttft p95 over BALANCED",
        story.prefill_stress_ttft_ratio_min,
    )
    yield from _prefill_recovery(documents, story.prefill_recovery_ttft_ratio_max)
    every = _Figures(phases, "itl", "all", story.itl_quantile)
    yield from _rise(
        every,
        "DECODE_STRESS",
        f"itl {story.itl_quantile} over BALANCED",
        story.decode_stress_itl_ratio_min,
    )
    yield from _decode_recovery(every, story.decode_recovery_share_min)
    yield from _cache(phases, story.kv_turn2_share_max)


@dataclass(frozen=True)
class _Figures:
    """One latency of some requests, phase by phase."""

    phases: dict[str, JSON]
    measure: Measure
    key: str
    quantile: str

    def of(self, phase: str, *, tail: bool = False) -> float | None:
        seen = self.phases.get(phase, {})
        if seen.get("interrupted"):
            return None  # a part of it was seen by nobody
        found = seen.get(f"{self.measure}_ms{'_tail' if tail else ''}", {})
        value = found.get(self.key, {}).get(self.quantile)
        return None if value is None else float(value)

    def claim(
        self,
        phase: str,
        claim: str,
        judged: Judged,
        about: About,
        before: tuple[str, float | None],
        after: tuple[float | None, float | None],
    ) -> Claim:
        """One claim on this latency.

        Args:
            phase: Its phase.
            claim: What should hold.
            about: What it tells.
            judged: Value, limit, whether the value passes, and its margin.
            before: Phase and latency before.
            after: Latency after, and what it has to reach.
        """
        figures = (self.measure, self.quantile, self.key)
        return Claim(phase, claim, *judged, about, *figures, *before, *after)


def _rise(figures: _Figures, phase: str, claim: str, limit: float | None) -> Iterator[Claim]:
    if limit is None:
        return
    base, found = figures.of(CALM), figures.of(phase)
    judged, words = _at_least(_ratio(found, base), limit), f"{claim} >= {limit:g}"
    least = None if base is None else limit * base
    yield figures.claim(phase, words, judged, "rise", (CALM, base), (found, least))


def _prefill_recovery(figures: _Figures, limit: float | None) -> Iterator[Claim]:
    if limit is None:
        return
    base, high = figures.of(CALM), figures.of("PREFILL_STRESS")
    found = figures.of("PREFILL_RECOVERY", tail=True)
    words = f"workload-B ttft p95 of the tail over BALANCED <= {limit:g}"
    judged, most = _at_most(_ratio(found, base), limit), None if base is None else limit * base
    before = ("PREFILL_STRESS", high)
    yield figures.claim("PREFILL_RECOVERY", words, judged, "recovery", before, (found, most))


def _decode_recovery(figures: _Figures, limit: float | None) -> Iterator[Claim]:
    if limit is None:
        return
    base, high = figures.of(CALM), figures.of("DECODE_STRESS")
    found = figures.of("DECODE_RECOVERY", tail=True)
    what = f"share of the rise of itl {figures.quantile} that the tail gives back"
    judged = _at_least(_given_back(base, high, found), limit)
    most = None if base is None or high is None else high - limit * (high - base)
    before = ("DECODE_STRESS", high)
    words = f"{what} >= {limit:g}"
    yield figures.claim("DECODE_RECOVERY", words, judged, "recovery", before, (found, most))


def _cache(phases: dict[str, JSON], limit: float | None) -> Iterator[Claim]:
    if limit is None:
        return
    later = _Figures(phases, "ttft", "chat_turn2plus", "p50")
    first = _Figures(phases, "ttft", "chat_turn1", "p50").of("KV_CACHE_DEMO")
    found = later.of("KV_CACHE_DEMO")
    words = f"median ttft of turn 2+ over turn 1 <= {limit:g}"
    judged, most = _at_most(_ratio(found, first), limit), None if first is None else limit * first
    before = ("KV_CACHE_DEMO", first)
    yield later.claim("KV_CACHE_DEMO", words, judged, "cache", before, (found, most))


def _ratio(value: float | None, base: float | None) -> float | None:
    return None if value is None or not base else value / base


def _given_back(calm: float | None, high: float | None, after: float | None) -> float | None:
    if calm is None or high is None or after is None or high <= calm:
        return None
    return (high - after) / (high - calm)


def _at_least(value: float | None, limit: float) -> Judged:
    return value, limit, value is not None and value >= limit, _margin(value, limit)


def _at_most(value: float | None, limit: float) -> Judged:
    margin = _margin(value, limit)
    return value, limit, value is not None and value <= limit, None if margin is None else -margin


def _margin(value: float | None, limit: float) -> float | None:
    return None if value is None else value / limit - 1
