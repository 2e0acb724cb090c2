"""SGLang 0.5.6.post2 under Dynamo 0.8.1, configured by flags alone.

Flags, component names and metrics are those of the ai-dynamo 0.8.1 wheel (``args.py``, ``main.py``
and ``publisher.py`` of ``dynamo/sglang``) and of the sglang 0.5.6.post2 wheel that it names
(``srt/server_args.py``, ``srt/managers/scheduler_metrics_mixin.py``). Unverified: neither the image
nor the engine was ever run here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Final

from gtc_spec import versions
from gtc_spec.arguments import checked
from gtc_spec.engines import flags
from gtc_spec.engines.backend import Backend, Launch
from gtc_spec.engines.engine_facts import KvType
from gtc_spec.engines.flags import Flags, given
from gtc_spec.engines.traits import Traits
from gtc_spec.names import EngineName
from gtc_spec.pools import ROLES

TRAITS: Final = Traits(
    name="sglang",
    title="SGLang",
    components={"prefill": "prefill", "decode": "backend"},
    # as in Dynamo's manifests of this release; its own default is pages of one token
    block_tokens=16,
    # 0.8.1 puts sglang_ in place of the engine's own sglang: before its metrics. Decode workers do
    # not tell this one: what they take was in a queue of the prefill workers
    queue_metric="sglang_queue_time_seconds",
    metric_labels=("model_name", "engine_type", "tp_rank", "pp_rank"),
    # its blocks are counted in tokens: both the used ones and all of them
    kv_gauges=ROLES,
)
BOOTSTRAP_PORT: Final = 8998
"""Where decode workers ask a prefill worker for the way to its cache: SGLang's own default, told
because Dynamo would take a port that happens to be free, minutes before it is used."""
EVENTS_PORT: Final = 5557
OURS: Final[Mapping[str, str]] = {
    "--model-path": "the model of the serving",
    "--served-model-name": "the model of the serving",
    "--disaggregation-mode": "the pool of the worker",
    "--disaggregation-transfer-backend": "the pool of the worker, nixl between prefill and decode",
    "--disaggregation-bootstrap-port": "what the other pool expects",
    "--host": "what the other pool expects",
    "--page-size": "what router and planner count by",
    "--context-length": "engine_facts: prompt_tokens_max and answer_tokens_max",
    "--tensor-parallel-size": "engine_facts: gpus_per_worker",
    "--tp-size": "engine_facts: gpus_per_worker",
    "--mem-fraction-static": "engine_facts: kv_fraction",
    "--kv-cache-dtype": "engine_facts: kv_dtype",
    "--kv-events-config": "what router and gauges need",
    "--enable-metrics": "what boards and scalers need",
}
"""Flags that are set here, and from what."""
_KV_TYPES: Final[Mapping[KvType, str]] = {"fp8": "fp8_e4m3", "auto": "auto"}
_EVENTS: Final = json.dumps(
    {"publisher": "zmq", "topic": "kv-events", "endpoint": f"tcp://*:{EVENTS_PORT}"}
)


@checked
@dataclass(frozen=True, kw_only=True)
class Sglang(Backend):
    """Workers that run SGLang; KV blocks travel by NIXL. Unverified: never run here.

    Attributes:
        flags: Further flags with their values, True for a flag without one, such as
            ``{"--max-running-requests": 256}``. What the engine does not know stops a worker at
            start. Default: none.
        image: Image of the workers. Default: NVIDIA's of release 0.8.1, with SGLang 0.5.6.post2.

    Raises:
        UsageError: A flag is none, a secret in clear, or follows from something else already.
    """

    traits: ClassVar[Traits] = TRAITS
    command: ClassVar[tuple[str, ...]] = ("python3", "-m", "dynamo.sglang")
    framework: ClassVar[EngineName | None] = TRAITS.name
    shared_memory: ClassVar[str | None] = "80Gi"
    """As for the other engines: ranks of one worker and NIXL meet there."""

    image: str = versions.SGLANG_IMAGE
    flags: Flags = field(default_factory=dict)

    def __post_init__(self) -> None:
        flags.check("Sglang", self.flags, OURS)

    def arguments(self, launch: Launch) -> list[str]:
        """The arguments of a worker's process in this ``launch``."""
        facts, gpus = launch.facts, launch.facts.gpus_per_worker
        return [
            "--model-path", launch.model_path,
            "--served-model-name", launch.served_name,
            *([] if launch.mode == "aggregated" else _half(launch.mode)),
            "--page-size", str(TRAITS.block_tokens),
            *given("--context-length", facts.tokens_max),
            *given("--tensor-parallel-size", gpus if gpus > 1 else None),
            # of the whole memory, weights included
            *given("--mem-fraction-static", facts.kv_fraction and f"{facts.kv_fraction:g}"),
            *given("--kv-cache-dtype", facts.kv_dtype and _KV_TYPES[facts.kv_dtype]),
            # prefill: for the router; decode has no events, but tells its KV gauges only with it
            "--kv-events-config", _EVENTS,
            "--enable-metrics",
            *flags.written(self.flags),
        ]  # fmt: skip


def _half(mode: str) -> list[str]:
    return [
        "--disaggregation-mode", mode,
        # the engine's default is mooncake
        "--disaggregation-transfer-backend", "nixl",
        "--disaggregation-bootstrap-port", str(BOOTSTRAP_PORT),
        # the default is 127.0.0.1, where no decode worker would reach the prefill worker's port
        "--host", "0.0.0.0",  # noqa: S104 - the port of a pod
    ]  # fmt: skip
