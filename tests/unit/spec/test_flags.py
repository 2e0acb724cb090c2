"""Flags that a caller adds to those that we set ourselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gtc_spec.engines import Backend, EngineFacts, Launch, sglang, vllm
from gtc_spec.errors import UsageError

FACTS = EngineFacts(prompt_tokens_max=1_000, answer_tokens_max=100)


def arguments(backend: Backend, facts: EngineFacts = FACTS) -> list[str]:
    return backend.arguments(Launch(mode="decode", model_path="/m", served_name="a/b", facts=facts))


@pytest.mark.parametrize("make", [vllm.Vllm, sglang.Sglang])
def test_flags_come_after_ours_as_the_process_reads_them(make: Callable[..., Backend]) -> None:
    flags = {
        "--alone": True,
        "--number": 256,
        "--share": 0.5,
        "--text": "a b",
        "--list": ["x", "y"],
    }
    plain, given = arguments(make()), arguments(make(flags=flags))

    assert given[: len(plain)] == plain
    assert given[len(plain) :] == [
        "--alone", "--number", "256", "--share", "0.5", "--text", "a b", "--list", "x", "y",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("flag", "value", "says", "hint"),
    [
        (
            "--max-model-len", 4_096,
            "Vllm: got --max-model-len, allowed: flags that are not set already",
            "--max-model-len follows from engine_facts: prompt_tokens_max and answer_tokens_max",
        ),
        (
            "--max_model_len", 4_096,
            "Vllm: got --max_model_len, allowed: flags that are not set already",
            "--max-model-len follows from engine_facts: prompt_tokens_max and answer_tokens_max",
        ),
        (
            "--max-model", 4_096,
            "Vllm: got --max-model, allowed: flags that are not set already",
            "--max-model-len follows from engine_facts: prompt_tokens_max and answer_tokens_max",
        ),
        (
            "--kv-transfer-config", "{}",
            "Vllm: got --kv-transfer-config, allowed: flags that are not set already",
            "--kv-transfer-config follows from --connector, beside which release 0.8.1 refuses it",
        ),
        (
            "max-num-seqs", 4,
            "Vllm: got the flag 'max-num-seqs', allowed: its long name, such as --seed",
            "",
        ),
        (
            "--seed 7", True,
            "Vllm: got the flag '--seed 7', allowed: its long name, such as --seed",
            "",
        ),
        ("-tp", 2, "Vllm: got the flag '-tp', allowed: its long name, such as --seed", ""),
        (
            "--enable-prefix-caching", False,
            "Vllm: --enable-prefix-caching is False, allowed: its value, or True where it has none",
            "leave it out, or name its opposite, such as --no-enable-prefix-caching",
        ),
    ],
)  # fmt: skip
def test_a_flag_that_cannot_be_meant_is_refused_and_says_what_decides_it(
    flag: str, value: Any, says: str, hint: str
) -> None:
    with pytest.raises(UsageError) as caught:
        vllm.Vllm(flags={flag: value})

    assert (caught.value.message, caught.value.hint) == (says, hint)


def test_flags_that_only_begin_like_ours_are_taken() -> None:
    vllm.Vllm(flags={"--model-loader-extra-config": "{}"})
    sglang.Sglang(flags={"--enable-metrics-for-all-schedulers": True})


def test_every_flag_of_vllm_that_we_set_is_one_that_nobody_else_may_set() -> None:
    facts = EngineFacts(
        prompt_tokens_max=1, answer_tokens_max=1, gpus_per_worker=2, kv_fraction=0.5, kv_dtype="fp8"
    )
    for mode in ("prefill", "decode", "aggregated"):
        launch = Launch(mode=mode, model_path="/m", served_name="a/b", facts=facts)  # type: ignore[arg-type]
        given = vllm.Vllm().arguments(launch)
        assert {each for each in given if each.startswith("--")} <= {*vllm.OURS}


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (
            {"gpus_per_worker": 0},
            "engine_facts: got 0 tokens, gpus or requests, allowed: at least 1",
        ),
        ({"kv_fraction": 90}, "engine_facts: kv_fraction is 90, allowed: above 0 and below 1"),
        (
            {"answer_tokens_max": None},
            "engine_facts: got prompt_tokens_max=1 and answer_tokens_max=None, "
            "allowed: both or neither",
        ),
        (
            {"decode_batch_min": 0},
            "engine_facts: got 0 tokens, gpus or requests, allowed: at least 1",
        ),
        ({"kv_dtype": "fp4"}, "EngineFacts: kv_dtype is 'fp4', allowed: 'fp8', 'auto' or None"),
    ],
)
def test_facts_that_cannot_be_are_refused(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError) as caught:
        EngineFacts(**{"prompt_tokens_max": 1, "answer_tokens_max": 1, **wrong})

    assert caught.value.message == says


@pytest.mark.parametrize(
    ("make", "flag"), [(vllm.Vllm, "--max-model-len"), (sglang.Sglang, "--context-length")]
)
def test_an_engine_takes_what_its_model_was_made_for_unless_lengths_are_said(
    make: Callable[..., Backend], flag: str
) -> None:
    said, unsaid = arguments(make()), arguments(make(), EngineFacts(gpus_per_worker=2))

    assert said[said.index(flag) + 1] == "1100"
    assert flag not in unsaid
