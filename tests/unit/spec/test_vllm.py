"""vLLM as the engine: everything that follows from that one value."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from gtc_spec import names, versions
from gtc_spec.cloud.node_pool import NodePool
from gtc_spec.engines import EngineFacts, Launch, trtllm, vllm
from gtc_spec.engines.timed import timed_for
from gtc_spec.environment import Environment, load
from gtc_spec.errors import ConfigError, UsageError
from gtc_spec.graph.model_ref import ModelRef
from gtc_spec.graph.serving import Serving
from gtc_spec.graph.workers import two_pools
from gtc_spec.manifests import serving_graph
from gtc_spec.manifests.dgd import aggregated_graph, dynamo_graph_deployment
from gtc_spec.manifests.rbac import panel_access
from gtc_spec.manifests.scaled_object import scaled_object
from gtc_spec.overrides import load_with
from gtc_spec.pools import ROLES, Mode, Role
from gtc_spec.profiles import profile
from gtc_spec.profiles.profile import Profile
from gtc_spec.telemetry import metrics_platform, promql, promql_platform
from tests.environments import WITH_GPUS

MODES: tuple[Mode, ...] = ("prefill", "decode", "aggregated")
FLAGS_OF_0_8_1 = {"--is-prefill-worker", "--is-decode-worker", "--connector"}
"""Of Dynamo's own, ``dynamo/vllm/args.py`` of the ai-dynamo 0.8.1 wheel."""
FLAGS_OF_VLLM = {
    "--model", "--served-model-name", "--block-size", "--max-model-len", "--tensor-parallel-size",
    "--gpu-memory-utilization", "--kv-cache-dtype",
}  # fmt: skip
"""``AsyncEngineArgs`` of vLLM, which that file adds to its own."""


def chosen(name: str = "prod") -> Environment:
    return load_with(name, {"GTC_ENGINE": "vllm"})


def serving(**changes: Any) -> Serving:
    fields: dict[str, Any] = {
        "name": "llm",
        "model": ModelRef(repository="meta-llama/Llama-3.1-8B-Instruct"),
        "gpu_pool": NodePool.h100(count=3),
        "backend": vllm.Vllm(),
    }
    return Serving(**fields | changes)


def told(mode: Mode, **facts: Any) -> list[str]:
    needed = EngineFacts(prompt_tokens_max=24_000, answer_tokens_max=2_000, **facts)
    launch = Launch(mode=mode, model_path="/m/a", served_name="a/b", facts=needed)
    return vllm.Vllm().arguments(launch)


def value(arguments: list[str], flag: str) -> str:
    return arguments[arguments.index(flag) + 1]


def workers(graph: dict[str, Any]) -> dict[str, Any]:
    services: dict[str, Any] = graph["spec"]["services"]
    return {name: each for name, each in services.items() if name != names.FRONTEND}


@pytest.mark.parametrize("written", ["vllm", {"name": "vllm"}])
def test_an_environment_names_its_engine_by_a_word_or_by_a_table(written: object) -> None:
    changes = {"engine": written, "model.profile": timed_for(load("prod").model.profile, "vllm")}

    assert load("prod", changes) == chosen()


@pytest.mark.parametrize("name", WITH_GPUS)
def test_choosing_the_engine_that_is_written_changes_nothing(name: str) -> None:
    assert load_with(name, {"GTC_ENGINE": "trtllm"}).digest == load(name).digest


def test_another_engine_is_another_deployment() -> None:
    assert chosen().digest != load("prod").digest


@pytest.mark.parametrize("name", profile.names())
def test_a_profile_is_called_after_the_engine_that_it_times(name: str) -> None:
    assert timed_for(name, Profile.load(name).engine) == name


def test_the_engine_brings_its_own_times_where_it_was_timed() -> None:
    assert chosen("prod").model.profile == "llama-3.1-70b.h200.fp8.vllm"


def test_where_it_was_not_timed_on_that_card_the_times_of_the_other_engine_stay() -> None:
    assert chosen("dev").model.profile == load("dev").model.profile


