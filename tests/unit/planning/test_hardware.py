"""What the twin runs on: which fact of environment, profile and live run counts."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest
import yaml

from gtc_runtime.planning.hardware import Hardware
from gtc_spec.engines import EngineFacts, Launch
from gtc_spec.environment import load
from gtc_spec.overrides import load_with
from gtc_spec.profiles.measured import Live
from gtc_spec.profiles.profile import Profile

PROD = load("prod")
CONFIGS = Path(__file__).parents[3] / "engine_configs"
VLLM = Profile.load("llama-3.1-70b.h200.fp8.vllm")


def test_a_worker_starts_as_its_environment_says_where_nobody_timed_one() -> None:
    assert Hardware.of(PROD).worker_start_s == PROD.worker_start_s


def test_a_worker_that_was_timed_starts_as_one_that_finds_nothing_compiled() -> None:
    cold_s = (152 + 163 + 168) / 3  # as seen on an H200

    assert Hardware.of(PROD, VLLM).worker_start_s == pytest.approx(cold_s, rel=0.05)


def test_a_start_of_a_live_run_wins() -> None:
    seen = VLLM.model_copy(update={"live": Live(worker_start_s=200)})

    assert Hardware.of(PROD, seen).worker_start_s == 200


@pytest.mark.parametrize("name", ["prod", "dev"])
def test_steps_are_as_the_engine_files_say(name: str) -> None:
    told = {
        role: yaml.safe_load((CONFIGS / name / f"{role}.yaml").read_text())
        for role in ("prefill", "decode", "aggregated")
    }
    hardware = Hardware.of(load(name))

    assert {each["max_num_tokens"] for each in told.values()} == {hardware.step_tokens}
    assert told["decode"]["max_batch_size"] == hardware.max_sequences


def test_a_simulated_engine_has_the_steps_that_its_workers_are_told() -> None:
    cpu = load("cpu")
    backend = cpu.engine.backend(cpu.model.profile, cpu.model.kv_fraction, {})
    facts = EngineFacts(prompt_tokens_max=24_000, answer_tokens_max=2_000)
    launch = Launch(mode="prefill", model_path="/model", served_name="llama", facts=facts)

    arguments = backend.arguments(launch)

    told = {
        name: int(arguments[arguments.index(name) + 1])
        for name in ("--max-num-batched-tokens", "--max-num-seqs")
    }
    hardware = Hardware.of(cpu)
    assert [*told.values()] == [hardware.step_tokens, hardware.max_sequences] == [4096, 512]


def test_the_simulator_of_a_rehearsal_knows_nothing_of_an_engine_but_its_steps_and_blocks() -> None:
    of_vllm = load_with("prod", {"GTC_ENGINE": "vllm"})
    mine, other = Hardware.of_rehearsal(PROD), Hardware.of_rehearsal(of_vllm)

    apart = {
        each.name for each in fields(mine) if getattr(mine, each.name) != getattr(other, each.name)
    }

    assert apart <= {"profile", "block_tokens", "layers", "kv_fraction"}
