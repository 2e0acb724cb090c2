"""Whether a cycle told its story: the claims of an environment, judged on a report.

One judge for the planner, the rehearsal and a live run. A figure that is missing fails its claim:
absent is not good. It must not know where the report comes from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from gtc_runtime.formats import NO_DATA_WORDS
from gtc_runtime.verdict import Verdict
from gtc_spec.environment import Environment
from gtc_spec.facts import Story

JSON = dict[str, Any]


@dataclass(frozen=True)
class Claim:
    """What the environment says of a phase, held against one cycle.

    Attributes:
        phase: The phase that it is about.
        claim: What should hold, in words.
        value: The figure found; None when the report lacks it.
        limit: What the figure is compared with.
        passed: Whether the claim holds.
    """

    phase: str
    claim: str
    value: float | None
    limit: float
    passed: bool

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
    ttft = _reader(phases, "ttft_ms", "summarization", "p95")
    base = ttft("BALANCED")
    yield from _at_least(
        "PREFILL_STRESS",
        "workload-B ttft p95 over BALANCED",
        _ratio(ttft("PREFILL_STRESS"), base),
        story.prefill_stress_ttft_ratio_min,
    )
    yield from _at_most(
        "PREFILL_RECOVERY",
        "workload-B ttft p95 of the tail over BALANCED",
        _ratio(ttft("PREFILL_RECOVERY", tail=True), base),
        story.prefill_recovery_ttft_ratio_max,
    )
    itl = _reader(phases, "itl_ms", "all", story.itl_quantile)
    calm, stressed = itl("BALANCED"), itl("DECODE_STRESS")
    yield from _at_least(
        "DECODE_STRESS",
        f"itl {story.itl_quantile} over BALANCED",
        _ratio(stressed, calm),
        story.decode_stress_itl_ratio_min,
    )
    yield from _at_least(
        "DECODE_RECOVERY",
        f"share of the rise of itl {story.itl_quantile} that the tail gives back",
        _given_back(calm, stressed, itl("DECODE_RECOVERY", tail=True)),
        story.decode_recovery_share_min,
    )
    turn1 = _reader(phases, "ttft_ms", "chat_turn1", "p50")("KV_CACHE_DEMO")
    turn2 = _reader(phases, "ttft_ms", "chat_turn2plus", "p50")("KV_CACHE_DEMO")
    yield from _at_most(
        "KV_CACHE_DEMO",
        "median ttft of turn 2+ over turn 1",
        _ratio(turn2, turn1),
        story.kv_turn2_share_max,
    )


def _reader(
    phases: dict[str, JSON], measure: str, key: str, quantile: str
) -> Callable[..., float | None]:
    def read(phase: str, *, tail: bool = False) -> float | None:
        found = phases.get(phase, {}).get(f"{measure}_tail" if tail else measure, {})
        value = found.get(key, {}).get(quantile)
        return None if value is None else float(value)

    return read


def _ratio(value: float | None, base: float | None) -> float | None:
    return None if value is None or not base else value / base


def _given_back(calm: float | None, high: float | None, after: float | None) -> float | None:
    if calm is None or high is None or after is None or high <= calm:
        return None
    return (high - after) / (high - calm)


def _at_least(phase: str, claim: str, value: float | None, limit: float | None) -> Iterator[Claim]:
    if limit is not None:
        passed = value is not None and value >= limit
        yield Claim(phase, f"{claim} >= {limit:g}", value, limit, passed)


def _at_most(phase: str, claim: str, value: float | None, limit: float | None) -> Iterator[Claim]:
    if limit is not None:
        passed = value is not None and value <= limit
        yield Claim(phase, f"{claim} <= {limit:g}", value, limit, passed)
