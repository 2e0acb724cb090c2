"""vLLM 0.12.0 under Dynamo 0.8.1, configured by flags alone.

Flags, component names and who publishes what are those of the ai-dynamo 0.8.1 wheel
(``dynamo/vllm/args.py``, ``main.py`` and ``publisher.py``). Unverified on a cluster: the image was
never pulled here, and real workers were run with Dynamo 1.4.2 and vLLM 0.26.0 only, whose flags for
the two halves are others.
"""

from __future__ import annotations

from typing import ClassVar, Final, Literal

from gtc_spec import versions
from gtc_spec.engines.traits import Traits
from gtc_spec.engines.worker_engine import EngineChoice, Launch, WorkerEngine
from gtc_spec.pools import Mode

SHARED_MEMORY: Final = "80Gi"
"""As in Dynamo's recipe for Llama 3 70B (recipes/llama-3-70b/vllm) instead of the default 8Gi."""

TRAITS: Final = Traits(
    name="vllm",
    title="vLLM",
    components={"prefill": "prefill", "decode": "backend"},
    # the value that Dynamo sets when nobody does; told here, because router and planner count by it
    block_tokens=16,
    queue_metric="vllm:request_queue_time_seconds",
    metric_labels=("model_name", "engine"),
    # prefill workers of 0.8.1 are started without the logger that feeds these gauges
    kv_gauges=("decode",),
)
_ROLE_FLAGS: Final[dict[Mode, list[str]]] = {
    # publishes KV events for the router by itself (ZMQ, port 20080): no --kv-events-config needed
    "prefill": ["--is-prefill-worker"],
    "decode": ["--is-decode-worker"],  # publishes none
    "aggregated": [],
}


class Vllm(EngineChoice):
    """Reads no file; what it is told is in the environment."""

    traits: ClassVar[Traits] = TRAITS
    name: Literal["vllm"] = "vllm"

    def workers(self, profile: str, kv_fraction: float) -> WorkerEngine:
        """As `engine`: the workers are told the fraction when they are launched."""
        del profile, kv_fraction
        return engine()


def engine() -> WorkerEngine:
    """The engine. KV blocks travel by its NIXL connector, which itself rides on UCX."""
    return WorkerEngine(
        traits=TRAITS,
        image=versions.VLLM_IMAGE,
        command=("python3", "-m", "dynamo.vllm"),
        arguments=_arguments,
        framework=TRAITS.name,
        kv_transports=("nixl",),
        shared_memory=SHARED_MEMORY,
    )


def _arguments(launch: Launch) -> list[str]:
    # not --kv-transfer-config: 0.8.1 refuses it beside --connector, whose default is nixl
    connector = "none" if launch.mode == "aggregated" else "nixl"
    return [
        "--model", launch.model_path,
        "--served-model-name", launch.served_name,
        *_ROLE_FLAGS[launch.mode],
        "--connector", connector,
        "--block-size", str(TRAITS.block_tokens),
        # the default is the model's 131,072, for which a pool has to have room before it starts
        "--max-model-len", str(launch.tokens_max),
        *(["--tensor-parallel-size", str(launch.gpus)] if launch.gpus > 1 else []),
        # of the whole memory, weights included: its pool is smaller than TensorRT-LLM's at the same
        # figure
        *_given("--gpu-memory-utilization", launch.kv_fraction and f"{launch.kv_fraction:g}"),
        *_given("--kv-cache-dtype", launch.kv_dtype),
    ]  # fmt: skip


def _given(flag: str, value: str | float | None) -> list[str]:
    return [flag, str(value)] if value else []
