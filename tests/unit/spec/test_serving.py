"""What is served is refused in one line while it is a value, long before it is a pod."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtc_spec import names
from gtc_spec.cloud.node_pool import NodePool
from gtc_spec.engines.trtllm import Trtllm
from gtc_spec.engines.vllm import Vllm
from gtc_spec.environment import load
from gtc_spec.errors import ConfigError, UsageError
from gtc_spec.graph.model_ref import ModelRef
from gtc_spec.graph.serving import Serving
from gtc_spec.graph.workers import WorkerPools, Workers
from gtc_spec.manifests.serving_graph import graph
from gtc_spec.pools import ROLES
from gtc_spec.serving import Checkpoint
from tests.environments import WITH_GPUS

ENGINES = Path(__file__).resolve().parents[3] / "engine_configs"
PROD = Serving.of(load("prod"), ENGINES / "prod")


def refusal(serving: Serving) -> UsageError:
    with pytest.raises(UsageError) as caught:
        serving.check(ROLES)
    assert "\n" not in caught.value.message
    return caught.value


def test_both_environments_are_sound() -> None:
    for name in WITH_GPUS:
        serving = Serving.of(load(name), ENGINES / name)
        serving.check(ROLES)
        assert list(serving.engine_files(["prefill", "decode"])) == ["prefill", "decode"]
        serving.engine_files(["aggregated"])


def test_bf16_70b_on_one_h200_is_refused_with_the_arithmetic_and_the_way_out() -> None:
    error = refusal(replace(PROD, model=ModelRef(repository="meta-llama/Llama-3.1-70B-Instruct")))
    assert "70.6 billion parameters x 2 bytes = 132 gib of weights" in error.message
    assert "at most 125 gib" in error.message
    assert "nvidia/Llama-3.1-70B-Instruct-FP8" in error.hint


def test_the_same_model_over_two_gpus_is_accepted() -> None:
    facts = replace(PROD.engine_facts, gpus_per_worker=2)
    model = ModelRef(repository="meta-llama/Llama-3.1-70B-Instruct")
    replace(PROD, model=model, engine_facts=facts).check(ROLES)


def test_an_unknown_model_or_gpu_is_not_judged_unless_its_size_is_given() -> None:
    unknown = ModelRef(repository="org/model")
    replace(PROD, model=unknown).check(ROLES)
    huge = ModelRef(repository="org/model", checkpoint=Checkpoint("org/model", 400, 2))
    new = NodePool(size="gpu-new1x1-9gb", count=1, unlisted=True)
    replace(PROD, model=huge, gpu_pool=new).check(ROLES)
    assert "an fp8 checkpoint" in refusal(replace(PROD, model=huge)).hint


def test_a_checkpoint_answers_under_owner_and_name() -> None:
    with pytest.raises(UsageError) as caught:
        Checkpoint("llama", 8, 2)
    assert caught.value.message == "served_name 'llama', allowed: owner/name"


@pytest.mark.parametrize("billion", [-8, 0, math.inf, math.nan])
def test_a_checkpoint_has_parameters(billion: float) -> None:
    with pytest.raises(UsageError, match=r"parameters_billion.* allowed: "):
        Checkpoint("org/model", billion, 2)


@pytest.mark.parametrize("pool", [NodePool.mi300x(), NodePool.mi325xx8()])
def test_gpus_of_amd_are_refused_because_the_engines_are_built_for_cuda(pool: NodePool) -> None:
    error = refusal(replace(PROD, gpu_pool=pool))
    assert f"gpu_pool of {pool.size} has gpus of AMD, allowed: NVIDIA's" in error.message
    assert "CUDA" in error.hint


def test_a_name_too_long_for_grove_is_refused_with_its_limit() -> None:
    error = refusal(replace(PROD, name="a-long-name-of-it"))
    assert "has 17 characters, allowed: at most 11" in error.message
    replace(PROD, name="a" * 11).check(ROLES)


@given(name=st.from_regex(r"[a-z]([a-z0-9-]{0,40}[a-z0-9])?", fullmatch=True))
def test_the_told_limit_is_the_limit(name: str) -> None:
    try:
        replace(PROD, name=name).check(ROLES)
    except UsageError as error:
        most = int(error.message.split("at most ")[1].split()[0])
        assert len(name) > most
        replace(PROD, name=name[:most]).check(ROLES)


@pytest.mark.parametrize("grove", [True, False, None])
@pytest.mark.parametrize("name", ["70b", "8b-chat"])
def test_a_name_that_no_service_can_have_is_refused(name: str, grove: bool | None) -> None:
    error = refusal(replace(PROD, name=name, grove=grove))
    assert error.message == f"name {name!r} begins with a digit, allowed: a letter first"
    replace(PROD, name=f"q{name}", grove=grove).check(ROLES)


def test_without_grove_the_name_of_a_service_limits_that_of_a_deployment() -> None:
    without = replace(PROD, backend=Vllm(), grove=False)
    error = refusal(replace(without, name="a" * 46))
    assert "has 46 characters, allowed: at most 45 beside the service Vllm" in error.message
    replace(without, name="a" * 45).check(ROLES)
    assert len(names.pod_service("a" * 45, "VllmPrefillWorker")) == 63


def test_namespace_and_name_must_fit_the_label_of_both() -> None:
    without = replace(PROD, grove=False, name="a" * 32)
    replace(without, namespace="b" * 30).check(ROLES)
    error = refusal(replace(without, namespace="b" * 31))
    assert error.message.endswith("have 64 characters, allowed: at most 63")


def test_a_worker_that_spans_nodes_is_refused() -> None:
    two = replace(PROD.engine_facts, gpus_per_worker=2)
    error = refusal(replace(PROD, gpu_pool=NodePool.h100(count=4), engine_facts=two))
    assert error.message == (
        "a worker of 2 gpus on gpu-h100x1-80gb, allowed: at most 1, which is a node"
    )
    replace(PROD, gpu_pool=NodePool.h100x8(), engine_facts=two).check(ROLES)


def test_a_missing_engine_file_is_named() -> None:
    with pytest.raises(UsageError, match=r"nowhere/prefill.yaml: no such file") as caught:
        replace(PROD, backend=Trtllm(engine_configs=Path("nowhere"))).engine_files(["prefill"])
    assert "prefill workers" in caught.value.hint


def test_engine_files_may_be_given_as_texts() -> None:
    text = (ENGINES / "prod/prefill.yaml").read_text()
    given = replace(PROD, backend=Trtllm(engine_configs={"prefill": text}))
    assert given.engine_files(["prefill"]) == {"prefill": text}
    with pytest.raises(UsageError, match="no engine config for decode, got prefill"):
        given.engine_files(["prefill", "decode"])


def test_a_typo_in_an_engine_file_is_one_line_with_the_key_that_was_meant() -> None:
    texts = {mode: (ENGINES / f"prod/{mode}.yaml").read_text() for mode in ("prefill", "decode")}
    texts["decode"] = texts["decode"].replace("max_batch_size: 256  ", "max_batch_sise: 256  ", 1)
    with pytest.raises(ConfigError) as caught:
        Trtllm(engine_configs=texts).engine_files(["prefill", "decode"], PROD.engine_facts)  # type: ignore[arg-type]
    [problem] = caught.value.problems
    assert problem.key == "max_batch_sise"
    assert "did you mean max_batch_size?" in problem.allowed


def test_a_changed_engine_file_changes_only_its_own_workers() -> None:
    pools: WorkerPools = {"prefill": Workers(), "decode": Workers()}
    first, second = (
        graph(PROD, pools, {"prefill": "a: 1", "decode": text})["spec"]["services"]
        for text in ("b: 1", "b: 2")
    )
    assert first["TrtllmPrefillWorker"] == second["TrtllmPrefillWorker"]
    assert first["TrtllmDecodeWorker"] != second["TrtllmDecodeWorker"]


@pytest.mark.parametrize("wrong", [{"replicas": 0}, {"replicas": -3}, {"drain_s": -1}])
def test_workers_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="allowed: "):
        Workers(**wrong)
