"""Under which names servers tell what happens inside them. The one table of such names.

Dynamo's are those of the catalogue in `gtc_spec.telemetry.metrics`; vLLM's and SGLang's are of
their pages on metrics, llama.cpp's of its server's page, TensorRT-LLM's of `trtllm-serve` and of
Dynamo's page on it (read in 2026, not run here but for Dynamo's frontend).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gtc_spec.telemetry import metrics

GAUGES: Final[Mapping[str, tuple[str, ...]]] = {
    "queued": (
        metrics.QUEUED.name,
        "vllm:num_requests_waiting",
        "sglang:num_queue_reqs",
        "llamacpp:requests_deferred",
    ),
    "running": (
        metrics.INFLIGHT.name,
        "vllm:num_requests_running",
        "sglang:num_running_reqs",
        "llamacpp:requests_processing",
    ),
    "kv_use": (
        metrics.KV_USAGE.name,
        "vllm:kv_cache_usage_perc",
        "vllm:gpu_cache_usage_perc",
        "sglang:token_usage",
        "llamacpp:kv_cache_usage_ratio",
        "trtllm_kv_cache_utilization",
    ),
}
"""What is told as it is now. Requests are added up over series, KV use is their mean, 0 to 1."""

COUNTED_HITS: Final = (
    (f"{metrics.ROUTER_HIT_RATE.name}_sum", f"{metrics.ROUTER_HIT_RATE.name}_count"),
    ("vllm:prefix_cache_hits_total", "vllm:prefix_cache_queries_total"),
    ("vllm:gpu_prefix_cache_hits_total", "vllm:gpu_prefix_cache_queries_total"),
    ("trtllm_prompt_cached_tokens_total", "trtllm_prompt_tokens_total"),
    (f"{metrics.CACHED_TOKENS.name}_sum", f"{metrics.INPUT_TOKENS.name}_sum"),
)
"""Hits and what they are of, both counted since the server started: their growth is the share."""

TOLD_HITS: Final = (
    metrics.KV_HIT_RATE.name,
    "sglang:cache_hit_rate",
    "trtllm_kv_cache_hit_rate",
)
"""The share as the server tells it, over a time that it chooses."""
