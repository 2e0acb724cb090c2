"""vLLM 0.12.0 under Dynamo 0.8.1, configured by flags alone.

Flags, component names and who publishes what are those of the ai-dynamo 0.8.1 wheel
(``dynamo/vllm/args.py``, ``main.py`` and ``publisher.py``). Unverified on a cluster: the image was
never pulled here, and real workers were run with Dynamo 1.4.2 and vLLM 0.26.0 only, whose flags for
the two halves are others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Final

from gtc_spec import versions
from gtc_spec.arguments import checked
from gtc_spec.engines import flags
from gtc_spec.engines.backend import Backend, Launch
from gtc_spec.engines.flags import Flags, given
from gtc_spec.engines.traits import Traits
from gtc_spec.names import EngineName
from gtc_spec.pools import Mode

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
OURS: Final[Mapping[str, str]] = {
    "--model": "the model of the serving",
    "--served-model-name": "the model of the serving",
    "--is-prefill-worker": "the pool of the worker",
    "--is-decode-worker": "the pool of the worker",
    "--connector": "the pool of the worker, nixl between prefill and decode",
    "--kv-transfer-config": "--connector, beside which release 0.8.1 refuses it",
    "--block-size": "what router and planner count by",
    "--max-model-len": "engine_facts: prompt_tokens_max and answer_tokens_max",
    "--tensor-parallel-size": "engine_facts: gpus_per_worker",
    "--gpu-memory-utilization": "engine_facts: kv_fraction",
    "--kv-cache-dtype": "engine_facts: kv_dtype",
}
"""Flags that are set here, and from what."""
_ROLE_FLAGS: Final[dict[Mode, list[str]]] = {
    # publishes KV events for the router by itself (ZMQ, port 20080): no --kv-events-config needed
    "prefill": ["--is-prefill-worker"],
    "decode": ["--is-decode-worker"],  # publishes none
    "aggregated": [],
}


@checked
@dataclass(frozen=True, kw_only=True)
class Vllm(Backend):
    """Workers that run vLLM; KV blocks travel by its NIXL connector, which itself rides on UCX.

    Attributes:
        flags: Further flags with their values, True for a flag without one, such as
            ``{"--max-num-seqs": 256}``. What the engine does not know stops a worker at start.
            Default: none.
        image: Image of the workers. Default: NVIDIA's of release 0.8.1, with vLLM 0.12.0.

    Raises:
        UsageError: A flag is none, a secret in clear, or follows from something else already.
    """

    traits: ClassVar[Traits] = TRAITS
    command: ClassVar[tuple[str, ...]] = ("python3", "-m", "dynamo.vllm")
    framework: ClassVar[EngineName | None] = TRAITS.name
    shared_memory: ClassVar[str | None] = "80Gi"
    """As in Dynamo's recipe for Llama 3 70B (recipes/llama-3-70b/vllm) instead of the default."""

    image: str = versions.VLLM_IMAGE
    flags: Flags = field(default_factory=dict)

    def __post_init__(self) -> None:
        flags.check("Vllm", self.flags, OURS)

    def arguments(self, launch: Launch) -> list[str]:
        """The arguments of a worker's process in this ``launch``."""
        facts, gpus = launch.facts, launch.facts.gpus_per_worker
        # not --kv-transfer-config: 0.8.1 refuses it beside --connector, whose default is nixl
        connector = "none" if launch.mode == "aggregated" else "nixl"
        return [
            "--model", launch.model_path,
            "--served-model-name", launch.served_name,
            *_ROLE_FLAGS[launch.mode],
            "--connector", connector,
            "--block-size", str(TRAITS.block_tokens),
            # its own default is the model's, such as 131,072, for which a pool has to have room
            # before it starts
            *given("--max-model-len", facts.tokens_max),
            *given("--tensor-parallel-size", gpus if gpus > 1 else None),
            # of the whole memory, weights included: its pool is smaller than TensorRT-LLM's at the
            # same figure
            *given("--gpu-memory-utilization", facts.kv_fraction and f"{facts.kv_fraction:g}"),
            *given("--kv-cache-dtype", facts.kv_dtype),
            *flags.written(self.flags),
        ]  # fmt: skip
