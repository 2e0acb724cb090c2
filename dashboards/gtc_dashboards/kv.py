"""The KV cache act: what the second turn of a conversation no longer has to compute."""

from __future__ import annotations

from typing import Final

from gtc_dashboards.panels import Panel, Query, lines, numbers
from gtc_spec.engines import Traits
from gtc_spec.telemetry import metrics, promql, promql_client, promql_kv
from gtc_spec.telemetry.metric import Metric
from gtc_spec.telemetry.promql_syntax import known

TITLE: Final = "GTC Demo: KV cache"
UID: Final = "gtc-kv-cache"


def panels(engine: Traits) -> list[Panel]:
    """The panels in reading order; ``engine`` runs in the workers."""
    return [*_gain(), *_ttft(), *_prompts(), *_blocks(engine)]


def _gain() -> list[Panel]:
    return [
        numbers(
            "Second turn against first",
            "Median time to first token of later turns as a share of the first turn: well below "
            "100 % means that the cache works.",
            [Query(promql_client.turn_gain(), "of turn 1", "prefill")],
            unit="percentunit",
            width=8,
        ),
        numbers(
            "KV reuse",
            "Share of prompt tokens that came from the cache. It rises with the share of chat and "
            "falls when documents push conversations out.",
            [Query(known(promql.cached_token_ratio()), "of prompt tokens", "prefill")],
            unit="percentunit",
            width=8,
        ),
        numbers(
            "Prompt length",
            "Median prompt: the longer it is, the more a hit saves.",
            [Query(known(promql.prompt_tokens(0.5)), "tokens", "text")],
            unit="short",
            width=8,
        ),
    ]


def _ttft() -> list[Panel]:
    turns = (("1", "first turn", "warning"), ("2plus", "later turns", "prefill"))

    def asked(q: float) -> list[Query]:
        return [
            Query(promql_client.ttft_ms(q, workload="chat", turn=turn), name, colour)
            for turn, name, colour in turns
        ]

    return [
        lines(
            "Chat: time to first token, median",
            "The gap between both lines is the prefill that the cache saves; they meet when the "
            "router sends conversations to workers that do not know them.",
            asked(0.5),
            unit="ms",
            width=12,
        ),
        lines(
            "Chat: time to first token, p95",
            "Later turns above the first one mean that the cache was evicted or prefill is full.",
            asked(0.95),
            unit="ms",
            width=12,
        ),
    ]


def _prompts() -> list[Panel]:
    return [
        lines(
            "Cached tokens",
            "Share of prompt tokens from the cache, minute by minute.",
            [Query(promql.cached_token_ratio(), "cached", "prefill")],
            unit="percentunit",
            top=1,
        ),
        lines(
            "Requests by workload",
            "The cache act is chat only; any document in the mix evicts conversations.",
            [Query(promql_client.workloads_rps(), "{{workload}}")],
            unit="reqps",
        ),
        lines(
            "Prompt length",
            "Prompts grow with every turn, because a conversation is sent as a whole.",
            [
                Query(promql.prompt_tokens(0.95), "p95", "warning"),
                Query(promql.prompt_tokens(0.5), "p50", "prefill"),
            ],
            unit="short",
        ),
    ]


def _blocks(engine: Traits) -> list[Panel]:
    return [
        _of_pools(
            engine,
            "KV blocks in use",
            "Blocks of running requests against those that a pool has; a decode pool near its "
            "total admits no more streams.",
            {"in use": metrics.KV_ACTIVE_BLOCKS, "total": metrics.KV_TOTAL_BLOCKS},
            "short",
        ),
        lines(
            "KV pool, used share",
            "The fullest worker of each pool; above 90 % requests wait for memory, not for "
            "compute.",
            [
                Query(promql_kv.kv_usage_of_fullest(role, engine), f"{role}: fullest", role)
                for role in engine.kv_gauges
            ],
            unit="percentunit",
        ),
        _of_pools(
            engine,
            "Prefix hits of the engines",
            "What the engines themselves count as hits; the prefill pool is the one that matters.",
            {"hit rate": metrics.KV_HIT_RATE},
            "percentunit",
            how="avg",
        ),
    ]


def _of_pools(
    engine: Traits, title: str, look: str, asked: dict[str, Metric], unit: str, how: str = "sum"
) -> Panel:
    queries = [
        Query(
            promql.kv_of_pool(metric, role, how, engine),
            f"{role}: {name}",
            role,
            "dash" if name == "total" else "line",
        )
        for name, metric in asked.items()
        for role in engine.kv_gauges
    ]
    return lines(title, look, queries, unit=unit)
