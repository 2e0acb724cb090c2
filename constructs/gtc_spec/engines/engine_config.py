"""TensorRT-LLM engine files: which keys exist, and what they must say for this demo to work.

An unknown key stops a worker at start (pydantic ``extra="forbid"``), minutes after the deploy that
carried it; a wrong one deadlocks it under load. So both are found when the manifest is built.
This module must not know Kubernetes.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import yaml

from gtc_spec.engines.engine_facts import EngineFacts
from gtc_spec.errors import ConfigError, Problem
from gtc_spec.pools import Mode

BLOCK_TOKENS: Final = 32
"""Tokens of one KV block: the engine's default, and what the router hashes (--kv-block-size)."""
_PROMPT_TOKENS: Final = 24_000
"""Longest prompt where nobody says one: less where the file has room for less."""

_ANY: Final[Mapping[str, Any]] = {}
KNOWN_KEYS: Final[Mapping[str, Any]] = {
    "backend": _ANY,
    "tensor_parallel_size": _ANY,
    "pipeline_parallel_size": _ANY,
    "max_batch_size": _ANY,
    "max_num_tokens": _ANY,
    "max_seq_len": _ANY,
    "enable_chunked_prefill": _ANY,
    "disable_overlap_scheduler": _ANY,
    "cuda_graph_config": {"batch_sizes": _ANY, "max_batch_size": _ANY, "enable_padding": _ANY},
    "kv_cache_config": {
        "free_gpu_memory_fraction": _ANY,
        "enable_block_reuse": _ANY,
        "enable_partial_reuse": _ANY,
        "dtype": _ANY,
        "max_tokens": _ANY,
        "host_cache_size": _ANY,
        "tokens_per_block": _ANY,
        "event_buffer_max_size": _ANY,
    },
    "cache_transceiver_config": {
        "backend": _ANY,
        "max_tokens_in_buffer": _ANY,
        "kv_transfer_timeout_ms": _ANY,
    },
    "stream_interval": _ANY,
    "print_iter_log": _ANY,
    "trust_remote_code": _ANY,
    "enable_attention_dp": _ANY,
    "scheduler_config": {"capacity_scheduler_policy": _ANY},
    "enable_iter_perf_stats": _ANY,
    "return_perf_metrics": _ANY,
}
"""Fields of ``TorchLlmArgs`` that we use or may use (NVIDIA/TensorRT-LLM 1.2.0rc6,
tensorrt_llm/llmapi/llm_args.py); newer fields such as ``transceiver_runtime`` are left out because
rc6 may not have them."""

TRANSCEIVERS: Final = ("DEFAULT", "UCX", "NIXL", "MOONCAKE", "MPI")

MUST_AGREE: Final = ("max_seq_len", "kv_cache_config", "cache_transceiver_config")
"""Keys that prefill and decode must share: KV blocks are handed over as they are."""


Finding = tuple[str, object, str]
"""Key, value received, what is allowed."""


def file_name(mode: Mode) -> str:
    """Name of the file of one pool, in a folder and inside a worker."""
    return f"{mode}.yaml"


def check(file: str, text: str, mode: Mode, facts: EngineFacts) -> None:
    """Check one engine file against the pinned engine and what it has to provide for.

    Args:
        file: Its name, for the messages.
        text: Its YAML.
        mode: What the workers that it configures do.
        facts: What it has to provide for.

    Raises:
        ConfigError: Every broken key at once.
    """
    config = parse(file, text)
    found = list(_unknown(config, KNOWN_KEYS))
    misspelt = {_meant(key) for key, _, _ in found}
    for rule in _RULES:
        found.extend(each for each in rule(config, mode, facts) if each[0] not in misspelt)
    if found:
        raise ConfigError(
            [Problem(file, key, _shown(value), allowed) for key, value, allowed in found]
        )


def check_agreement(prefill: tuple[str, str], decode: tuple[str, str]) -> None:
    """Check that both pools can hand KV blocks over to each other.

    Args:
        prefill: Name and text of the prefill pool's file.
        decode: The same of the decode pool.

    Raises:
        ConfigError: Every key that must be equal and is not.
    """
    ours, theirs = parse(*prefill), parse(*decode)
    found = [
        Problem(decode[0], key, _shown(theirs.get(key)), f"as in {prefill[0]}: {ours.get(key)}")
        for key in MUST_AGREE
        if ours.get(key) != theirs.get(key)
    ]
    if found:
        raise ConfigError(found)


