"""What an engine decides about workers, and what an environment without GPUs deploys."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gtc_spec import names, versions
from gtc_spec.engines import EngineFacts, Launch
from gtc_spec.engines.engine_config import BLOCK_TOKENS, Mode
from gtc_spec.environment import ENVIRONMENTS, Environment, load
from gtc_spec.manifests.dgd import aggregated_graph, dynamo_graph_deployment
from gtc_spec.pools import ROLES, Role
from tests.environments import SIMULATED, WITH_GPUS

CPU = load("cpu")
MODES: tuple[Mode, ...] = ("prefill", "decode", "aggregated")
FLAGS_OF_0_8_1 = {
    "--version", "--model-path", "--endpoint", "--model-name", "--num-gpu-blocks-override",
    "--block-size", "--max-num-seqs", "--max-num-batched-tokens", "--enable-prefix-caching",
    "--no-enable-prefix-caching", "--enable-chunked-prefill", "--no-enable-chunked-prefill",
    "--watermark", "--speedup-ratio", "--data-parallel-size", "--startup-time",
    "--planner-profile-data", "--num-workers", "--extra-engine-args", "--is-prefill-worker",
    "--is-decode-worker", "--enable-local-indexer", "--bootstrap-ports", "--store-kv",
    "--request-plane",
}  # fmt: skip
"""``python -m dynamo.mocker --help`` of the ai-dynamo 0.8.1 wheel."""


def simulated(mode: Mode) -> list[str]:
    facts = EngineFacts(prompt_tokens_max=24_000, answer_tokens_max=2_000)
    return CPU.backend().arguments(
        Launch(mode=mode, model_path="/m", served_name="a/b", facts=facts)
    )


def value(arguments: list[str], flag: str) -> str:
    return arguments[arguments.index(flag) + 1]


def services(env: Environment) -> dict[str, Any]:
    found: dict[str, Any] = dynamo_graph_deployment(env)["spec"]["services"]
    return found


@pytest.mark.parametrize("mode", MODES)
def test_the_simulator_is_given_only_flags_that_its_release_has(mode: Mode) -> None:
    assert {each for each in simulated(mode) if each.startswith("--")} <= FLAGS_OF_0_8_1


@pytest.mark.parametrize("role", ROLES)
def test_simulated_workers_answer_as_the_component_that_queries_ask_for(role: Role) -> None:
    component = CPU.engine.traits.components[role]

    assert value(simulated(role), "--endpoint") == f"dyn://$(DYN_NAMESPACE).{component}.generate"


def test_each_half_says_which_it_is_and_an_aggregated_worker_says_nothing() -> None:
    role_flags = {"--is-prefill-worker", "--is-decode-worker"}

    assert [sorted(role_flags & set(simulated(mode))) for mode in MODES] == [
        ["--is-prefill-worker"],
        ["--is-decode-worker"],
        [],
    ]


def test_a_simulated_worker_has_the_kv_pool_of_its_profile_in_the_routers_blocks() -> None:
    assert value(simulated("decode"), "--num-gpu-blocks-override") == "12618"
    assert value(simulated("decode"), "--block-size") == str(BLOCK_TOKENS)


def test_a_simulated_worker_claims_no_time_to_start_because_it_is_called_ready_meanwhile() -> None:
    assert "--startup-time" not in simulated("prefill")


@pytest.mark.parametrize("name", SIMULATED)
def test_nothing_of_a_simulated_graph_asks_for_a_gpu_a_share_or_a_token(name: str) -> None:
    env = load(name)
    for graph in (dynamo_graph_deployment(env), aggregated_graph(env, 2)):
        written = json.dumps(graph)
        for absent in ('gpu"', "nvidia.com/gpu", "tolerations", "hf-token", names.MODEL_CLAIM):
            assert absent not in written, absent
        assert "backendFramework" not in graph["spec"]
        assert "pvcs" not in graph["spec"]


@pytest.mark.parametrize("name", SIMULATED)
def test_simulated_workers_have_nodes_of_their_own_and_room_that_is_counted(name: str) -> None:
    env = load(name)
    workers = services(env)
    workers.pop(names.FRONTEND)
    for worker in workers.values():
        assert worker["extraPodSpec"]["nodeSelector"] == {
            "doks.digitalocean.com/node-pool": "workers"
        }
        assert worker["resources"] == {
            "requests": {"cpu": "1.5", "memory": "1024Mi"},
            "limits": {"memory": "1024Mi"},
        }


def test_a_node_of_simulated_workers_holds_its_slots_and_not_one_more() -> None:
    nodes, taken = CPU.nodes, 0.502 + 0.010  # CPUs: DaemonSets of DOKS, node-exporter
    allocatable = {"s-8vcpu-16gb": 7.9}[nodes.size]  # DOKS keeps 100 thousandths for itself

    assert nodes.slots_per_node * nodes.slot_cpu <= allocatable - taken
    assert (nodes.slots_per_node + 1) * nodes.slot_cpu > allocatable - taken


@pytest.mark.parametrize("name", SIMULATED)
def test_the_frontend_finds_the_model_by_the_name_that_it_is_served_under(name: str) -> None:
    """Release 0.8.1 announces a simulated model by its served name alone, as a path or a hub id."""
    env = load(name)
    main = services(env)[names.FRONTEND]["extraPodSpec"]["mainContainer"]
    [mount] = main["volumeMounts"]

    assert mount["mountPath"] == f"{main['workingDir']}/{env.model.served_name}"


@pytest.mark.parametrize("name", SIMULATED)
def test_simulated_workers_run_the_image_that_is_on_the_cluster_anyway(name: str) -> None:
    images = {
        each["extraPodSpec"]["mainContainer"]["image"] for each in services(load(name)).values()
    }

    assert images == {versions.FRONTEND_IMAGE}


@pytest.mark.parametrize("name", WITH_GPUS)
def test_with_gpus_it_is_tensorrt_llm_as_before(name: str) -> None:
    found = load(name).backend()

    assert (found.image, found.framework) == (versions.WORKER_IMAGE, "trtllm")
    assert not found.model_files


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_only_an_engine_that_stores_nothing_goes_without_a_share(name: str) -> None:
    env = load(name)

    assert bool(env.backend().model_files) == (env.hosting.share is None)
