"""One simulated cycle as the charts of a panel would have drawn it, second by second.

A curve at a moment is over the last `WINDOW_S`, and knows only what was known then: a request that
still waits for its first token is in no figure, live as here. It must not know seeds.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from gtc_runtime.load.figures.histogram import Histogram
from gtc_runtime.planning.serving.requests import Request
from gtc_runtime.planning.simulator import Simulation
from gtc_runtime.view import WINDOW_S
from gtc_spec.phases import Segment

Curve = Literal["ttft_p50", "ttft_p95", "itl_p50"]
CURVES: Final[tuple[Curve, ...]] = ("ttft_p50", "ttft_p95", "itl_p50")
"""What is predicted. ITL p95 is not: on a busy machine it is that of the client's scheduler."""

Point = dict[Curve, float | None]
"""Milliseconds; None where the window has no sample."""


@dataclass(frozen=True)
class Course:
    """One segment of one simulated cycle.

    Attributes:
        segment: Of the timeline.
        points: The curves after 0, 1, 2 … seconds of it; their number is its length.
    """

    segment: Segment
    points: tuple[Point, ...]


def courses(simulation: Simulation) -> list[Course]:
    """Every segment of a cycle that was played to its end, in the order of the timeline."""
    seconds = list(_points(simulation))
    found = []
    for span in simulation.log.spans:
        found.append(Course(span.segment, tuple(seconds[span.start_s : span.main_end_s])))
        if span.segment.phase.settle is not None:
            found.append(Course(span.segment, tuple(seconds[span.main_end_s : span.end_s])))
    return found


def _points(simulation: Simulation) -> Iterator[Point]:
    requests = sorted(simulation.requests, key=lambda request: request.due_s)
    dues = [request.due_s for request in requests]
    every = [simulation.book.window(at, at + 1)["all"].itl for at in range(_length_s(simulation))]
    itl = Histogram()
    for now_s in range(len(every)):
        since = bisect.bisect_left(dues, now_s - WINDOW_S)
        ttft = Histogram(_known(requests[since : bisect.bisect_right(dues, now_s)], now_s))
        if now_s:
            itl.merge(every[now_s - 1])
        if now_s > WINDOW_S:
            _take_off(itl, every[now_s - WINDOW_S - 1])
        yield {
            "ttft_p50": _ms(ttft.quantile(0.5)),
            "ttft_p95": _ms(ttft.quantile(0.95)),
            "itl_p50": _ms(itl.quantile(0.5)),
        }


def _length_s(simulation: Simulation) -> int:
    return max((span.end_s for span in simulation.log.spans), default=0)


def _known(requests: list[Request], now_s: float) -> Iterator[float]:
    return (each.ttft_s for each in requests if 0 <= each.first_s <= now_s)


def _take_off(histogram: Histogram, gone: Histogram) -> None:
    for index, count in gone.buckets.items():
        histogram.add_at(index, -count)


def _ms(value_s: float | None) -> float | None:
    return None if value_s is None else value_s * 1000
