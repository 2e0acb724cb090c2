"""TensorRT-LLM 1.2.0rc6 under Dynamo 0.8.1, configured by one engine file a pool."""

from __future__ import annotations

import json
from typing import ClassVar, Final, Literal

from gtc_spec import versions
from gtc_spec.engines.traits import Traits
from gtc_spec.engines.worker_engine import EngineChoice, KvTransport, Launch, WorkerEngine
from gtc_spec.pools import ROLES

SHARED_MEMORY: Final = "80Gi"
"""As in NVIDIA's recipes instead of the default 8Gi."""

TRAITS: Final = Traits(
    name="trtllm",
    title="TensorRT-LLM",
    # dynamo/trtllm/utils/trtllm_utils.py of the 0.8.1 wheel
    components={"prefill": "prefill", "decode": "tensorrt_llm"},
    block_tokens=32,
    queue_metric="trtllm_request_queue_time_seconds",
    metric_labels=("model_name", "engine_type"),
    kv_gauges=ROLES,
)


class TensorRtLlm(EngineChoice):
    """The default; its settings are files, see ``engine_configs/``."""

    traits: ClassVar[Traits] = TRAITS
    name: Literal["trtllm"] = "trtllm"

    def workers(self, profile: str, kv_fraction: float) -> WorkerEngine:
        """As `engine`: both are in its files."""
        del profile, kv_fraction
        return engine()


def engine() -> WorkerEngine:
    """The engine.

    KV blocks travel as its files say, or as the graph says: NIXL fails between workers of one host
    with this release (ai-dynamo/dynamo#5884).
    """
    return WorkerEngine(
        traits=TRAITS,
        image=versions.WORKER_IMAGE,
        command=("python3", "-m", "dynamo.trtllm"),
        arguments=_arguments,
        framework=TRAITS.name,
        reads_engine_file=True,
        kv_transports=("nixl", "ucx"),
        shared_memory=SHARED_MEMORY,
    )


def _arguments(launch: Launch) -> list[str]:
    aggregated = launch.mode == "aggregated"
    return [
        "--model-path", launch.model_path,
        "--served-model-name", launch.served_name,
        *([] if aggregated else ["--disaggregation-mode", launch.mode]),
        "--extra-engine-args", launch.engine_file,
        *([] if aggregated or launch.kv_transport is None else _transport(launch.kv_transport)),
        # prefill: KV events for the router; decode: in 0.8.x the same flag opens the metrics
        "--publish-events-and-metrics",
    ]  # fmt: skip


def _transport(kv_transport: KvTransport) -> list[str]:
    # merged over the engine file; an environment variable does not work (ai-dynamo/dynamo#5375)
    backend = {"backend": kv_transport.upper()}
    return ["--override-engine-args", json.dumps({"cache_transceiver_config": backend})]
