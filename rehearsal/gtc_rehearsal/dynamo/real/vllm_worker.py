"""What one real worker is told: `python -m dynamo.vllm` of release 1.4.2 with vLLM 0.26.0.

Flags and variables as they ran on two H200s (docs/benchmarks). This module starts nothing and opens
no port.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gtc_rehearsal.dynamo.dynamo_settings import (
    PLANES,
    TERM_DRAIN_S,
    DynamoSettings,
    WorkerRole,
    endpoint,
    process_env,
)
from gtc_rehearsal.dynamo.real.gpus import Gpu
from gtc_rehearsal.dynamo.real.memory import MemoryPlan
from gtc_spec.engines.choices import STEP_SEQUENCES, STEP_TOKENS
from gtc_spec.environment import Environment
from gtc_spec.profiles.profile import Profile

GRAPH_SIZES: Final = (1, 2, 4, 8, 16, 24, 32, 48, 64, 96, 128, 160, 192, 224, 256)
"""Batches with a CUDA graph of their own; others are padded up to the next."""
_TOKENS_STEP: Final = 1_024
_NIXL: Final = {"kv_connector": "NixlConnector", "kv_role": "kv_both"}
_KEPT: Final = (
    "CC", "CPATH", "CUDA", "CXX", "LD_", "LIBRARY_PATH", "NCCL_", "NIXL_", "NVIDIA_", "NVSHMEM_",
    "TORCH_", "TORCHINDUCTOR_", "TRITON_", "UCX_", "VLLM_",
)  # fmt: skip
"""Beginnings of variables that a worker inherits: they tune engine and link and hold no token."""
_VARIABLES: Final[Mapping[str, str]] = {
    "CUDA_DEVICE_ORDER": "PCI_BUS_ID",  # as nvidia-smi counts
    # neither each request nor each probe
    "DYN_LOG": "info,dynamo_runtime=warn,dynamo_llm=warn,dynamo_kv_router=warn,tower_http=off",
    "PYTHONUNBUFFERED": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "TRANSFORMERS_OFFLINE": "1",
    "UCX_RCACHE_MAX_UNRELEASED": "1024",
    "VLLM_DO_NOT_TRACK": "1",
    "VLLM_HOST_IP": "127.0.0.1",
    "VLLM_NO_USAGE_STATS": "1",
    "VLLM_USE_FLASHINFER_SAMPLER": "0",  # it would import flashinfer, which nothing else needs
}


@dataclass(frozen=True)
class VllmSettings:
    """Facts about the engine, the same for every worker.

    Attributes:
        python: Interpreter that has vLLM and Dynamo.
        random: Fill the model with random numbers instead of reading weights.
        weights: Precision of the weights, ``fp8`` or ``bf16``.
        kv: Precision of the KV cache.
        weights_gib: Memory of the weights.
        longest_tokens: Prompt and answer of the longest request, tokens.
        sequence_bytes: KV cache of that request.
    """

    python: str
    random: bool
    weights: str
    kv: str
    weights_gib: float
    longest_tokens: int
    sequence_bytes: int


@dataclass(frozen=True)
class Ports:
    """Where one worker listens, each below 32,768; all on loopback but its events.

    Attributes:
        system: Probes and metrics.
        side_channel: NIXL's handshakes; a part of the key of vLLM's compiled code (0.26.0,
            ``envs.compile_factors``), so a worker finds that code only when it has the same one.
        events: Cache events for the router; vLLM binds it on every interface.
        forward_pass: Figures of the engine's steps; its default is the same for every worker.
    """

    system: int
    side_channel: int
    events: int
    forward_pass: int


def vllm_settings(env: Environment, python: str, *, random: bool) -> VllmSettings:
    """The facts of an environment."""
    profile = Profile.load(env.model.profile)
    asked = env.load.prompt_tokens_max + env.load.max_tokens_max
    longest = -(-asked // _TOKENS_STEP) * _TOKENS_STEP
    return VllmSettings(
        python=python,
        random=random,
        weights="fp8" if env.model.weight_bytes == 1 else "bf16",
        kv=profile.kv,
        weights_gib=env.model.weights_gib,
        longest_tokens=longest,
        sequence_bytes=longest * profile.kv_bytes_per_token,
    )


def command(
    dynamo: DynamoSettings,
    vllm: VllmSettings,
    role: WorkerRole,
    model_dir: Path,
    memory: MemoryPlan,
    ports: Ports,
) -> list[str]:
    """The command line of one worker."""
    graphs = {"cudagraph_capture_sizes": list(GRAPH_SIZES)}
    events = {
        "enable_kv_cache_events": True,
        "publisher": "zmq",
        "topic": "kv-events",
        "endpoint": f"tcp://*:{ports.events}",
    }
    words = [
        *(vllm.python, "-m", "dynamo.vllm"),
        *("--model", str(model_dir), "--served-model-name", dynamo.served_name),
        *("--endpoint", endpoint(dynamo, role)),
        *PLANES,
        *("--max-model-len", str(vllm.longest_tokens)),
        *("--max-num-batched-tokens", str(STEP_TOKENS)),
        *("--max-num-seqs", str(STEP_SEQUENCES)),
        *("--gpu-memory-utilization", f"{memory.fraction:g}"),
        *("--compilation-config", json.dumps(graphs)),
        *("--kv-events-config", json.dumps(events)),
    ]
    if memory.kv_bytes is not None:
        words += ["--kv-cache-memory-bytes", str(memory.kv_bytes)]
    if role != "aggregated":
        words += ["--disaggregation-mode", role, "--kv-transfer-config", json.dumps(_NIXL)]
    if vllm.kv == "fp8":
        words += ["--kv-cache-dtype", "fp8"]
    if vllm.random:
        words += ["--load-format", "dummy"]
        if vllm.weights == "fp8":
            words += ["--quantization", "fp8"]  # a checkpoint says so itself
    return words


def environ(
    dynamo: DynamoSettings, discovery_dir: Path, home: Path, gpu: Gpu, ports: Ports, cache: Path
) -> dict[str, str]:
    """The complete environment of one worker.

    Args:
        dynamo: Facts about the model.
        discovery_dir: Where processes find each other.
        home: Their home; the user's own caches are left alone.
        gpu: Its GPU.
        ports: Where it listens.
        cache: Folder of compiled code, with no other worker that compiles.
    """
    kept = {name: value for name, value in os.environ.items() if name.startswith(_KEPT)}
    env = process_env(dynamo, discovery_dir, home, ports.system) | dict(_VARIABLES) | kept
    # the interpreter may be another than ours, for which our packages were not made
    env.pop("PYTHONPATH")
    if inherited := os.environ.get("PYTHONPATH"):
        env["PYTHONPATH"] = inherited
    return env | {
        "CUDA_VISIBLE_DEVICES": str(gpu.index),
        # after SIGTERM it cuts its streams when this is over; who drains it looks and ends it
        "DYN_GRACEFUL_SHUTDOWN_GRACE_PERIOD_SECS": str(TERM_DRAIN_S),
        "DYN_FORWARDPASS_METRIC_PORT": str(ports.forward_pass),
        "VLLM_CACHE_ROOT": str(cache),
        "VLLM_NIXL_SIDE_CHANNEL_HOST": "127.0.0.1",
        "VLLM_NIXL_SIDE_CHANNEL_PORT": str(ports.side_channel),
    }
