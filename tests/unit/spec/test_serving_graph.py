"""A serving graph for any model: one pool or two, with or without a way to scale it."""

import json
from dataclasses import replace
from typing import Any

from gtc_spec.engines import trtllm
from gtc_spec.manifests.placement import gpu_slot
from gtc_spec.manifests.serving_graph import GraphPool, ServingGraph
from gtc_spec.pools import ScaleRule
from gtc_spec.telemetry.promql import Scope, scaler_query

PREFILL = GraphPool(service="P", mode="prefill", replicas=1, drain_s=10)
DECODE = GraphPool(service="D", mode="decode", replicas=2, drain_s=100)
GRAPH = ServingGraph(
    metadata={"name": "llm", "namespace": "serving"},
    model_path="/models/a/b",
    served_name="a/b",
    pools=(PREFILL, DECODE),
)


def worker(graph: ServingGraph, service: str) -> dict[str, Any]:
    return graph.manifest()["spec"]["services"][service]


def arguments(graph: ServingGraph, service: str) -> list[str]:
    return worker(graph, service)["extraPodSpec"]["mainContainer"]["args"]


def test_names_follow_the_graph() -> None:
    volume = worker(GRAPH, "P")["extraPodSpec"]["volumes"][0]
    assert volume["configMap"]["name"] == "llm-engine-prefill"


def test_a_worker_has_twice_its_drain_time_and_never_less_than_two_minutes() -> None:
    graces = [
        worker(GRAPH, service)["extraPodSpec"]["terminationGracePeriodSeconds"]
        for service in ("P", "D")
    ]
    assert graces == [120, 200]


def test_transport_is_laid_over_the_engine_file_of_both_pools() -> None:
    graph = replace(GRAPH, engine=trtllm.engine("ucx"))
    for service in ("P", "D"):
        given = arguments(graph, service)
        override = json.loads(given[given.index("--override-engine-args") + 1])
        assert override == {"cache_transceiver_config": {"backend": "UCX"}}
    assert "--override-engine-args" not in arguments(GRAPH, "P")


def test_an_aggregated_graph_has_one_pool_that_does_both() -> None:
    pool = GraphPool(service="W", mode="aggregated", replicas=5, drain_s=60)
    graph = replace(GRAPH, pools=(pool,), engine=trtllm.engine("ucx"))
    services = graph.manifest()["spec"]["services"]
    assert list(services) == ["Frontend", "W"]
    assert "subComponentType" not in services["W"]
    assert not {"--disaggregation-mode", "--override-engine-args"} & set(arguments(graph, "W"))
    # it would refuse every request: there is no prefill pool to enforce
    assert "args" not in services["Frontend"]["extraPodSpec"]["mainContainer"]


def test_a_pool_without_an_adapter_says_nothing_of_one() -> None:
    graph = replace(GRAPH, pools=(replace(PREFILL, scaling_adapter=False), DECODE))
    assert "scalingAdapter" not in worker(graph, "P")
    assert worker(graph, "D")["scalingAdapter"] == {"enabled": True}


def test_a_worker_of_two_gpus_asks_for_two() -> None:
    graph = replace(GRAPH, pools=(PREFILL, replace(DECODE, slot=gpu_slot(2))))
    assert worker(graph, "D")["resources"]["limits"]["gpu"] == "2"


def test_a_scaler_of_one_of_two_models_asks_for_its_own_series() -> None:
    rule = ScaleRule(trigger="ttft_p95_ms", threshold=500, min=1, max=2)
    query = scaler_query(rule, Scope("serving", "Org/Model"))
    assert 'namespace="serving",model="org/model"' in query
    assert 'namespace="dynamo-workload"' not in query
