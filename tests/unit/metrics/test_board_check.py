"""The check of the boards: what it asks, and that it names the first thing that does not match."""

from collections.abc import AsyncIterator

import pytest

from gtc_rehearsal.prometheus.prometheus import PrometheusTwin
from gtc_rehearsal.prometheus.tsdb import METRIC_NAME, labels_of
from gtc_runtime.metrics.board_check import BoardQuery, check_boards, queries_of
from gtc_runtime.metrics.prometheus import PrometheusClient
from gtc_spec.errors import UnreachableError
from gtc_spec.telemetry import metrics_platform, promql, promql_client, promql_platform
from gtc_spec.telemetry.metric import Where

NOW_S = 1_700_000_000.0
PANEL = {"namespace": "gtc-demo-panel"}


class World:
    """A Prometheus with a minute of samples."""

    def __init__(self) -> None:
        self.twin = PrometheusTwin(lambda: [], clock=lambda: NOW_S)
        self.url = ""

    def line(self, name: str, per_step: float = 0, **labels: str) -> None:
        series = labels_of({METRIC_NAME: name, **labels})
        for step in range(13):
            at_ms = int(NOW_S * 1000) - (12 - step) * 5_000
            self.twin.store.append(series, at_ms, 1 + step * per_step)

    async def ask(self, query: str, where: Where = "rehearsal") -> BoardQuery:
        board = {
            "panels": [{"title": "p", "targets": [{"expr": query}]}],
            "annotations": {"list": []},
        }
        async with PrometheusClient(self.url) as client:
            (found,) = await check_boards(client, {"b": board}, where)
        return found


@pytest.fixture
async def world() -> AsyncIterator[World]:
    made = World()
    made.url = await made.twin.start()
    yield made
    await made.twin.stop()


async def test_a_query_with_a_number_answers(world: World) -> None:
    world.line("gtc_goal_seconds", measure="ttft", **PANEL)

    assert (await world.ask(promql_client.goal_ms("ttft"))).state == "answers"


async def test_a_metric_that_nobody_emits_is_named_with_its_emitter(world: World) -> None:
    found = await world.ask(promql.queued_requests())

    assert found.state == "empty"
    assert found.reason.startswith("no series dynamo_frontend_queued_requests: frontend")


async def test_the_first_label_that_does_not_match_is_named_with_what_is_there(
    world: World,
) -> None:
    world.line("gtc_goal_seconds", measure="itl", **PANEL)
    found = await world.ask(promql_client.goal_ms("ttft"))

    assert found.state == "empty"
    assert found.reason == 'measure="ttft" matches no series of gtc_goal_seconds, there is: itl'


async def test_a_label_that_is_not_there_at_all_is_said_to_be_absent(world: World) -> None:
    world.line("dynamo_frontend_queued_requests", model="a")
    found = await world.ask(promql.queued_requests())

    assert found.reason == (
        'namespace="dynamo-workload" matches no series of dynamo_frontend_queued_requests, '
        "there is: (absent)"
    )


async def test_a_histogram_without_traffic_is_idle_and_no_failure(world: World) -> None:
    for bound in ("0.5", "+Inf"):
        name = "dynamo_frontend_time_to_first_token_seconds_bucket"
        world.line(name, le=bound, namespace="dynamo-workload")

    assert (await world.ask(promql.ttft_ms(0.95))).state == "idle"


async def test_a_mark_without_an_event_is_idle_and_no_failure(world: World) -> None:
    world.line("gtc_pool_workers", pool="prefill", state="desired", **PANEL)

    assert (await world.ask(promql_client.scaling_marks())).state == "idle"


async def test_gpus_are_not_asked_of_a_rehearsal_and_are_of_a_cluster(world: World) -> None:
    query = promql_platform.gpu_by_worker(metrics_platform.GPU_UTIL)
    rehearsed = await world.ask(query)
    live = await world.ask(query, "cluster")

    simulated = await world.ask(query, "simulated")

    assert (rehearsed.state, simulated.state) == ("not-applicable", "not-applicable")
    assert "dcgm-exporter" in rehearsed.reason
    assert simulated.reason.startswith("a cluster without GPUs has no DCGM")
    assert live.state == "empty"


async def test_nothing_is_demanded_of_a_cluster_that_only_a_rehearsal_has(world: World) -> None:
    world.line("dynamo_frontend_cached_tokens_sum", namespace="dynamo-workload")
    found = await world.ask(promql.cached_token_ratio(), "cluster")

    assert found.reason.startswith("no series dynamo_frontend_input_sequence_tokens_sum")


async def test_a_prometheus_that_does_not_answer_is_unreachable(world: World) -> None:
    await world.twin.stop()

    with pytest.raises(UnreachableError, match="cannot reach prometheus"):
        await world.ask(promql.queued_requests())


def test_marks_are_asked_too() -> None:
    mark = {"name": "Scaling", "expr": "x{}"}
    board = {"panels": [{"title": "row"}], "annotations": {"list": [mark, {"name": "by hand"}]}}

    assert list(queries_of(board)) == [("mark: Scaling", "x{}")]
