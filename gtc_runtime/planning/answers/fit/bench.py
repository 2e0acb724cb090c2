"""Plays drafts for the fit and tells how far their claims hold; every draft is played once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

from gtc_runtime.planning.answers.crew import Crew
from gtc_runtime.planning.answers.cycle import Cycle, Show, play
from gtc_runtime.planning.answers.fit.draft import Draft, aiming, only
from gtc_runtime.planning.answers.spread import quantile
from gtc_runtime.planning.hardware import Hardware
from gtc_runtime.scenario.story import judge
from gtc_spec.environment import Environment

JSON = dict[str, Any]
SHARE: Final = 0.25
"""A margin counts when three of four seeds have it."""
LOST: Final = -1.0
"""The margin of a claim without a figure."""


class Bench:
    """Plays parts of a show.

    Args:
        hardware: What it is played on.
        seeds: Their numbers.
        crew: Who plays.
        told: Called with what is being looked for.
    """

    def __init__(
        self, hardware: Hardware, seeds: Sequence[int], crew: Crew, told: Callable[[str], None]
    ) -> None:
        self.hardware, self.told = hardware, told
        self._seeds, self._crew = seeds, crew

    def cycles(self, draft: Draft, names: Sequence[str] = ()) -> list[Cycle]:
        """The show once a seed, with these phases only; all of them by default."""
        environment = only(draft.environment, names) if names else draft.environment
        show = Show(environment, self.hardware)
        return list(self._crew.each(partial(play, show), self._seeds))

    def margin(self, draft: Draft, cycles: list[Cycle], phase: str) -> float:
        """The margin of a phase's claim that three of four seeds have."""
        return margin(aiming(draft.environment), cycles, phase)


def margin(environment: Environment, cycles: Sequence[Cycle], phase: str) -> float:
    """The margin of the claims about a phase that three of four seeds have."""
    found = []
    for cycle in cycles:
        claims = [each for each in judge(environment, cycle.phases) if each.phase == phase]
        found.append(min(LOST if each.margin is None else each.margin for each in claims))
    return quantile(found, SHARE)


def worst(cycles: Sequence[Cycle], phase: str, path: tuple[str, ...]) -> float | None:
    """A latency of a phase, in seconds, that three of four seeds stay below; None without data."""
    found = [value for cycle in cycles if (value := _at(cycle, phase, path)) is not None]
    return quantile(found, 1 - SHARE) / 1000 if found else None


def queued(cycles: Sequence[Cycle], phase: str) -> int:
    """The longest queue of a phase in any seed."""
    return max(int(each["queued_max"]) for cycle in cycles for each in _named(cycle, phase))


def usually_queued(cycles: Sequence[Cycle], phase: str) -> float:
    """The queue that a phase passes in one of twenty seconds, in the middle of the seeds."""
    found = [each["queued_p95"] for cycle in cycles for each in _named(cycle, phase)]
    return quantile(found, 0.5)


def _at(cycle: Cycle, phase: str, path: tuple[str, ...]) -> float | None:
    for found in _named(cycle, phase):
        value: Any = found
        for key in path:
            value = value[key]
        return None if value is None else float(value)
    return None


def _named(cycle: Cycle, phase: str) -> list[JSON]:
    return [each for each in cycle.phases if each["name"] == phase]
