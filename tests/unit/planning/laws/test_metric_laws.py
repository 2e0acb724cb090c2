"""What the twin counts is what the frontend counts (L12, L13); the scrape is a recorded one."""

import statistics
from functools import partial
from pathlib import Path
from typing import get_args

import pytest

from gtc_runtime.planning.serving.cluster import Cluster
from gtc_runtime.planning.serving.events import Events
from gtc_runtime.planning.topology import Topology
from gtc_spec.environment import load
from gtc_spec.pools import ROLES, Trigger
from gtc_spec.telemetry import metrics, promql
from gtc_spec.telemetry.buckets import ITL_BUCKETS, TTFT_BUCKETS, Buckets
from tests.unit.planning.bench import HARDWARE, Notes, document, poisson

SCRAPE = (Path(__file__).parents[3] / "data/dynamo-1.4.2/frontend.prom").read_text()


def scraped(name: str) -> float:
    line = next(line for line in SCRAPE.splitlines() if line.startswith(f"{name}{{"))
    return float(line.split()[-1])


def served(*answers: int) -> Notes:
    events = Events()
    told = Notes(events)
    cluster = Cluster(HARDWARE, Topology(1, 1), events, told)
    for answer in answers:
        cluster.send(document(0.0, 500, answer))
    events.run()
    return told


def test_a_ttft_is_counted_once_a_request_and_a_gap_once_for_every_later_token() -> None:
    """Three answers of five tokens: 3 and 12, in the twin as in the scrape."""
    told = served(5, 5, 5)

    gaps = sum(tokens for _, _, tokens in told.steps)
    assert len(told.first_s) == scraped(f"{metrics.TTFT.name}_count") == 3
    assert gaps == scraped(f"{metrics.ITL.name}_count") == 12


def test_an_answer_of_one_token_has_no_gap() -> None:
    assert served(1).steps == []


@pytest.mark.parametrize(("buckets", "seen_s"), [(TTFT_BUCKETS, 0.1), (ITL_BUCKETS, 0.02)])
def test_what_the_twin_tells_lies_between_two_bounds_of_the_frontend(
    buckets: Buckets, seen_s: float
) -> None:
    name = (metrics.TTFT if buckets is TTFT_BUCKETS else metrics.ITL).name
    bounds = [
        line.split('le="')[1].split('"')[0]
        for line in SCRAPE.splitlines()
        if line.startswith(f"{name}_bucket")
    ]

    assert tuple(map(float, bounds[:-1])) == buckets.upper_bounds_s
    assert buckets.min_s < seen_s < buckets.max_s


@pytest.mark.parametrize("trigger", get_args(Trigger))
def test_every_trigger_that_the_twin_computes_is_asked_of_a_series_of_the_scrape(
    trigger: Trigger,
) -> None:
    rule = load("prod").pools.prefill.scale.model_copy(update={"trigger": trigger})

    query = promql.scaler_query(rule)

    asked = [each for each in (metrics.QUEUED, metrics.TTFT, metrics.ITL) if each.name in query]
    assert len(asked) == 1
    assert asked[0].name in SCRAPE


def test_a_request_is_queued_until_its_first_token_and_in_flight_until_its_last() -> None:
    """Little: what is seen at a look is the rate times the mean time."""
    events = Events()
    told = Notes(events)
    cluster = Cluster(HARDWARE, Topology(2, 2), events, told)
    requests = [document(at_s, 6000, 300) for at_s in poisson(1.5, 1500, seed=8)]
    for request in requests:
        events.at(request.due_s, partial(cluster.send, request))
    queued: list[int] = []
    in_flight: list[int] = []

    def look() -> None:
        queued.append(cluster.waiting)
        in_flight.append(cluster.in_flight)

    for tick in range(20 * 600):
        events.at(100 + tick * 0.05, look)
    events.run()

    def mean_in(ends_s: list[float]) -> float:
        spans = zip((each.due_s for each in requests), ends_s, strict=True)
        return sum(max(0.0, min(end, 700) - max(due, 100)) for due, end in spans) / 600

    assert statistics.fmean(queued) == pytest.approx(
        mean_in([r.first_s for r in requests]), rel=0.01
    )
    assert statistics.fmean(in_flight) == pytest.approx(
        mean_in([r.done_s for r in requests]), rel=0.01
    )


def test_the_twin_sizes_both_pools_by_the_rules_of_the_environment() -> None:
    pools = load("prod").pools

    assert {pools.of(role).scale.trigger for role in ROLES} <= set(get_args(Trigger))
