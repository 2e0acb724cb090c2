"""One cycle of a show, played for an answer.

Every answer of `gtc plan` starts its `Simulation` here, so that all play the same one. It must not
know what is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Final, Self

from gtc_runtime.load.figures.slice_book import SliceBook
from gtc_runtime.planning.answers.spread import quantile
from gtc_runtime.planning.hardware import Hardware
from gtc_runtime.planning.keda import KedaLag
from gtc_runtime.planning.serving.requests import Request
from gtc_runtime.planning.simulator import Simulation
from gtc_spec.environment import Environment
from gtc_spec.pools import PDRatio
from gtc_spec.profiles.profile import Profile

JSON = dict[str, Any]
STEP_S: Final = 5
"""Between two moments of a course."""
WINDOW_S: Final = 15
"""Of the latencies at one moment."""


@dataclass(frozen=True)
class Show:
    """What is played.

    Attributes:
        environment: Facts, with the phase table to play.
        hardware: What it is played on.
        keda: With it the pools are KEDA's to size, as in manual mode; else the show's.
    """

    environment: Environment
    hardware: Hardware
    keda: KedaLag | None = None

    @classmethod
    def of(cls, environment: Environment, profile: str | None = None) -> Self:
        """The show of an environment on its own hardware.

        Args:
            environment: Its facts.
            profile: Other timings than those that it names.

        Raises:
            UsageError: There is no such profile.
        """
        timings = Profile.load(profile) if profile else None
        return cls(environment, Hardware.of(environment, timings))


@dataclass(frozen=True)
class Moment:
    """The show at one time.

    Attributes:
        at_s: Seconds of the cycle.
        rps: Requests due a second.
        queued: Requests that wait for their first token.
        desired, ready: Workers ordered, and there.
        ttft_s: p95 of the time to the first token, seconds, by statistics key.
        itl_s: p50 and p95 of the time between tokens.
    """

    at_s: int
    rps: float
    queued: int
    desired: PDRatio
    ready: PDRatio
    ttft_s: float | None
    itl_s: tuple[float | None, float | None]


@dataclass(frozen=True)
class Cycle:
    """What one cycle came to.

    Attributes:
        phases: Its phases in report form, and for each ``busy``, the share of the time in which
            the GPUs of a pool compute, ``queued_p95`` of its seconds and ``queued_max``.
        course: The show every `STEP_S`; empty where nobody asked.
    """

    phases: list[JSON]
    course: tuple[Moment, ...] = ()


def play(show: Show, seed: int) -> Cycle:
    """Play one cycle; equal seeds give equal cycles."""
    return _played(_simulation(show, seed))


def play_course(show: Show, seed: int) -> Cycle:
    """The same with its course."""
    simulation = _simulation(show, seed)
    cycle = _played(simulation)
    return Cycle(cycle.phases, tuple(_course(simulation)))


def _simulation(show: Show, seed: int) -> Simulation:
    return Simulation(show.environment, show.hardware, seed, keda=show.keda)


def _played(simulation: Simulation) -> Cycle:
    phases = simulation.run()
    queue = queued(simulation.requests, round(simulation.now_s))
    for phase, span in zip(phases, simulation.log.spans, strict=True):
        phase["busy"] = {
            role: round(share, 3) for role, share in simulation.busy[phase["name"]].items()
        }
        seen = queue[span.start_s : span.end_s] or [0]
        phase |= {"queued_p95": round(quantile(seen, 0.95), 1), "queued_max": max(seen)}
    return Cycle(phases)


def queued(requests: Iterable[Request], length_s: int) -> list[int]:
    """How many requests wait for their first token, second by second."""
    change = [0] * (length_s + 2)
    for request in requests:
        change[min(int(request.due_s), length_s)] += 1
        if request.first_s >= 0:
            change[min(int(request.first_s) + 1, length_s + 1)] -= 1
    return list(accumulate(change))[:length_s]


def _course(simulation: Simulation) -> Iterable[Moment]:
    length_s = round(simulation.now_s)
    queue = queued(simulation.requests, length_s)
    dues = [request.due_s for request in simulation.requests]
    for at_s in range(STEP_S, length_s, STEP_S):
        rps = sum(at_s - WINDOW_S <= due < at_s for due in dues) / min(at_s, WINDOW_S)
        desired, ready = _workers(simulation.log.ratios, at_s)
        ttft, itl = _latencies(simulation.book, at_s)
        yield Moment(at_s, round(rps, 2), queue[at_s], desired, ready, ttft, itl)


def _workers(
    ratios: Sequence[tuple[float, PDRatio, PDRatio | None]], at_s: float
) -> tuple[PDRatio, PDRatio]:
    _, desired, ready = [each for each in ratios if each[0] <= at_s][-1]
    return desired, ready or desired


def _latencies(
    book: SliceBook, at_s: int
) -> tuple[float | None, tuple[float | None, float | None]]:
    seen = book.window(max(0, at_s - WINDOW_S), at_s)["all"]
    return seen.ttft.quantile(0.95), (seen.itl.quantile(0.5), seen.itl.quantile(0.95))
