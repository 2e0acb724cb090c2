"""Does the show tell its story? A prediction over several seeds, judged like a real run.

It must not print: the command line draws the result. A claim holds when it passes in at least
three of four seeds, because one unlucky draw of documents is not a broken table.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from multiprocessing import get_context
from typing import Any

from gtc_runtime.planning.simulator import Simulation
from gtc_runtime.scenario.story import figure, judge, verdict
from gtc_runtime.verdict import Verdict
from gtc_spec.environment import Environment
from gtc_spec.profiles.profile import Profile

PASS_SHARE = 0.75
JSON = dict[str, Any]


@dataclass(frozen=True)
class PredictedClaim:
    """One claim of the story over all seeds.

    Attributes:
        phase: The phase that it is about.
        claim: What should hold, in words.
        median: Median of the figure; None when no seed had one.
        passed_seeds: Seeds in which it held.
        seeds: Seeds that were played.
    """

    phase: str
    claim: str
    median: float | None
    passed_seeds: int
    seeds: int

    @property
    def passed(self) -> bool:
        """Whether enough seeds agree."""
        return self.passed_seeds >= PASS_SHARE * self.seeds

    @property
    def verdict(self) -> Verdict:
        """For people."""
        found = f"median {figure(self.median)}, {self.passed_seeds}/{self.seeds} seeds"
        return verdict(self.phase, self.claim, self.passed, found)


@dataclass(frozen=True)
class Prediction:
    """What the planner expects of one cycle.

    Attributes:
        environment: Name of the environment.
        table: Name of the phase table.
        phases: The phases in report form, every figure the median over the seeds.
        claims: The judged claims.
    """

    environment: str
    table: str
    phases: tuple[JSON, ...]
    claims: tuple[PredictedClaim, ...]

    @property
    def passed(self) -> bool:
        """Whether every claim holds."""
        return all(claim.passed for claim in self.claims)

    @property
    def failing_phases(self) -> list[str]:
        """Phases with a claim that does not hold, in the order of the claims."""
        return list(dict.fromkeys(claim.phase for claim in self.claims if not claim.passed))

    def to_json(self) -> JSON:
        """Plain containers."""
        claims = [{**asdict(claim), "passed": claim.passed} for claim in self.claims]
        return {
            "env": self.environment,
            "table": self.table,
            "passed": self.passed,
            "phases": list(self.phases),
            "claims": claims,
        }


def predict(environment: Environment, *, seeds: int, processes: int = 2) -> Prediction:
    """Play a cycle once for each seed and judge every one of them.

    Args:
        environment: Facts, with the phase table to play.
        seeds: How many cycles; seed numbers are 1 to ``seeds``.
        processes: How many run at once; 1 stays in this process.
    """
    profile = Profile.load(environment.model.profile)
    play = partial(_cycle, environment, profile)
    numbers = range(1, seeds + 1)
    if processes == 1:
        cycles = [play(number) for number in numbers]
    else:
        with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
            cycles = list(pool.map(play, numbers))
    return Prediction(
        environment.name,
        environment.phases,
        tuple(_median_phase(list(same)) for same in zip(*cycles, strict=True)),
        tuple(_claims(environment, cycles)),
    )


def _cycle(environment: Environment, profile: Profile, seed: int) -> list[JSON]:
    return Simulation(environment, profile, seed).run()


def _claims(environment: Environment, cycles: list[list[JSON]]) -> Iterator[PredictedClaim]:
    for same in zip(*(judge(environment, cycle) for cycle in cycles), strict=True):
        values = [claim.value for claim in same if claim.value is not None]
        median = statistics.median(values) if values else None
        passed = sum(claim.passed for claim in same)
        yield PredictedClaim(same[0].phase, same[0].claim, median, passed, len(same))


def _median_phase(same: list[Any]) -> Any:
    """The median of every number in equal structures; the rest from the first one."""
    first = same[0]
    if isinstance(first, dict):
        return {key: _median_phase([each[key] for each in same if key in each]) for key in first}
    numbers = [each for each in same if isinstance(each, (int, float))]
    if numbers and not isinstance(first, (str, list, bool)):
        return round(statistics.median(numbers), 2)
    return first
