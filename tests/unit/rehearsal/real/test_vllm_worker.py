"""What a real worker is told: its command line and its environment."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gtc_rehearsal.dynamo.dynamo_settings import WorkerRole, settings_from
from gtc_rehearsal.dynamo.real.gpus import Gpu
from gtc_rehearsal.dynamo.real.memory import MemoryPlan
from gtc_rehearsal.dynamo.real.vllm_worker import Ports, command, environ, vllm_settings
from gtc_spec import environment
from gtc_spec.engines import trtllm

HERE = Path("/state/models/m")
ALONE, SHARED = MemoryPlan(0.9, None), MemoryPlan(0.44, 44_000_000_000)
PORTS = Ports(system=20_001, side_channel=20_002, events=20_003, forward_pass=20_004)
GPU = Gpu(1, "NVIDIA H200", 143_771)


def words(
    env: str = "dev", role: WorkerRole = "decode", memory: MemoryPlan = ALONE, random: bool = True
) -> list[str]:
    loaded = environment.load(env)
    vllm = vllm_settings(loaded, "/opt/python", random=random)
    return command(settings_from(loaded), vllm, role, HERE, memory, PORTS)


def value(line: list[str], flag: str) -> str:
    return line[line.index(flag) + 1]


def variables(**more: Any) -> dict[str, str]:
    facts = settings_from(environment.load("dev"))
    return environ(facts, Path("/state/d"), Path("/state"), GPU, PORTS, Path("/state/vllm-0"))


def test_it_is_dynamos_vllm_in_the_python_that_has_it() -> None:
    assert words()[:3] == ["/opt/python", "-m", "dynamo.vllm"]


@pytest.mark.parametrize("role", ["prefill", "decode"])
def test_prefill_and_decode_hand_blocks_over_through_nixl(role: WorkerRole) -> None:
    line = words(role=role)

    assert value(line, "--disaggregation-mode") == role
    assert json.loads(value(line, "--kv-transfer-config"))["kv_connector"] == "NixlConnector"
    component = trtllm.TRAITS.component(role)
    assert value(line, "--endpoint").split(".")[-2:] == [component, "generate"]


def test_an_aggregated_worker_hands_nothing_over() -> None:
    line = words(role="aggregated")

    assert "--disaggregation-mode" not in line
    assert "--kv-transfer-config" not in line
    assert value(line, "--endpoint").split(".")[-2] == trtllm.TRAITS.component("aggregated")


@pytest.mark.parametrize("env", ["dev", "prod"])
def test_the_longest_request_fits_its_context(env: str) -> None:
    limits = environment.load(env).load

    assert int(value(words(env), "--max-model-len")) >= (
        limits.prompt_tokens_max + limits.max_tokens_max
    )


def test_random_numbers_stand_for_weights_only_when_asked() -> None:
    assert value(words(), "--load-format") == "dummy"
    assert "--load-format" not in words(random=False)


def test_random_weights_of_an_fp8_model_are_fp8_and_a_checkpoint_says_so_itself() -> None:
    assert value(words("prod"), "--quantization") == "fp8"
    assert "--quantization" not in words("prod", random=False)
    assert value(words("prod", random=False), "--kv-cache-dtype") == "fp8"
    assert "--kv-cache-dtype" not in words("dev")


def test_only_a_worker_that_shares_is_given_its_pool_in_bytes() -> None:
    assert "--kv-cache-memory-bytes" not in words()
    assert value(words(memory=SHARED), "--kv-cache-memory-bytes") == "44000000000"
    assert value(words(memory=SHARED), "--gpu-memory-utilization") == "0.44"


def test_its_cache_events_leave_by_its_own_port() -> None:
    assert json.loads(value(words(), "--kv-events-config"))["endpoint"] == "tcp://*:20003"


def test_a_worker_sees_one_gpu_counted_as_nvidia_smi_counts() -> None:
    env = variables()

    assert (env["CUDA_VISIBLE_DEVICES"], env["CUDA_DEVICE_ORDER"]) == ("1", "PCI_BUS_ID")


def test_no_port_is_the_same_for_two_workers_of_a_machine() -> None:
    env = variables()

    assert env["DYN_SYSTEM_PORT"] == "20001"
    assert env["VLLM_NIXL_SIDE_CHANNEL_PORT"] == "20002"
    assert env["DYN_FORWARDPASS_METRIC_PORT"] == "20004"


def test_what_vllm_needs_to_run_without_flashinfer_and_without_the_network_is_set() -> None:
    env = variables()

    assert env["VLLM_USE_FLASHINFER_SAMPLER"] == "0"
    assert (env["HF_HUB_OFFLINE"], env["TRANSFORMERS_OFFLINE"]) == ("1", "1")


def test_requests_are_not_logged_one_by_one() -> None:
    assert "dynamo_llm=warn" in variables()["DYN_LOG"]


def test_the_users_tuning_of_engine_and_link_reaches_it_and_no_token_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("UCX_TLS", "tcp,cuda_copy")
    monkeypatch.setenv("NCCL_NVLS_ENABLE", "0")
    monkeypatch.setenv("HF_TOKEN", "secret")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    env = variables()

    assert (env["UCX_TLS"], env["NCCL_NVLS_ENABLE"]) == ("tcp,cuda_copy", "0")
    assert "secret" not in env.values()
    assert env["CUDA_VISIBLE_DEVICES"] == "1"


def test_packages_of_our_own_python_are_not_put_before_those_of_its_python(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("PYTHONPATH", raising=False)
    assert "PYTHONPATH" not in variables()

    monkeypatch.setenv("PYTHONPATH", "/opt/site")
    assert variables()["PYTHONPATH"] == "/opt/site"


def test_a_worker_that_drains_does_not_cut_its_streams_after_five_seconds() -> None:
    assert float(variables()["DYN_GRACEFUL_SHUTDOWN_GRACE_PERIOD_SECS"]) >= 600
