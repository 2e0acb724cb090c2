"""What the figures of one view show: goals, a queue, streams, workers that help, a warm cache.

Each function is one family of sentences with its conditions. It must not know phases or time.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from gtc_runtime.formats import latency, workers
from gtc_runtime.told import ClaimView, SentenceView
from gtc_runtime.view import WINDOW_S, DemoView
from gtc_spec.pools import PDRatio, Role
from gtc_spec.workloads import FACTS

Measure = Literal["ttft", "itl"]
MEASURES: Final[tuple[Measure, ...]] = ("ttft", "itl")
WORDS: Final = 16
"""A sentence has no more: it is read in passing."""


class Seen:
    """Questions to one view.

    Args:
        view: The view.
    """

    def __init__(self, view: DemoView) -> None:
        self.view = view

    def value_ms(self, measure: Measure, quantile: str, key: str = "all") -> float | None:
        """A latency of the last `WINDOW_S`; None without samples."""
        workload = self.view.workloads.get(key)
        if workload is None:
            return None
        value: float | None = getattr(getattr(workload, measure), f"{quantile}_ms")
        return value

    def figure(self, measure: Measure, quantile: str) -> str:
        """``TTFT p95 13.5 s``; empty without samples."""
        value_ms = self.value_ms(measure, quantile)
        return "" if value_ms is None else f"{measure.upper()} {quantile} {latency(value_ms)}"

    def goal(self, measure: Measure) -> str:
        """The goal of a latency, written."""
        return latency(self.goal_ms(measure))

    def goal_ms(self, measure: Measure) -> float:
        """The goal of a latency."""
        goals = self.view.goals
        return goals.ttft_p95_ms if measure == "ttft" else goals.itl_p95_ms

    def above(self, measure: Measure) -> bool | None:
        """Whether a goal is missed; None without samples."""
        value_ms = self.value_ms(measure, "p95")
        return None if value_ms is None else value_ms > self.goal_ms(measure)

    def ratio(self, what: Literal["desired", "ready"]) -> PDRatio | None:
        """Both pools; None unless both are known."""
        counts = {pool.role: getattr(pool, what) for pool in self.view.pools}
        if counts.get("prefill") is None or counts.get("decode") is None:
            return None
        return PDRatio(counts["prefill"], counts["decode"])

    @property
    def open(self) -> str:
        """``24 requests open``."""
        return f"{_requests(self.view.load.in_flight)} open"

    @property
    def claim(self) -> ClaimView | None:
        """The measured claim about the running phase."""
        name = self.view.phase.name
        return next((each for each in self.view.claims if each.phase == name), None)


def _requests(number: int | None) -> str:
    return f"{number} {'request' if number == 1 else 'requests'}"


def goals(now: Seen, begin: str = "") -> SentenceView:
    """Whether both goals hold.

    Args:
        now: The view.
        begin: What the sentence begins with.
    """
    known = [each for each in MEASURES if now.above(each) is not None]
    missed = [each for each in known if now.above(each)]
    figures = ", ".join(now.figure(each, "p95") for each in known)
    no, both = ("no", "both") if begin else ("No", "Both")
    if not known:
        return SentenceView(f"{begin}{no} first token in the last {WINDOW_S} s yet.", "expected")
    if len(known) == 1 and not missed:
        return SentenceView(f"{begin}{figures} is within goal {now.goal(known[0])}.", "holds")
    if not missed:
        return SentenceView(f"{begin}{both} goals hold: {figures}.", "holds")
    if len(missed) == len(MEASURES):
        return SentenceView(f"{begin}{both} goals are missed: {figures}.", "not-yet")
    slow = missed[0]
    told = f"{begin}{now.figure(slow, 'p95')} is above goal {now.goal(slow)}"
    other = "; ".join(f"{now.figure(each, 'p95')} holds" for each in known if each != slow)
    return SentenceView(f"{told}; {other}." if other else f"{told}.", "not-yet")


def queue(now: Seen) -> SentenceView:
    """Requests that wait for prefill; the goal of TTFT says whether it is seen."""
    figure, above = now.figure("ttft", "p95"), now.above("ttft")
    number = now.view.load.waiting
    wait = f"{_requests(number)} {'waits' if number == 1 else 'wait'} for a first token"
    told = f"; {figure}, goal {now.goal('ttft')}" if figure else ""
    return SentenceView(f"{wait}{told}.", "holds" if above else "expected")


def streams(now: Seen, quantile: str) -> SentenceView:
    """Answers that share decode; the claim of the phase says whether it is seen, else the goal.

    Args:
        now: The view.
        quantile: The figure of ITL that the story judges.
    """
    number, claim = now.view.load.streaming, now.claim
    text = f"{number} {'answer streams' if number == 1 else 'answers stream'} at once"
    if claim is None or claim.before_ms is None or claim.limit_ms is None:
        figure, above = now.figure("itl", "p95"), bool(now.above("itl"))
        text += f"; {figure}, goal {now.goal('itl')}" if figure else ""
        return SentenceView(f"{text}.", "holds" if above else "expected")
    value_ms = now.value_ms("itl", quantile)
    if value_ms is None:
        return SentenceView(f"{text}.", "expected")
    figure = f"{now.figure('itl', quantile)}, {latency(claim.before_ms)} in Balanced"
    state: Literal["holds", "expected"] = "holds" if value_ms >= claim.limit_ms else "expected"
    return SentenceView(f"{text}; {figure}.", state)


class Added(NamedTuple):
    """Workers that a phase has added.

    Attributes:
        role: Their pool.
        before, wanted: Its workers before, and now.
        quantile: Which figure of its latency tells what they do.
    """

    role: Role
    before: int
    wanted: int
    quantile: str


def recovery(now: Seen, added: Added) -> SentenceView:
    """Whether the latency is back that workers were added for."""
    measure: Measure = "ttft" if added.role == "prefill" else "itl"
    have, there = _have(now, added)
    quantile, claim = added.quantile, now.claim
    if claim is None or claim.limit_ms is None or claim.before_ms is None:
        quantile = "p95"  # the goal is about it
    value_ms, figure = now.value_ms(measure, quantile), now.figure(measure, quantile)
    if value_ms is None:
        return SentenceView(f"{have}; no figures of the last {WINDOW_S} s yet.", "expected")
    limit_ms, beside = now.goal_ms(measure), f"goal {now.goal(measure)}"
    if quantile != "p95" and claim is not None and claim.limit_ms is not None:
        limit_ms, beside = claim.limit_ms, f"{latency(claim.before_ms)} under stress"
    if value_ms > limit_ms:
        return SentenceView(f"{have}; {figure} still, the window is {WINDOW_S} s.", "not-yet")
    return SentenceView(f"{have}; {figure}, {beside}.", "holds" if there else "not-yet")


def _have(now: Seen, added: Added) -> tuple[str, bool]:
    """Who is ready, in words, and whether these are all."""
    pool = next((each for each in now.view.pools if each.role == added.role), None)
    if pool is None or pool.ready is None or pool.desired is None:
        return "Nobody knows which workers are ready", False
    if pool.ready < pool.desired:
        return f"{pool.ready} of {workers(pool.desired, added.role)} ready", False
    step = added.wanted - added.before
    if pool.ready < added.wanted or step <= 0:
        count, number = workers(pool.ready, added.role), pool.ready
    else:
        count, number = workers(step, added.role, "more"), step
    return f"{count} {'is' if number == 1 else 'are'} ready", pool.ready >= added.wanted


def cache(now: Seen, share: float) -> SentenceView:
    """What later turns of a chat gain.

    Args:
        now: The view.
        share: How much of the TTFT of turn 1 a later turn may take.
    """
    first_ms, later_ms = (now.value_ms("ttft", "p50", key) for key in FACTS["chat"].keys)
    if first_ms is None and later_ms is None:
        return SentenceView(f"No first token of a chat in the last {WINDOW_S} s yet.", "expected")
    first = latency(first_ms, "no data")
    if first_ms is None or later_ms is None:
        known, which = (first, "turn 1") if later_ms is None else (latency(later_ms), "turn 2+")
        return SentenceView(f"TTFT p50 of {which} is {known}; other turns are to come.", "expected")
    told = f"TTFT p50 of turn 2+ is {latency(later_ms)}, of turn 1 {first}"
    if later_ms < first_ms and later_ms <= share * first_ms:
        return SentenceView(f"{told}.", "holds")
    return SentenceView(f"{told}: little gain.", "not-yet")
