"""What the queries answer on synthetic series, asked of the rehearsal's own evaluator."""

import math

import pytest

from gtc_rehearsal.prometheus.promql import Query
from gtc_rehearsal.prometheus.tsdb import METRIC_NAME, Tsdb, labels_of
from gtc_spec.engines import trtllm
from gtc_spec.pools import ScaleRule
from gtc_spec.telemetry import promql
from gtc_spec.telemetry.metrics import (
    CACHED_TOKENS,
    INFLIGHT,
    INPUT_TOKENS,
    JOBS,
    OUTPUT_TOKENS,
    QUEUED,
    REQUESTS,
    ROUTER_HIT_RATE,
    TTFT,
    UP,
    WORKER_INFLIGHT,
    Emitter,
)

STEP_MS = 5_000
STEPS = 25
HERE = {"namespace": "dynamo-workload", "job": JOBS[Emitter.FRONTEND]}
TTFT_RULE = ScaleRule(trigger="ttft_p95_ms", threshold=500, min=1, max=4)
QUEUE_RULE = ScaleRule(trigger="queued_requests", threshold=3, min=1, max=4)


class World:
    """Two minutes of scrapes; every series is a straight line."""

    def __init__(self) -> None:
        self.store = Tsdb()

    def line(self, name: str, start: float, per_step: float = 0, **labels: str) -> None:
        series = labels_of({METRIC_NAME: name, **HERE, **labels})
        for step in range(STEPS):
            self.store.append(series, step * STEP_MS, start + step * per_step)

    def observations(self, seconds: float, per_step: float) -> None:
        """TTFT observations that all lie just under ``seconds``."""
        for bound in ("0.2", "0.45", "0.5", "1.0", "2.0", "+Inf"):
            inside = seconds <= float(bound)
            self.line(TTFT.bucket, 0, per_step * inside, le=bound)

    def ask(self, query: str) -> list[float]:
        return [s.value for s in Query(query).at(self.store, (STEPS - 1) * STEP_MS).samples]


@pytest.fixture
def world() -> World:
    made = World()
    made.line(UP.name, 1, pod="gtc-demo-0-frontend-x")
    return made


def test_quantile_comes_in_milliseconds(world: World) -> None:
    world.observations(1.0, per_step=10)
    assert world.ask(promql.ttft_ms(0.5)) == [pytest.approx(750)]


def test_quantile_without_traffic_is_not_a_number(world: World) -> None:
    world.observations(1.0, per_step=0)
    assert math.isnan(world.ask(promql.ttft_ms(0.5))[0])


@pytest.mark.parametrize("rule", [TTFT_RULE, QUEUE_RULE], ids=lambda rule: rule.trigger)
def test_scaler_of_an_idle_frontend_reads_zero(world: World, rule: ScaleRule) -> None:
    world.observations(1.0, per_step=0)
    assert world.ask(promql.scaler_query(rule)) == [0]


@pytest.mark.parametrize("rule", [TTFT_RULE, QUEUE_RULE], ids=lambda rule: rule.trigger)
def test_scaler_of_a_dead_frontend_reads_nothing(rule: ScaleRule) -> None:
    world = World()
    world.line(UP.name, 0, pod="gtc-demo-0-frontend-x")
    assert world.ask(promql.scaler_query(rule)) == []


@pytest.mark.parametrize(
    ("seconds", "reads"),
    [(2.0, 1950), (0.5, 500), (0.45, 500), (0.2, 190)],
    ids=["breach passes", "just under keeps", "inside keeps", "calm passes"],
)
def test_latency_scaler_keeps_the_workers_inside_its_band(
    world: World, seconds: float, reads: float
) -> None:
    world.observations(seconds, per_step=10)
    assert world.ask(promql.scaler_query(TTFT_RULE)) == [pytest.approx(reads)]


def test_queue_scaler_reads_the_total_over_all_models(world: World) -> None:
    world.line(QUEUED.name, 4, model="a")
    world.line(QUEUED.name, 3, model="b")
    assert world.ask(promql.scaler_query(QUEUE_RULE)) == [7]


def test_streams_are_what_is_in_flight_and_not_queued(world: World) -> None:
    world.line(INFLIGHT.name, 100, model="a")
    world.line(QUEUED.name, 12, model="a")
    assert world.ask(promql.decode_streams()) == [88]


def test_other_namespaces_do_not_count(world: World) -> None:
    world.line(QUEUED.name, 4, namespace="somebody-else")
    assert world.ask(promql.queued_requests()) == []


def test_pools_are_told_apart_and_housekeeping_is_left_out(world: World) -> None:
    for component, value in (
        (trtllm.TRAITS.components["prefill"], 3),
        (trtllm.TRAITS.components["decode"], 50),
    ):
        world.line(
            WORKER_INFLIGHT.name, value, dynamo_component=component, dynamo_endpoint="generate"
        )
    world.line(WORKER_INFLIGHT.name, 9, dynamo_component="prefill", dynamo_endpoint="clear_kv")
    assert world.ask(promql.in_flight("prefill")) == [3]
    assert world.ask(promql.in_flight("decode")) == [50]


def test_ready_workers_are_those_that_answer(world: World) -> None:
    for pod, up in (("a", 1), ("b", 1), ("c", 0)):
        name = f"gtc-demo-0-trtllmdecodeworker-{pod}"
        world.line(UP.name, up, pod=name, job=JOBS[Emitter.WORKER])
    assert world.ask(promql.ready_workers("decode")) == [2]
    assert world.ask(promql.ready_workers("prefill")) == []


def test_rates_are_per_second(world: World) -> None:
    world.line(REQUESTS.name, 0, 10, status="success")
    world.line(OUTPUT_TOKENS.name, 0, 5000)
    assert world.ask(promql.request_rate_rps()) == [pytest.approx(2)]
    assert world.ask(promql.output_tokens_per_s()) == [pytest.approx(1000)]


def test_cached_tokens_are_counted_where_the_workers_report_them(world: World) -> None:
    world.line(CACHED_TOKENS.sum, 0, 700)
    world.line(INPUT_TOKENS.sum, 0, 1000)
    assert world.ask(promql.cached_token_ratio()) == [pytest.approx(0.7)]


def test_router_answers_for_workers_that_report_no_cached_tokens(world: World) -> None:
    world.line(CACHED_TOKENS.sum, 0)
    world.line(INPUT_TOKENS.sum, 0, 1000)
    world.line(ROUTER_HIT_RATE.sum, 0, 6)
    world.line(ROUTER_HIT_RATE.count, 0, 10)
    assert world.ask(promql.cached_token_ratio()) == [pytest.approx(0.6)]


def test_no_hit_at_all_is_zero_and_not_missing(world: World) -> None:
    world.line(CACHED_TOKENS.sum, 0)
    world.line(INPUT_TOKENS.sum, 0, 1000)
    assert world.ask(promql.cached_token_ratio()) == [0]