class _WithoutAliases(yaml.SafeLoader):
    """A few aliases of aliases stand for more than fits into any memory; no engine needs one."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """As the loader does it, but an alias is an error."""
        if self.check_event(yaml.AliasEvent):
            raise yaml.composer.ComposerError(None, None, "found an alias")
        return super().compose_node(parent, index)


def parse(file: str, text: str) -> dict[str, Any]:
    """What an engine file says.

    Raises:
        ConfigError: It is not YAML without aliases, or no mapping of keys.
    """
    try:
        config = yaml.load(text, _WithoutAliases)  # noqa: S506  # it is a safe one
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        line = " ".join(str(error).split())
        raise ConfigError([Problem(file, "(whole file)", line, "yaml without aliases")]) from None
    if not isinstance(config, dict):
        raise ConfigError([Problem(file, "(whole file)", repr(config)[:40], "a mapping of keys")])
    return config


def _unknown(
    config: Mapping[str, Any], known: Mapping[str, Any], path: str = ""
) -> Iterator[Finding]:
    for key, value in config.items():
        here = f"{path}{key}"
        if key not in known:
            meant = _meant(here)
            hint = f" (did you mean {meant}?)" if meant else ""
            yield here, value, f"one of {', '.join(known)}{hint}"
        elif known[key] and value is not None:
            if isinstance(value, dict):
                yield from _unknown(value, known[key], f"{here}.")
            else:
                yield here, value, "a mapping of keys"


def _meant(dotted: str) -> str:
    """The known key that an unknown one may be a typo of; empty when none is close."""
    known: Mapping[str, Any] = KNOWN_KEYS
    *parents, last = dotted.split(".")
    for parent in parents:
        known = known.get(parent, _ANY)
    close = difflib.get_close_matches(last, known, n=1)
    return ".".join([*parents, close[0]]) if close else ""


def _engine(config: dict[str, Any], mode: Mode, facts: EngineFacts) -> Iterator[Finding]:
    yield from _equals(config, "backend", "pytorch")
    longest = facts.tokens_max or 1
    yield from _at_least(config, "max_seq_len", longest, "longest prompt plus longest answer")
    if not _read(config, "enable_chunked_prefill"):
        prompt = _longest_prompt(config, facts)
        yield from _at_least(config, "max_num_tokens", prompt, "or enable_chunked_prefill")
    if mode == "prefill":
        yield from _equals(config, "disable_overlap_scheduler", True)
    elif facts.decode_batch_min is not None:
        least = facts.decode_batch_min
        yield from _at_least(config, "max_batch_size", least, "engine_facts: decode_batch_min")


def _parallelism(config: dict[str, Any], _mode: Mode, facts: EngineFacts) -> Iterator[Finding]:
    key, value = "tensor_parallel_size", config.get("tensor_parallel_size", 1)
    stages = config.get("pipeline_parallel_size", 1)
    if not (type(value) is int and type(stages) is int and value >= 1 and stages >= 1):
        yield key, f"{_shown(value)} x {_shown(stages)}", "whole numbers from 1 on"
    elif value * stages != facts.gpus_per_worker:
        gpus = facts.gpus_per_worker
        yield key, value, f"{gpus} over pipeline_parallel_size, a worker has {gpus} gpus"


def _cache(config: dict[str, Any], _mode: Mode, facts: EngineFacts) -> Iterator[Finding]:
    yield from _equals(config, "kv_cache_config.enable_block_reuse", True)
    if facts.kv_fraction is not None:
        yield from _equals(config, "kv_cache_config.free_gpu_memory_fraction", facts.kv_fraction)
    if facts.kv_dtype is not None:
        yield from _equals(config, "kv_cache_config.dtype", facts.kv_dtype)
    yield from _equals(config, "kv_cache_config.tokens_per_block", BLOCK_TOKENS)


def _transceiver(config: dict[str, Any], mode: Mode, facts: EngineFacts) -> Iterator[Finding]:
    key = "cache_transceiver_config"
    if mode == "aggregated":
        if config.get(key) is not None:
            yield key, config[key], "nothing, an aggregated worker hands no cache over"
        return
    backend = _read(config, f"{key}.backend")
    if backend not in TRANSCEIVERS:
        yield f"{key}.backend", backend, f"one of {', '.join(TRANSCEIVERS)}"
    yield from _at_least(
        config, f"{key}.max_tokens_in_buffer", _longest_prompt(config, facts),
        "longest prompt; less deadlocks the worker",
    )  # fmt: skip
    yield from _at_least(config, f"{key}.kv_transfer_timeout_ms", 1, "a lost transfer must fail")


def _longest_prompt(config: dict[str, Any], facts: EngineFacts) -> int:
    """The longest prompt that a file has to provide for."""
    room = config.get("max_seq_len")
    if facts.prompt_tokens_max is not None or type(room) is not int:
        return facts.prompt_tokens_max or _PROMPT_TOKENS
    return max(1, min(room, _PROMPT_TOKENS))


_RULES: tuple[Callable[[dict[str, Any], Mode, EngineFacts], Iterator[Finding]], ...] = (
    _engine,
    _parallelism,
    _cache,
    _transceiver,
)


def _equals(config: dict[str, Any], key: str, wanted: object) -> Iterator[Finding]:
    value = _read(config, key)
    if value != wanted or type(value) is not type(wanted):
        yield key, value, _shown(wanted)


def _at_least(config: dict[str, Any], key: str, least: int, why: str) -> Iterator[Finding]:
    value = _read(config, key)
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        yield key, value, f"at least {least} ({why})"


def _read(config: dict[str, Any], dotted: str) -> Any:
    value: Any = config
    for part in dotted.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "nothing" if value is None else str(value)[:80]
