"""Does the show tell its story? A prediction over several seeds, judged like a real run.

It must not print: the command line draws the result. A claim holds when it passes in at least
three of four seeds, because one unlucky draw of documents is not a broken table.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from gtc_runtime.formats import percent
from gtc_runtime.planning.answers.crew import Crew, crew
from gtc_runtime.planning.answers.cycle import Show, play
from gtc_runtime.planning.answers.spread import HIGH, LOW, Spread, folded, quantile
from gtc_runtime.scenario.story import Claim, figure, judge, verdict
from gtc_runtime.verdict import Verdict
from gtc_spec.environment import Environment

PASS_SHARE = 0.75
JSON = dict[str, Any]


@dataclass(frozen=True)
class PredictedClaim:
    """One claim of the story over all seeds.

    Attributes:
        phase: The phase that it is about.
        claim: What should hold, in words.
        found: Its figure over the seeds; None when no seed had one.
        margin: How far that is on the good side of the limit, as shares of it; likewise.
        sure: The margin that three of four seeds have; None when one of them had none.
        passed_seeds: Seeds in which it held.
        seeds: Seeds that were played.
    """

    phase: str
    claim: str
    found: Spread | None
    margin: Spread | None
    sure: float | None
    passed_seeds: int
    seeds: int

    @property
    def passed(self) -> bool:
        """Whether enough seeds agree."""
        return self.passed_seeds >= PASS_SHARE * self.seeds

    @property
    def median(self) -> float | None:
        """Median of the figure; None when no seed had one."""
        return None if self.found is None else self.found.median

    @property
    def verdict(self) -> Verdict:
        """For people."""
        return verdict(self.phase, self.claim, self.passed, self._told)

    @property
    def _told(self) -> str:
        agree = f"{self.passed_seeds}/{self.seeds} seeds"
        if self.found is None or self.margin is None:
            return f"{figure(None)}, {agree}"
        low, high = figure(self.found.low), figure(self.found.high)
        margin = f"margin {percent(self.margin.median, 0)}"
        return f"median {figure(self.found.median)} ({low} to {high}), {margin}, {agree}"

    @classmethod
    def of(cls, same: Sequence[Claim]) -> PredictedClaim:
        """One claim, judged once a seed."""
        return cls(
            same[0].phase,
            same[0].claim,
            Spread.of([claim.value for claim in same]),
            Spread.of([claim.margin for claim in same]),
            _sure([claim.margin for claim in same]),
            sum(claim.passed for claim in same),
            len(same),
        )

    def to_json(self) -> JSON:
        """Plain containers."""
        return {**asdict(self), "median": self.median, "passed": self.passed}


@dataclass(frozen=True)
class Prediction:
    """What the planner expects of one cycle.

    Attributes:
        environment: Name of the environment.
        table: Name of the phase table.
        phases: The phases in report form, every figure the median over the seeds.
        low, high: The same with what one seed in ten stays below, and goes beyond.
        claims: The judged claims.
    """

    environment: str
    table: str
    phases: tuple[JSON, ...]
    low: tuple[JSON, ...]
    high: tuple[JSON, ...]
    claims: tuple[PredictedClaim, ...]

    @property
    def passed(self) -> bool:
        """Whether every claim holds."""
        return all(claim.passed for claim in self.claims)

    @property
    def failing_phases(self) -> list[str]:
        """Phases with a claim that does not hold, in the order of the claims."""
        return list(dict.fromkeys(claim.phase for claim in self.claims if not claim.passed))

    @property
    def worst_margin(self) -> float | None:
        """The smallest median margin of a claim; None when one has no figure."""
        margins = [claim.margin for claim in self.claims]
        return min((m.median for m in margins if m), default=None) if all(margins) else None

    def to_json(self) -> JSON:
        """Plain containers."""
        return {
            "env": self.environment,
            "table": self.table,
            "passed": self.passed,
            "phases": list(self.phases),
            "phases_p10": list(self.low),
            "phases_p90": list(self.high),
            "claims": [claim.to_json() for claim in self.claims],
        }


def predict(
    environment: Environment,
    *,
    seeds: int,
    processes: int = 0,
    done: Callable[[], None] | None = None,
) -> Prediction:
    """Play a cycle once for each seed and judge every one of them.

    Args:
        environment: Facts, with the phase table to play.
        seeds: How many cycles; seed numbers are 1 to ``seeds``.
        processes: How many run at once; 1 stays in this process, 0 takes what suits the machine.
        done: Called after each cycle.
    """
    with crew(processes, done) as players:
        return predicted(Show.of(environment), range(1, seeds + 1), players)


def predicted(show: Show, seeds: Sequence[int], players: Crew) -> Prediction:
    """The same of any show, played by a crew that is there already."""
    cycles = [cycle.phases for cycle in players.each(partial(play, show), seeds)]
    environment = show.environment
    picks = (statistics.median, partial(quantile, q=LOW), partial(quantile, q=HIGH))
    medians, low, high = (
        tuple(folded(list(same), pick) for same in zip(*cycles, strict=True)) for pick in picks
    )
    claims = tuple(_claims(environment, cycles))
    return Prediction(environment.name, environment.phases, medians, low, high, claims)


def _sure(margins: Sequence[float | None]) -> float | None:
    known = [margin for margin in margins if margin is not None]
    return quantile(known, 1 - PASS_SHARE) if len(known) == len(margins) else None


def _claims(environment: Environment, cycles: list[list[JSON]]) -> Iterator[PredictedClaim]:
    for same in zip(*(judge(environment, cycle) for cycle in cycles), strict=True):
        yield PredictedClaim.of(same)