@pytest.mark.parametrize(
    ("engine", "named", "allowed"),
    [
        ("vllm", "llama-3.1-70b.h200.fp8", "llama-3.1-70b.h200.fp8.vllm"),
        ("trtllm", "llama-3.1-70b.h200.fp8.vllm", "llama-3.1-70b.h200.fp8"),
    ],
)
def test_times_of_another_engine_are_refused_where_there_are_its_own(
    engine: str, named: str, allowed: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load("prod", {"engine": engine, "model.profile": named})

    assert caught.value.message == (
        f"environments/prod.toml: model.profile: got {named}, allowed: {allowed}, "
        f"which has the times of {engine}"
    )


def test_an_unknown_engine_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(UsageError) as caught:
        load_with("prod", {"GTC_ENGINE": "llama.cpp"})

    assert caught.value.message == "unknown engine 'llama.cpp', allowed: trtllm, vllm, sglang"


def test_an_engine_kept_for_later_does_not_stand_in_the_way_of_simulated_workers() -> None:
    assert load_with("cpu", {"GTC_ENGINE": "vllm"}) == load("cpu")


def test_settings_that_it_has_not_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"engine\.step_tokens: got 4096"):
        load("prod", {"engine": {"name": "vllm", "step_tokens": 4096}})


@pytest.mark.parametrize("name", WITH_GPUS)
def test_its_graph_runs_its_image_its_process_and_no_engine_file(name: str) -> None:
    graph = dynamo_graph_deployment(chosen(name))

    assert graph["spec"]["backendFramework"] == "vllm"
    assert "/etc/engine" not in json.dumps(graph)
    for worker in workers(graph).values():
        main = worker["extraPodSpec"]["mainContainer"]
        assert main["image"] == versions.VLLM_IMAGE
        assert main["command"] == ["python3", "-m", "dynamo.vllm"]
        assert worker["sharedMemory"] == {"size": "80Gi"}
        assert worker["extraPodSpec"]["initContainers"][0]["image"] == versions.WAIT_IMAGE


@pytest.mark.parametrize("mode", MODES)
def test_it_is_given_only_flags_that_its_release_has(mode: Mode) -> None:
    given = told(mode, gpus_per_worker=2, kv_fraction=0.9, kv_dtype="fp8")

    assert {each for each in given if each.startswith("--")} <= FLAGS_OF_0_8_1 | FLAGS_OF_VLLM


def test_each_half_says_which_it_is_and_hands_the_cache_over_by_nixl() -> None:
    role_flags = {"--is-prefill-worker", "--is-decode-worker"}
    found = [
        (sorted(role_flags & {*told(mode)}), value(told(mode), "--connector")) for mode in MODES
    ]

    assert found == [
        (["--is-prefill-worker"], "nixl"),
        (["--is-decode-worker"], "nixl"),
        ([], "none"),
    ]


def test_the_workers_of_prod_are_told_what_engine_files_say_elsewhere() -> None:
    worker = workers(dynamo_graph_deployment(chosen()))[names.service("decode", "vllm")]
    given = worker["extraPodSpec"]["mainContainer"]["args"]

    assert value(given, "--max-model-len") == "26000"
    assert value(given, "--gpu-memory-utilization") == "0.9"
    assert value(given, "--kv-cache-dtype") == "fp8"
    assert value(given, "--block-size") == "16"
    assert "--tensor-parallel-size" not in given


def test_what_nobody_knows_is_left_to_the_engine() -> None:
    given = told("decode")

    assert not {"--gpu-memory-utilization", "--kv-cache-dtype"} & {*given}


def test_a_worker_of_two_gpus_spans_both() -> None:
    facts = EngineFacts(prompt_tokens_max=1, answer_tokens_max=1, gpus_per_worker=2)
    graph = serving_graph.graph(serving(engine_facts=facts), two_pools(load("dev")))
    given = workers(graph)[names.service("prefill", "vllm")]["extraPodSpec"]["mainContainer"][
        "args"
    ]

    assert value(given, "--tensor-parallel-size") == "2"


