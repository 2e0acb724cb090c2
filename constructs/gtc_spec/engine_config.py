"""TensorRT-LLM engine files: which keys exist, and what they must say for this demo to work.

An unknown key stops a worker at start (pydantic ``extra="forbid"``), minutes after the deploy that
carried it; a wrong one deadlocks it under load. So both are found when the manifest is built.
This module must not know Kubernetes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import yaml

from gtc_spec.environment import Environment
from gtc_spec.errors import ConfigError, Problem
from gtc_spec.pools import Role
from gtc_spec.profile import Profile

BLOCK_TOKENS: Final = 32
"""Tokens of one KV block: the engine's default, and what the router hashes (--kv-block-size)."""
DECODE_BATCH_MIN: Final = 256
"""Below it the engine hides decode stress: ITL stays flat and the excess shows as TTFT."""

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

Finding = tuple[str, object, str]
"""Key, value received, what is allowed."""


def check(file: str, text: str, role: Role, env: Environment) -> None:
    """Check one engine file against the pinned engine and the facts of the environment.

    Args:
        file: Its name, for the messages.
        text: Its YAML.
        role: The pool that it configures.
        env: The environment that it belongs to.

    Raises:
        ConfigError: Every broken key at once.
    """
    try:
        config = yaml.safe_load(text)
    except yaml.YAMLError as error:
        line = " ".join(str(error).split())
        raise ConfigError([Problem(file, "(whole file)", line, "yaml")]) from None
    if not isinstance(config, dict):
        raise ConfigError([Problem(file, "(whole file)", repr(config)[:40], "a mapping of keys")])
    found = list(_unknown(config, KNOWN_KEYS))
    for rule in _RULES:
        found.extend(rule(config, role, env))
    if found:
        raise ConfigError(
            [Problem(file, key, _shown(value), allowed) for key, value, allowed in found]
        )


def _unknown(
    config: Mapping[str, Any], known: Mapping[str, Any], path: str = ""
) -> Iterator[Finding]:
    for key, value in config.items():
        here = f"{path}{key}"
        if key not in known:
            yield here, value, f"one of {', '.join(known)}"
        elif known[key] and value is not None:
            if isinstance(value, dict):
                yield from _unknown(value, known[key], f"{here}.")
            else:
                yield here, value, "a mapping of keys"


def _engine(config: dict[str, Any], role: Role, env: Environment) -> Iterator[Finding]:
    yield from _equals(config, "backend", "pytorch")
    longest = env.load.prompt_tokens_max + env.load.max_tokens_max
    yield from _at_least(config, "max_seq_len", longest, "longest prompt plus longest answer")
    if not _read(config, "enable_chunked_prefill"):
        yield from _at_least(
            config, "max_num_tokens", env.load.prompt_tokens_max, "or enable_chunked_prefill"
        )
    if role == "prefill":
        yield from _equals(config, "disable_overlap_scheduler", True)
    else:
        yield from _at_least(config, "max_batch_size", DECODE_BATCH_MIN, "the itl story needs it")


def _cache(config: dict[str, Any], _role: Role, env: Environment) -> Iterator[Finding]:
    kv = Profile.load(env.model.profile).kv
    yield from _equals(config, "kv_cache_config.enable_block_reuse", True)
    yield from _equals(config, "kv_cache_config.free_gpu_memory_fraction", env.model.kv_fraction)
    yield from _equals(config, "kv_cache_config.dtype", "fp8" if kv == "fp8" else "auto")
    yield from _equals(config, "kv_cache_config.tokens_per_block", BLOCK_TOKENS)


def _transceiver(config: dict[str, Any], _role: Role, env: Environment) -> Iterator[Finding]:
    key = "cache_transceiver_config"
    backend = _read(config, f"{key}.backend")
    if backend not in TRANSCEIVERS:
        yield f"{key}.backend", backend, f"one of {', '.join(TRANSCEIVERS)}"
    yield from _at_least(
        config, f"{key}.max_tokens_in_buffer", env.load.prompt_tokens_max,
        "longest prompt; less deadlocks the worker",
    )  # fmt: skip
    yield from _at_least(config, f"{key}.kv_transfer_timeout_ms", 1, "a lost transfer must fail")


_RULES: tuple[Callable[[dict[str, Any], Role, Environment], Iterator[Finding]], ...] = (
    _engine,
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
