"""How full KV pools are, asked of the rehearsal's own evaluator on synthetic series."""

from __future__ import annotations

import pytest

from gtc_rehearsal.prometheus.promql import Query
from gtc_rehearsal.prometheus.tsdb import METRIC_NAME, Tsdb, labels_of
from gtc_spec.engines import REAL, Traits, trtllm
from gtc_spec.pools import Mode
from gtc_spec.telemetry.metrics import KV_ACTIVE_BLOCKS, KV_TOTAL_BLOCKS, KV_USAGE, WORKER_INFLIGHT
from gtc_spec.telemetry.promql_kv import kv_usage, kv_usage_of_fullest

NOW_MS = 60_000


class Workers:
    """What Prometheus knows of some workers at one time."""

    def __init__(self) -> None:
        self.store = Tsdb()

    def worker(
        self, pod: str, used: int, of: int, requests: int, component: str, graph: str = "one"
    ) -> None:
        told = {
            KV_ACTIVE_BLOCKS.name: used,
            KV_TOTAL_BLOCKS.name: of,
            # as TensorRT-LLM tells it: all that it ever took
            KV_USAGE.name: 17.0,
            WORKER_INFLIGHT.name: requests,
        }
        for name, value in told.items():
            endpoint = {"dynamo_endpoint": "generate"} if name == WORKER_INFLIGHT.name else {}
            labels = {
                METRIC_NAME: name, "namespace": "dynamo-workload", "pod": pod,
                "dynamo_component": component, "dynamo_namespace": f"dynamo-workload-{graph}",
            }  # fmt: skip
            self.store.append(labels_of(labels | endpoint), NOW_MS, value)

    def ask(self, query: str) -> list[float]:
        return [each.value for each in Query(query).at(self.store, NOW_MS).samples]


@pytest.fixture
def workers() -> Workers:
    return Workers()


@pytest.mark.parametrize("engine", REAL.values(), ids=REAL)
def test_it_is_the_share_of_all_blocks_of_the_pool(workers: Workers, engine: Traits) -> None:
    component = engine.component("decode")
    workers.worker("a", 900, 1_000, 30, component)
    workers.worker("b", 300, 1_000, 10, component)
    workers.worker("p", 10, 1_000, 1, "prefill")

    assert workers.ask(kv_usage("decode", engine)) == [pytest.approx(0.6)]


def test_an_idle_pool_reads_zero_whatever_its_workers_said_last(workers: Workers) -> None:
    workers.worker("a", 900, 1_000, 0, "tensorrt_llm")

    assert workers.ask(kv_usage("decode")) == [0]


@pytest.mark.parametrize("mode", ["prefill", "decode", "aggregated"])
def test_without_workers_there_is_no_answer_so_that_a_scaler_holds(
    workers: Workers, mode: Mode
) -> None:
    assert workers.ask(kv_usage(mode)) == []


def test_of_two_graphs_in_one_namespace_only_the_one_asked_for_counts(workers: Workers) -> None:
    workers.worker("a", 900, 1_000, 5, "tensorrt_llm", graph="one")
    workers.worker("b", 100, 1_000, 5, "tensorrt_llm", graph="two")

    assert workers.ask(kv_usage("decode", dgd="two")) == [pytest.approx(0.1)]


def test_the_fullest_worker_is_found_by_its_own_blocks(workers: Workers) -> None:
    workers.worker("a", 900, 1_000, 5, "tensorrt_llm")
    workers.worker("b", 100, 500, 5, "tensorrt_llm")

    assert workers.ask(kv_usage_of_fullest("decode", trtllm.TRAITS)) == [pytest.approx(0.9)]