def test_workers_that_do_both_halves_run_it_too() -> None:
    [worker] = workers(aggregated_graph(chosen(), 8)).values()

    assert value(worker["extraPodSpec"]["mainContainer"]["args"], "--connector") == "none"


@pytest.mark.parametrize("role", ROLES)
def test_queries_about_workers_ask_for_its_components(role: str) -> None:
    component = {"prefill": "prefill", "decode": "backend"}[role]
    for query in (promql.in_flight, promql.pool_requests, promql.pool_busy_s, promql.pool_rate_rps):
        asked = query(role, vllm.TRAITS)  # type: ignore[arg-type]

        assert f'dynamo_component="{component}"' in asked
        assert "tensorrt_llm" not in asked


def test_the_wait_inside_is_its_own_metric() -> None:
    asked = promql.mean_engine_queue_ms("prefill", vllm.TRAITS)

    assert "vllm:request_queue_time_seconds_sum" in asked
    assert "trtllm_request" not in asked


@pytest.mark.parametrize("role", ROLES)
def test_scalers_watch_the_frontend_and_so_ask_the_same_of_every_engine(role: str) -> None:
    [ours], [default] = (
        scaled_object(env, role)["spec"]["triggers"]  # type: ignore[arg-type]
        for env in (chosen(), load("prod"))
    )

    assert ours == default
    assert "dynamo_component" not in ours["metadata"]["query"]


@pytest.mark.parametrize("name", WITH_GPUS)
def test_the_folder_of_an_environment_is_not_looked_into(name: str, tmp_path) -> None:
    made = Serving.of(chosen(name), tmp_path / "nowhere")

    assert made.engine_files(["prefill", "decode"]) == {}
    made.check(["prefill", "decode"])


def test_how_the_cache_of_tensorrt_llm_travels_is_refused_unless_it_is_known() -> None:
    trtllm.Trtllm(kv_transport="nixl"), trtllm.Trtllm(kv_transport="ucx")
    with pytest.raises(UsageError) as caught:
        trtllm.Trtllm(kv_transport="tcp")  # type: ignore[arg-type]

    assert caught.value.message == "Trtllm: kv_transport is 'tcp', allowed: 'nixl', 'ucx' or None"


def test_an_engine_is_refused_on_nodes_without_gpus_and_a_simulator_on_those_with() -> None:
    cpu = load("cpu")
    simulated = Serving.of(cpu)
    for wrong, wanted in (
        (replace(simulated, backend=vllm.Vllm()), "backend is Vllm, allowed: that with gpu_pool"),
        (serving(backend=cpu.backend()), "backend is Mocker, allowed: that with cpu_nodes"),
    ):
        with pytest.raises(UsageError) as caught:
            wrong.check(ROLES)
        assert caught.value.message == wanted


def test_its_services_are_named_after_it() -> None:
    graph = serving_graph.graph(serving(), two_pools(load("dev")))

    assert [*workers(graph)] == ["VllmPrefillWorker", "VllmDecodeWorker"]
    assert [*workers(aggregated_graph(chosen(), 8))] == ["VllmWorker"]


def test_the_panel_may_scale_the_adapters_of_its_engine() -> None:
    [role] = (each for each in panel_access(chosen(), "i") if each["kind"] == "Role")
    adapters = next(rule for rule in role["rules"] if rule["verbs"] == ["patch"])

    assert adapters["resourceNames"] == ["gtc-demo-vllmprefillworker", "gtc-demo-vllmdecodeworker"]


@pytest.mark.parametrize("role", ROLES)
def test_queries_about_pods_ask_for_its_own(role: Role) -> None:
    for asked in (
        promql.ready_workers(role, vllm.TRAITS),
        promql.mean_engine_queue_ms(role, vllm.TRAITS),
        promql_platform.gpu_of_pool(metrics_platform.GPU_UTIL, role, vllm.TRAITS),
    ):
        assert f"vllm{role}worker" in asked.lower()
        assert "trtllm" not in asked.lower()
