"""SGLang as the engine: everything that follows from that one value."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gtc_spec import names, versions
from gtc_spec.engines import EngineFacts, Launch, sglang, vllm
from gtc_spec.engines.timed import timed_for
from gtc_spec.environment import Environment, load
from gtc_spec.manifests.dgd import aggregated_graph, dynamo_graph_deployment
from gtc_spec.overrides import load_with
from gtc_spec.pools import ROLES, Mode
from tests.environments import WITH_GPUS

MODES: tuple[Mode, ...] = ("prefill", "decode", "aggregated")
FLAGS_OF_0_5_6 = {
    "--model-path", "--served-model-name", "--disaggregation-mode",
    "--disaggregation-transfer-backend", "--disaggregation-bootstrap-port", "--host", "--page-size",
    "--context-length", "--tensor-parallel-size", "--mem-fraction-static", "--kv-cache-dtype",
    "--kv-events-config", "--enable-metrics",
}  # fmt: skip
"""Of the 300 that ``srt/server_args.py`` of the sglang 0.5.6.post2 wheel has."""


def chosen(name: str = "prod") -> Environment:
    return load_with(name, {"GTC_ENGINE": "sglang"})


def told(mode: Mode, **facts: Any) -> list[str]:
    needed = EngineFacts(prompt_tokens_max=24_000, answer_tokens_max=2_000, **facts)
    launch = Launch(mode=mode, model_path="/m/a", served_name="a/b", facts=needed)
    return sglang.Sglang().arguments(launch)


def value(arguments: list[str], flag: str) -> str:
    return arguments[arguments.index(flag) + 1]


def workers(graph: dict[str, Any]) -> dict[str, Any]:
    services: dict[str, Any] = graph["spec"]["services"]
    return {name: each for name, each in services.items() if name != names.FRONTEND}


@pytest.mark.parametrize("name", WITH_GPUS)
def test_its_graph_runs_its_image_and_its_process_under_its_names(name: str) -> None:
    graph = dynamo_graph_deployment(chosen(name))

    assert graph["spec"]["backendFramework"] == "sglang"
    assert [*workers(graph)] == ["SglangPrefillWorker", "SglangDecodeWorker"]
    assert [*workers(aggregated_graph(chosen(name), 2))] == ["SglangWorker"]
    for worker in workers(graph).values():
        main = worker["extraPodSpec"]["mainContainer"]
        assert main["image"] == versions.SGLANG_IMAGE
        assert main["command"] == ["python3", "-m", "dynamo.sglang"]


@pytest.mark.parametrize("mode", MODES)
def test_it_is_given_only_flags_that_its_release_has(mode: Mode) -> None:
    given = told(mode, gpus_per_worker=2, kv_fraction=0.9, kv_dtype="fp8")

    assert {each for each in given if each.startswith("--")} <= FLAGS_OF_0_5_6


@pytest.mark.parametrize("mode", MODES)
def test_every_flag_that_it_is_given_is_one_that_nobody_else_may_set(mode: Mode) -> None:
    given = told(mode, gpus_per_worker=2, kv_fraction=0.9, kv_dtype="fp8")

    assert {each for each in given if each.startswith("--")} <= {*sglang.OURS}


@pytest.mark.parametrize("role", ROLES)
def test_each_half_says_which_it_is_and_can_be_reached_by_the_other(role: Mode) -> None:
    given = told(role)

    assert value(given, "--disaggregation-mode") == role
    assert value(given, "--disaggregation-transfer-backend") == "nixl"
    assert value(given, "--host") == "0.0.0.0"


def test_an_aggregated_worker_hands_nothing_over() -> None:
    assert not [each for each in told("aggregated") if "disaggregation" in each]


@pytest.mark.parametrize("mode", MODES)
def test_every_worker_tells_the_events_without_which_its_kv_gauges_stay_at_zero(mode: Mode) -> None:
    events = json.loads(value(told(mode), "--kv-events-config"))

    assert events["publisher"] == "zmq"
    assert "--enable-metrics" in told(mode)


def test_the_workers_of_prod_are_told_what_engine_files_say_elsewhere() -> None:
    worker = workers(dynamo_graph_deployment(chosen()))["SglangDecodeWorker"]
    given = worker["extraPodSpec"]["mainContainer"]["args"]

    assert value(given, "--context-length") == "26000"
    assert value(given, "--mem-fraction-static") == "0.9"
    assert value(given, "--kv-cache-dtype") == "fp8_e4m3"
    assert value(given, "--page-size") == "16"
    assert "--tensor-parallel-size" not in given


def test_what_nobody_knows_is_left_to_the_engine() -> None:
    assert not {"--mem-fraction-static", "--kv-cache-dtype"} & {*told("decode")}


def test_nobody_has_timed_it_so_that_the_times_of_tensorrt_llm_stand_in() -> None:
    assert chosen().model.profile == load("prod").model.profile
    assert timed_for("llama-3.1-70b.h200.fp8.vllm", "sglang") == "llama-3.1-70b.h200.fp8.vllm"


def test_it_registers_where_vllm_does_and_is_told_apart_by_its_pods() -> None:
    assert sglang.TRAITS.components == vllm.TRAITS.components
    assert sglang.TRAITS.service("decode") != vllm.TRAITS.service("decode")
