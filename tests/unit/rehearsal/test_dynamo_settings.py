"""What Dynamo's processes are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from gtc_rehearsal.dynamo.dynamo_settings import (
    DynamoSettings,
    frontend_command,
    process_env,
    settings_from,
    worker_command,
)
from gtc_spec import environment
from gtc_spec.engines import REAL, Traits
from gtc_spec.engines.choices import VllmChoice
from gtc_spec.overrides import load_with
from gtc_spec.pools import ROLES, Role

PROD = settings_from(environment.load("prod"))
HERE = Path("/state")


def settings_of(engine: str) -> DynamoSettings:
    return settings_from(load_with("prod", {"GTC_ENGINE": engine}))


def _value(command: list[str], flag: str) -> str:
    return command[command.index(flag) + 1]


def test_a_prod_worker_has_the_kv_pool_of_its_profile() -> None:
    assert (PROD.kv_blocks, PROD.kv_bytes_per_token) == (12_618, 163_840)


@pytest.mark.parametrize("name", environment.ENVIRONMENTS)
def test_every_environment_gives_settings(name: str) -> None:
    env = environment.load(name)
    settings = settings_from(env)

    assert settings.kv_link_gb_s == env.rehearsal.kv_link_gb_s
    assert settings.kv_blocks * 32 > env.workloads.longest_prompt_tokens


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("engine", REAL.values(), ids=REAL)
def test_a_worker_has_the_names_the_blocks_and_the_scheduling_of_its_engine(
    engine: Traits, role: Role
) -> None:
    command = worker_command(settings_of(engine.name), role, HERE, HERE)

    assert _value(command, "--endpoint") == (
        f"dyn://dynamo-workload-gtc-demo.{engine.components[role]}.generate"
    )
    assert _value(command, "--engine-type") == engine.name
    assert _value(command, "--block-size") == str(engine.block_tokens)
    assert _value(command, "--disaggregation-mode") == role


def test_smaller_blocks_are_more_of_them_in_the_same_pool() -> None:
    env = environment.load("prod").model_copy(update={"engine": VllmChoice()})

    assert settings_from(env).kv_blocks == pytest.approx(2 * PROD.kv_blocks, abs=1)


def test_an_aggregated_worker_answers_where_decode_workers_do() -> None:
    command = worker_command(PROD, "aggregated", HERE, HERE)

    assert _value(command, "--disaggregation-mode") == "agg"
    assert ".tensorrt_llm." in _value(command, "--endpoint")


def test_the_frontend_listens_on_loopback_only() -> None:
    assert _value(frontend_command(PROD, 20_000), "--http-host") == "127.0.0.1"


def test_no_token_of_the_user_reaches_a_child(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "secret")
    monkeypatch.setenv("DIGITALOCEAN_ACCESS_TOKEN", "secret")
    monkeypatch.setenv("DYN_ROUTER_TEMPERATURE", "1")

    assert "secret" not in process_env(PROD, HERE, HERE).values()
    assert "DYN_ROUTER_TEMPERATURE" not in process_env(PROD, HERE, HERE, 20_000)


def test_the_frontend_has_the_fine_buckets_under_the_name_that_it_reads() -> None:
    env = process_env(PROD, HERE, HERE)

    assert "DYN_HISTOGRAM_DYN_METRICS_TTFT_COUNT" in env
    assert "DYN_HISTOGRAM_DYN_METRICS_TTFT_COUNT" not in process_env(PROD, HERE, HERE, 20_000)
