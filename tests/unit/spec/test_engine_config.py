"""Engine files are refused before they can stop a worker."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from gtc_spec import environment
from gtc_spec.engines.engine_config import KNOWN_KEYS, Mode, check, check_agreement
from gtc_spec.engines.engine_facts import EngineFacts
from gtc_spec.errors import ConfigError
from gtc_spec.pools import ROLES
from tests.environments import WITH_GPUS

FILES = Path(__file__).resolve().parents[3] / "engine_configs"
PROD = environment.load("prod").engine_facts
MODES: tuple[Mode, ...] = (*ROLES, "aggregated")


def text(env: str, role: str) -> str:
    return (FILES / env / f"{role}.yaml").read_text()


def problems(role: str, **changes: object) -> list[str]:
    """What check says about the prod file with these (dotted, __ for a dot) keys changed."""
    config = yaml.safe_load(text("prod", role))
    for dotted, value in changes.items():
        *parents, last = dotted.split("__")
        target = config
        for parent in parents:
            target = target.setdefault(parent, {})
        target[last] = value
    try:
        check("prefill.yaml", yaml.safe_dump(config), role, PROD)
    except ConfigError as error:
        return [str(problem) for problem in error.problems]
    return []


@pytest.mark.parametrize("env", WITH_GPUS)
@pytest.mark.parametrize("mode", MODES)
def test_our_files_pass(env: str, mode: Mode) -> None:
    facts = environment.load(env).engine_facts
    check(f"{env}/{mode}.yaml", text(env, mode), mode, facts)


@pytest.mark.parametrize("env", WITH_GPUS)
def test_both_pools_agree_where_they_must(env: str) -> None:
    check_agreement(*((role, text(env, role)) for role in ROLES))


def test_pools_that_cannot_hand_over_are_refused_with_both_values() -> None:
    decode = text("prod", "decode").replace("max_seq_len: 26624", "max_seq_len: 30000")
    with pytest.raises(ConfigError) as caught:
        check_agreement(("prefill.yaml", text("prod", "prefill")), ("decode.yaml", decode))
    [problem] = caught.value.problems
    assert str(problem) == (
        "decode.yaml: max_seq_len: got 30000, allowed: as in prefill.yaml: 26624"
    )


@pytest.mark.parametrize("env", WITH_GPUS)
@pytest.mark.parametrize("role", MODES)
def test_every_value_says_why(env: str, role: str) -> None:
    for line in text(env, role).splitlines():
        if ":" in line and not line.startswith("#") and not line.endswith(":"):
            assert " # " in line, line


def test_typo_is_found_with_its_path() -> None:
    [problem] = problems("prefill", kv_cache_config__enable_block_reus=True)
    assert problem.startswith("prefill.yaml: kv_cache_config.enable_block_reus: got true, allowed:")
    assert problem.endswith("(did you mean kv_cache_config.enable_block_reuse?)")


def test_misspelt_key_is_told_once_and_not_also_as_missing() -> None:
    broken = text("prod", "prefill").replace("enable_block_reuse:", "enable_block_reus:")
    with pytest.raises(ConfigError) as caught:
        check("prefill.yaml", broken, "prefill", PROD)
    assert len(caught.value.problems) == 1


@pytest.mark.parametrize(
    ("role", "change", "says"),
    [
        ("prefill", {"disable_overlap_scheduler": False}, "got false, allowed: true"),
        ("prefill", {"enable_chunked_prefill": False}, "max_num_tokens: got 8192"),
        ("prefill", {"max_seq_len": 20000}, "allowed: at least 26000"),
        ("prefill", {"cache_transceiver_config": None}, "backend: got nothing"),
        ("prefill", {"cache_transceiver_config__backend": "NCCL"}, "one of DEFAULT, UCX"),
        ("prefill", {"cache_transceiver_config__max_tokens_in_buffer": 8192}, "at least 24000"),
        ("prefill", {"kv_cache_config__enable_block_reuse": False}, "allowed: true"),
        ("prefill", {"kv_cache_config__dtype": "auto"}, "allowed: fp8"),
        ("prefill", {"kv_cache_config__free_gpu_memory_fraction": 0.7}, "allowed: 0.9"),
        ("prefill", {"kv_cache_config": 3}, "a mapping of keys"),
        ("decode", {"max_batch_size": 64}, "at least 256"),
        ("decode", {"max_batch_size": True}, "at least 256"),
        ("decode", {"tensor_parallel_size": 2}, "a worker has 1 gpus"),
        ("decode", {"pipeline_parallel_size": "two"}, "whole numbers from 1 on"),
        ("aggregated", {"cache_transceiver_config__backend": "UCX"}, "hands no cache over"),
    ],
)
def test_broken_value_is_refused_with_what_is_allowed(
    role: str, change: dict[str, object], says: str
) -> None:
    assert says in "\n".join(problems(role, **change))


def held_against(facts: EngineFacts, mode: Mode, **changes: object) -> list[str]:
    """What is said of a file that a house has written for a small model."""
    config = yaml.safe_load(text("dev", mode)) | changes
    config["cache_transceiver_config"]["max_tokens_in_buffer"] = 4_096
    try:
        check(f"{mode}.yaml", yaml.safe_dump(config), mode, facts)
    except ConfigError as error:
        return [str(problem) for problem in error.problems]
    return []


def test_a_small_model_needs_room_for_no_more_than_its_file_takes() -> None:
    assert held_against(EngineFacts(), "prefill", max_seq_len=4_096) == []
    assert held_against(EngineFacts(), "prefill", max_seq_len=8_192) == [
        "prefill.yaml: cache_transceiver_config.max_tokens_in_buffer: got 4096, allowed: "
        "at least 8192 (longest prompt; less deadlocks the worker)"
    ]


def test_a_small_batch_is_taken_unless_somebody_asks_for_a_larger_one() -> None:
    small = {"max_seq_len": 4_096, "max_batch_size": 64}

    assert held_against(EngineFacts(), "decode", **small) == []
    assert held_against(EngineFacts(decode_batch_min=128), "decode", **small) == [
        "decode.yaml: max_batch_size: got 64, allowed: at least 128 "
        "(engine_facts: decode_batch_min)"
    ]


def test_all_problems_come_at_once() -> None:
    assert len(problems("decode", max_batch_size=1, max_seq_len=1, nonsense=1)) == 3


@given(st.text())
def test_any_text_is_either_fine_or_a_list_of_one_line_problems(anything: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check("x.yaml", anything, "decode", PROD)
    assert all("\n" not in str(problem) for problem in caught.value.problems)


@given(st.dictionaries(st.sampled_from(sorted(KNOWN_KEYS)), st.integers() | st.none() | st.text()))
def test_any_values_of_known_keys_never_crash(config: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        check("x.yaml", yaml.safe_dump(config), "prefill", PROD)


@pytest.mark.parametrize(
    "text",
    [
        "max_seq_len: 2026-13-45\n",
        "a: " + "[" * 3000,
        "\n".join(" " * depth + "a:" for depth in range(2000)),
        "max_seq_len: " + "9" * 5000,
        "a: &a [1]\nb: *a\n",
        "\tbackend: pytorch\n",
    ],
)
def test_what_is_no_plain_yaml_is_one_problem_of_the_whole_file(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check("prefill.yaml", text, "prefill", PROD)
    assert [each.key for each in caught.value.problems] == ["(whole file)"]
