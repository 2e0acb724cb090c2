"""Query text about how full the KV pools of the workers are.

Not by the share that release 0.8.1 tells itself (``gpu_cache_usage_percent``): for TensorRT-LLM it
divides every block ever taken by those that there are, and so only ever grows (``publisher.py`` of
the wheel, ``allocTotalBlocks``; the engine's ``kvCacheManager.cpp`` counts up and never down). Used
and all blocks are right for every engine; SGLang counts both in tokens, which is the same share.
Functions return PromQL; they must not know how it is sent.
"""

from __future__ import annotations

from gtc_spec import names
from gtc_spec.engines.traits import ENDPOINT, Traits
from gtc_spec.engines.trtllm import TRAITS as TENSORRT_LLM
from gtc_spec.pools import Mode, Role
from gtc_spec.telemetry import metrics as m
from gtc_spec.telemetry.promql_syntax import select


def kv_usage(
    mode: Mode,
    engine: Traits = TENSORRT_LLM,
    namespace: str = names.NAMESPACE_WORKLOAD,
    dgd: str = "",
) -> str:
    """Used share of the KV blocks of one pool's workers together, 0 to 1.

    It is 0 while none of them has a request, because an idle engine may repeat its last word
    (SGLang does), and nothing where no worker tells anything: a scaler holds then.

    Args:
        mode: What the workers do.
        engine: What they run.
        namespace: Where they run.
        dgd: Name of their graph; empty when it has the namespace to itself.
    """
    labels = {
        "namespace": namespace,
        "dynamo_namespace": names.dynamo_namespace(namespace, dgd) if dgd else "",
        "dynamo_component": engine.component(mode),
    }
    used, there = (select(each, labels=labels) for each in (m.KV_ACTIVE_BLOCKS, m.KV_TOTAL_BLOCKS))
    inside = select(m.WORKER_INFLIGHT, labels=labels | {"dynamo_endpoint": ENDPOINT})
    return f"sum({used}) / sum({there}) * (sum({inside}) > bool 0)"


def kv_usage_of_fullest(role: Role, engine: Traits = TENSORRT_LLM) -> str:
    """Used share of the KV blocks of that worker of a pool which has the fewest left, 0 to 1."""
    labels = {"dynamo_component": engine.components[role]}
    used, there = (select(each, labels=labels) for each in (m.KV_ACTIVE_BLOCKS, m.KV_TOTAL_BLOCKS))
    return f"max({used} / {there})"
