"""What Dynamo's processes are told: facts, command lines and environment variables.

Every flag was tried with ai-dynamo 1.4.2. This module starts nothing and opens no port.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import gtc_rehearsal
from gtc_spec import names
from gtc_spec.engines.mocker import MAX_SEQUENCES, kv_blocks
from gtc_spec.engines.traits import ENDPOINT, Traits
from gtc_spec.environment import Environment
from gtc_spec.profiles.profile import Profile
from gtc_spec.telemetry.buckets import frontend_env

WorkerRole = Literal["prefill", "decode", "aggregated"]
"""What a worker does; "aggregated" does both."""

PORTS = range(20_000, 32_000)
"""Below the kernel's ephemeral ports, and below 32,768: Dynamo parses one of its ports as a 16-bit
signed integer and ends when it does not fit."""
TERM_DRAIN_S = 600
"""How long a worker may drain after SIGTERM by itself; the caller's deadline is shorter."""

_KEPT_VARIABLES = ("PATH", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "VIRTUAL_ENV")
"""All that children inherit, so that no token of the user's shell reaches them."""
_MODES: dict[WorkerRole, str] = {"prefill": "prefill", "decode": "decode", "aggregated": "agg"}
PLANES = ("--discovery-backend", "file", "--request-plane", "tcp", "--event-plane", "zmq")


@dataclass(frozen=True)
class DynamoSettings:
    """Facts about the model and its workers.

    Attributes:
        served_name: Name under which the model answers.
        profile: Packaged GPU timings of one worker.
        engine: Whose names, blocks and scheduling the workers have.
        kv_blocks: KV blocks of one worker.
        kv_bytes_per_token: KV cache of one token over all layers, bytes.
        kv_link_gb_s: Bandwidth of one worker's KV transfers, GB/s. Each transfer has the link for
            itself: the simulator knows no contention.
        namespace: Dynamo's namespace, as the operator sets it.
    """

    served_name: str
    profile: str
    engine: Traits
    kv_blocks: int
    kv_bytes_per_token: int
    kv_link_gb_s: float
    namespace: str = names.dynamo_namespace(names.NAMESPACE_WORKLOAD, names.DEMO)


def settings_from(environment: Environment) -> DynamoSettings:
    """The settings of an environment.

    Raises:
        UsageError: The environment names a profile that does not exist.
    """
    model, engine = environment.model, environment.engine.traits
    profile = Profile.load(model.profile)
    return DynamoSettings(
        served_name=model.served_name,
        profile=model.profile,
        engine=engine,
        kv_blocks=kv_blocks(profile, model.kv_fraction, engine.block_tokens),
        kv_bytes_per_token=profile.kv_bytes_per_token,
        kv_link_gb_s=environment.rehearsal.kv_link_gb_s,
    )


def frontend_command(settings: DynamoSettings, port: int, router_mode: str = "kv") -> list[str]:
    """The frontend: HTTP, tokenizer and router; "kv" prefers the worker that holds the prefix."""
    return [
        *(sys.executable, "-m", "dynamo.frontend"),
        *("--http-host", "127.0.0.1", "--http-port", str(port)),
        *("--router-mode", router_mode, "--namespace", settings.namespace),
        *PLANES,
    ]


def endpoint(settings: DynamoSettings, role: WorkerRole) -> str:
    """Where a worker registers: under the component that queries and boards ask for."""
    return f"dyn://{settings.namespace}.{settings.engine.component(role)}.{ENDPOINT}"


def worker_command(
    settings: DynamoSettings, role: WorkerRole, model_dir: Path, timings: Path
) -> list[str]:
    """One simulated worker behind its gate (see simulator_main).

    Args:
        settings: The facts.
        role: What it does.
        model_dir: Directory of configuration and tokenizer.
        timings: GPU timings in the simulator's format.
    """
    engine = settings.engine
    return [
        *(sys.executable, "-m", "gtc_rehearsal.dynamo.simulator_main"),
        *("--model-path", str(model_dir), "--model-name", settings.served_name),
        *("--endpoint", endpoint(settings, role)),
        *("--engine-type", engine.name, "--disaggregation-mode", _MODES[role]),
        *("--block-size", str(engine.block_tokens)),
        *("--num-gpu-blocks-override", str(settings.kv_blocks)),
        *("--max-num-seqs", str(MAX_SEQUENCES)),
        *("--kv-transfer-bandwidth", f"{settings.kv_link_gb_s:g}"),
        *("--kv-bytes-per-token", str(settings.kv_bytes_per_token)),
        *("--planner-profile-data", str(timings)),
        *PLANES,
    ]


def _python_path() -> list[str]:
    """Where children find us, and what we ourselves were told."""
    ours, told = str(Path(gtc_rehearsal.__file__).parents[1]), os.environ.get("PYTHONPATH")
    return [ours, told] if told else [ours]


def process_env(
    settings: DynamoSettings, discovery_dir: Path, home: Path, metrics_port: int | None = None
) -> dict[str, str]:
    """The complete environment of one of Dynamo's processes.

    Args:
        settings: The facts.
        discovery_dir: Where processes find each other.
        home: Where the frontend caches tokenizers; the user's own cache is left alone.
        metrics_port: Port of a worker's probes and metrics, one of `PORTS`; None for the frontend.
    """
    env = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    env |= {
        "HOME": str(home),
        "PYTHONPATH": os.pathsep.join(_python_path()),
        "HF_HUB_OFFLINE": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "DYN_FILE_KV": str(discovery_dir),
        "DYN_NAMESPACE": settings.namespace,
        "DYN_LOG": "warn",
        "DYN_SDK_DISABLE_ANSI_LOGGING": "1",
        # The one takes an address, the other an interface; the default is the outside address.
        "DYN_TCP_RPC_HOST": "127.0.0.1",
        "DYN_TCP_RESPONSE_STREAM_HOST": "lo",
        "DYN_RUNTIME_GRACEFUL_SHUTDOWN_TIMEOUT_SECS": str(TERM_DRAIN_S),
    }
    if metrics_port is None:
        return env | frontend_env()
    return env | {"DYN_SYSTEM_HOST": "127.0.0.1", "DYN_SYSTEM_PORT": str(metrics_port)}
