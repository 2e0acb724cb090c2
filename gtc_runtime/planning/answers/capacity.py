"""How many workers a load takes, how they are best divided, and what that costs.

Goals that no number of workers can keep are refused. It must not print.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, Final

from gtc_runtime.formats import latency_s
from gtc_runtime.planning.answers.crew import Crew
from gtc_runtime.planning.answers.floors import Floors, floors
from gtc_runtime.planning.answers.served import Demand, Served, serve
from gtc_runtime.planning.topology import Topology
from gtc_spec.errors import UsageError

JSON = dict[str, Any]
KNEE_WITHIN: Final = 0.03
"""The search for a knee ends within this share of it."""
ROUGHLY: Final = 0.1
"""And the search with rough runs, which comes first, within this one."""
START_RPS: Final = 0.5
"""Where the search begins, requests a second for each GPU: about what one of prod serves."""
STRIDE: Final = 1.6
"""Between two rates while it is not known on which side of the knee they lie."""
RPS_MIN: Final = 0.02
RPS_MAX: Final = 4096.0
NEAR_SHARE: Final = 0.85
"""Of good requests in a rough run, from which on a topology is looked at closely."""


@dataclass(frozen=True)
class Candidate:
    """One topology.

    Attributes:
        asked: At the rate that was asked for.
        knee_rps: Highest rate that keeps the goals; 0 when none does.
    """

    asked: Served
    knee_rps: float

    def to_json(self) -> JSON:
        """Plain containers."""
        return {**self.asked.to_json(), "knee_rps": self.knee_rps}


@dataclass(frozen=True)
class Capacity:
    """The answer.

    Attributes:
        demand: What was asked.
        rps: The rate that was asked for.
        floors: What no number of workers beats.
        smallest: The smallest P:D that keeps the goals; None when none of the GPUs' does.
        aggregated: The smallest number of aggregated workers that does; likewise.
        pair: Disaggregated against aggregated on the same number of GPUs: that of ``smallest``, or
            all of them.
        frontier: Every P:D of all GPUs, by prefill workers.
        whole: All GPUs aggregated.
    """

    demand: Demand
    rps: float
    floors: Floors
    smallest: Candidate | None
    aggregated: Candidate | None
    pair: tuple[Candidate, Candidate]
    frontier: tuple[Candidate, ...]
    whole: Candidate

    @property
    def possible(self) -> bool:
        """Whether either way serves the load."""
        return self.smallest is not None or self.aggregated is not None

    def to_json(self) -> JSON:
        """Plain containers."""
        goals = self.demand.goals
        return {
            "env": self.demand.environment.name,
            "mix": str(self.demand.mix),
            "rps": self.rps,
            "goals": {"ttft_p95_s": goals.ttft_s, "itl_p95_s": goals.itl_s},
            "gpu_usd_h": self.demand.gpu_usd_h,
            "floors": asdict(self.floors),
            "possible": self.possible,
            "smallest": self.smallest and self.smallest.to_json(),
            "aggregated": self.aggregated and self.aggregated.to_json(),
            "pair": [each.to_json() for each in self.pair],
            "frontier": [each.to_json() for each in self.frontier],
            "frontier_aggregated": self.whole.to_json(),
        }


def capacity(demand: Demand, rps: float, gpus: int, crew: Crew) -> Capacity:
    """Look for the smallest topology of at most ``gpus`` GPUs (2 or more) that keeps the goals.

    Raises:
        UsageError: A goal is below what one request on idle GPUs takes.
    """
    least = floors(demand.environment, demand.hardware, demand.mix)
    refuse_below(least, demand)
    apart = [_splits(count) for count in range(2, gpus + 1)]
    together = [[Topology(aggregated=count)] for count in range(1, gpus + 1)]
    sides = [_first(demand, rps, crew, sizes) for sizes in (apart, together)]
    known = [each.topology for each in sides if each]
    same = [Topology(aggregated=sides[0].topology.gpus)] if sides[0] else []
    every = dict.fromkeys([*known, *same, *apart[-1], *together[-1]])
    found = dict(zip(every, crew.each(partial(_candidate, demand, rps), every), strict=True))
    smallest, aggregated = (found[each.topology] if each else None for each in sides)
    frontier, whole = tuple(found[each] for each in apart[-1]), found[together[-1][0]]
    pair = (smallest, found[same[0]]) if smallest else (_best(frontier), whole)
    return Capacity(demand, rps, least, smallest, aggregated, pair, frontier, whole)


def refuse_below(least: Floors, demand: Demand) -> None:
    """Refuse goals that nothing can keep.

    Raises:
        UsageError: It names the floor.
    """
    goals = demand.goals
    if goals.ttft_s < least.ttft_s:
        raise UsageError(
            f"ttft-p95 {goals.ttft_s:g} is below the floor: one unloaded prompt of"
            f" {least.prompt_tokens:,} tokens, the p95 of mix {demand.mix}, takes"
            f" {latency_s(least.ttft_s)} to its first token",
            "a longer goal, or another mix",
        )
    if goals.itl_s < least.itl_s:
        raise UsageError(
            f"itl-p95 {goals.itl_s:g} is below the floor: one decode step at batch 1 takes"
            f" {latency_s(least.itl_s)}",
            "a longer goal, or a smaller model",
        )


def knee_rps(demand: Demand, topology: Topology) -> float:
    """The highest rate that keeps the goals, found by halving; 0 when none does.

    Rough runs say where it lies, and long ones where exactly. Near the knee a draw decides, so the
    search begins where nobody can choose: the same question has the same answer.
    """

    def roughly(rps: float) -> bool:
        return serve(demand, topology, rps, rough=True).kept

    def kept(rps: float) -> bool:
        return serve(demand, topology, rps).kept

    start = _knee(roughly, START_RPS * topology.gpus, STRIDE, ROUGHLY)
    return _knee(kept, start, 1 + ROUGHLY, KNEE_WITHIN) if start else 0.0


def _knee(kept: Callable[[float], bool], start: float, stride: float, within: float) -> float:
    """A rate that is kept, less than ``within`` below one that is not; 0 where none is found."""
    low = high = start
    if kept(low):
        while (high := high * stride) < RPS_MAX and kept(high):
            low = high
    else:
        while (low := low / stride) > RPS_MIN and not kept(low):
            high = low
        if low <= RPS_MIN:
            return 0.0
    while high > low * (1 + within):
        middle = (low + high) / 2
        low, high = (middle, high) if kept(middle) else (low, middle)
    return low


def _splits(gpus: int) -> list[Topology]:
    return [Topology(prefill, gpus - prefill) for prefill in range(1, gpus)]


def _candidate(demand: Demand, rps: float, topology: Topology) -> Candidate:
    return Candidate(serve(demand, topology, rps), knee_rps(demand, topology))


def _first(demand: Demand, rps: float, crew: Crew, sizes: list[list[Topology]]) -> Served | None:
    """The best of the smallest size in which one keeps the goals."""
    for same in sizes:
        seen = crew.each(partial(serve, demand, rps=rps, rough=True), same)
        near = [each.topology for each in seen if (each.figures["good_share"] or 0) >= NEAR_SHARE]
        kept = [each for each in crew.each(partial(serve, demand, rps=rps), near) if each.kept]
        if kept:
            return max(kept, key=lambda each: float(each.figures["good_share"]))
    return None


def _best(found: tuple[Candidate, ...]) -> Candidate:
    """The one that can take most, then the one with most good requests as asked."""
    return max(found, key=lambda each: (each.knee_rps, each.asked.figures["good_rps"] or 0.0))
