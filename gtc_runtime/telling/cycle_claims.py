"""The claims of the running cycle, judged while it runs by the code that judges its report.

A phase whose requests have all ended is cut out of the statistics once and kept, so that its
claims are those of the report whatever happens later. It must not know modes or who scales.
"""

from __future__ import annotations

from gtc_runtime.load.figures.slice_book import SliceBook
from gtc_runtime.scenario import report
from gtc_runtime.scenario.cycle_log import CycleLog, PhaseSpan
from gtc_runtime.scenario.report import JSON
from gtc_runtime.scenario.story import CALM, Claim, judge
from gtc_runtime.telling.claim_words import ROLE_OF, Cause, Figures, chip, name, story_text
from gtc_runtime.telling.recovery import Latency, Recovery
from gtc_runtime.told import ClaimState, ClaimView
from gtc_spec.environment import Environment
from gtc_spec.workloads import FACTS

REPORTED_S = 2
"""So long after the end of a window every request that was due in it has been reported."""


class CycleClaims:
    """Judges one cycle after the other.

    Args:
        environment: Whose story.
    """

    def __init__(self, environment: Environment) -> None:
        self._env = environment
        self._names = {CALM, *(claim.phase for claim in judge(environment, []))}
        self._begin(CycleLog())

    def _begin(self, log: CycleLog) -> None:
        self._log = log
        self._settled: list[JSON] = []
        self._recoveries: dict[str, Recovery] = {}

    def see(
        self, log: CycleLog, book: SliceBook, now_s: float, *, running: bool
    ) -> tuple[ClaimView, ...]:
        """Every claim about a phase that has begun, in the order of the phases.

        Args:
            log: The cycle; another object is another cycle.
            book: Its statistics.
            now_s: Clock of both.
            running: Whether the last phase of the log still runs. If not, and its main part was
                not over, it was broken off, and nothing is claimed about it.
        """
        if log is not self._log:
            self._begin(log)
        phases, final = self._phases(book, int(now_s), running)
        spans = {str(span.segment.phase.name): span for span in log.spans}
        claims = {claim.phase: claim for claim in judge(self._env, phases)}
        return tuple(
            self._view(claims[each["name"]], spans, book, now_s, final=each["name"] in final)
            for each in phases
            if each["name"] in claims and _tellable(claims[each["name"]], log)
        )

    def _phases(
        self, book: SliceBook, now_s: int, running: bool
    ) -> tuple[list[JSON], frozenset[str]]:
        """The phases so far, and the names of those whose latencies change no more."""
        found, final = list(self._settled), {each["name"] for each in self._settled}
        quiet = True  # no request of an earlier phase is open
        for place, span in enumerate(self._spans(running)):
            if place < len(self._settled):
                continue
            phase = report.phase(self._log, span.so_far(now_s), book)
            found.append(phase)
            over = span.measured and now_s >= span.main_end_s + REPORTED_S
            if over and quiet and phase["open"] <= 0:
                final.add(phase["name"])
            ended = span is not self._log.spans[-1] or not running
            ended = ended and now_s >= span.end_s + REPORTED_S
            quiet = quiet and ended and _open(phase) <= 0
            if quiet:
                self._settled.append(phase)
        return found, frozenset(final)

    def _spans(self, running: bool) -> list[PhaseSpan]:
        """The phases up to the last that something is claimed about."""
        spans = [span for span in self._log.spans if running or span.measured]
        wanted = [
            at for at, span in enumerate(spans) if str(span.segment.phase.name) in self._names
        ]
        return spans[: wanted[-1] + 1] if wanted else []

    def _view(
        self,
        claim: Claim,
        spans: dict[str, PhaseSpan],
        book: SliceBook,
        now_s: float,
        *,
        final: bool,
    ) -> ClaimView:
        state: ClaimState = "measuring"
        if final:
            state = "held" if claim.passed else "failed"
        cause, recovery = self._effect(claim, spans, book, now_s)
        after_ms, back_s = claim.after_ms, None
        if recovery is not None:
            back_s = recovery.after_s
            if state == "measuring" and back_s is None:
                after_ms = recovery.value_ms  # the tail so far lacks those that still wait
        title = name(claim.measure, claim.quantile, _whose(claim, spans))
        told = Figures(title, claim.before_ms, after_ms, cause, back_s)
        return ClaimView(
            phase=claim.phase,
            state=state,
            text=story_text(claim.about, state, told),
            chip=chip(told),
            claim=claim.claim,
            value=claim.value,
            limit=claim.limit,
            before_ms=claim.before_ms,
            after_ms=after_ms,
            after_s=back_s,
            limit_ms=claim.limit_ms,
            measure=claim.measure,
            quantile=claim.quantile,
        )

    def _effect(
        self, claim: Claim, spans: dict[str, PhaseSpan], book: SliceBook, now_s: float
    ) -> tuple[Cause | None, Recovery | None]:
        """The workers that were added, and what they did to the latency."""
        span, before = spans[claim.phase], spans.get(claim.since)
        if claim.about != "recovery" or before is None:
            return None, None
        role, until_s = ROLE_OF[claim.measure], span.main_end_s if span.measured else int(now_s)
        wanted = span.segment.ratio.of(role)
        grown = self._log.grown(role, wanted, before.start_s, until_s + 1)
        if grown is None:
            return None, None
        ready_s, added = grown
        latency = Latency(claim.measure, claim.quantile, claim.key)
        recovery = self._recoveries.setdefault(claim.phase, Recovery(latency, ready_s))
        if claim.limit_ms is not None:
            recovery.look(book, min(until_s, now_s - REPORTED_S), claim.limit_ms)
        return Cause(added, role, max(0.0, now_s - ready_s)), recovery


def _tellable(claim: Claim, log: CycleLog) -> bool:
    """Whether it may hold or fail; not without figures that a panel before has taken with it."""
    return not log.interrupted or claim.value is not None


def _open(phase: JSON) -> int:
    """Requests of a phase that have not ended."""
    seen = phase["requests"]
    left: int = seen["due"] - seen["ok"] - seen["shed"] - sum(seen["failed"].values())
    return left


def _whose(claim: Claim, spans: dict[str, PhaseSpan]) -> str:
    """Whose requests the figures are of; empty when both phases had no others."""
    alone = [each for each, facts in FACTS.items() if claim.key in facts.keys]
    if not alone:
        return ""
    compared = [spans[each] for each in (claim.phase, claim.since) if each in spans]
    pure = all(span.segment.mix[alone[0]] == 100 for span in compared)
    return "" if pure else FACTS[alone[0]].title
