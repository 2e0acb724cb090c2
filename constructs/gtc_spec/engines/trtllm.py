"""TensorRT-LLM 1.2.0rc6 under Dynamo 0.8.1, configured by one engine file a pool."""

from __future__ import annotations

import json
from typing import Final, Literal

from gtc_spec import versions
from gtc_spec.engines.worker_engine import Launch, WorkerEngine

SHARED_MEMORY: Final = "80Gi"
"""As in NVIDIA's recipes instead of the default 8Gi."""

KvTransport = Literal["nixl", "ucx"]
"""How KV blocks travel from prefill to decode; see `engine`."""


def engine(kv_transport: KvTransport | None = None) -> WorkerEngine:
    """The engine.

    Args:
        kv_transport: ``ucx`` or ``nixl`` whatever the engine files say; None leaves it to them.
            NIXL fails between workers of one host with this release (ai-dynamo/dynamo#5884).
    """

    def arguments(launch: Launch) -> list[str]:
        aggregated = launch.mode == "aggregated"
        return [
            "--model-path", launch.model_path,
            "--served-model-name", launch.served_name,
            *([] if aggregated else ["--disaggregation-mode", launch.mode]),
            "--extra-engine-args", launch.engine_file,
            *([] if aggregated or kv_transport is None else _transport(kv_transport)),
            # prefill: KV events for the router; decode: in 0.8.x the same flag opens the metrics
            "--publish-events-and-metrics",
        ]  # fmt: skip

    return WorkerEngine(
        image=versions.WORKER_IMAGE,
        command=("python3", "-m", "dynamo.trtllm"),
        arguments=arguments,
        framework="trtllm",
        reads_engine_file=True,
        shared_memory=SHARED_MEMORY,
    )


def _transport(kv_transport: KvTransport) -> list[str]:
    # merged over the engine file; an environment variable does not work (ai-dynamo/dynamo#5375)
    backend = {"backend": kv_transport.upper()}
    return ["--override-engine-args", json.dumps({"cache_transceiver_config": backend})]
