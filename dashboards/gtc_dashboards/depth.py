"""Disaggregation in depth: from the request down to the silicon, for whoever asks why.

In the order of a request: what the client saw, what served it, what the cache saved, what scaled.
The hardware below is in ``hardware.py``.
"""

from __future__ import annotations

from typing import Final

from gtc_dashboards import scaling
from gtc_dashboards.panels import Panel, Query, Style, lines
from gtc_spec.engines import Traits
from gtc_spec.pools import ROLES, Role
from gtc_spec.telemetry import metrics, promql, promql_client
from gtc_spec.telemetry.metric import Metric

TITLE: Final = "GTC Demo: disaggregation in depth"
UID: Final = "gtc-disaggregation"
Rows = dict[str, list[Panel]]


def rows(engine: Traits) -> Rows:
    """Panels under the heading of their row, in reading order; ``engine`` runs in the workers."""
    return {
        "Latency": [*_ttft(), _itl(), *_frontend()],
        "Where the time goes": _stages(engine),
        "Pools": [*_passing(engine), *(_workers(role, engine) for role in ROLES), *_cache(engine)],
        "Scaling": scaling.panels(),
        "Traffic": [*_requests(), _tokens(), _lengths(), _client(), _migrations()],
    }


def _ttft() -> list[Panel]:
    return [
        lines(
            "TTFT by workload and turn, p95",
            "Documents climb first when prefill is short; later turns of chat stay low as long as "
            "the cache holds.",
            [
                Query(
                    promql_client.ttft_ms(0.95, ("workload", "turn")), "{{workload}} turn {{turn}}"
                ),
                Query(promql_client.goal_ms("ttft"), "goal", "warning", "dash"),
            ],
            unit="ms",
        ),
        lines(
            "TTFT by workload and turn, median",
            "The typical request. A median that climbs with the p95 is a queue, one that stays is "
            "a few long prompts.",
            [Query(promql_client.ttft_ms(0.5, ("workload", "turn")), "{{workload}} turn {{turn}}")],
            unit="ms",
        ),
    ]


def _itl() -> Panel:
    return lines(
        "ITL by workload, p95",
        "All workloads share the decode pool, so they climb together.",
        [
            Query(promql_client.itl_ms(0.95, ("workload",)), "{{workload}}"),
            Query(promql_client.goal_ms("itl"), "goal", "warning", "dash"),
        ],
        unit="ms",
    )


def _frontend() -> list[Panel]:
    return [
        lines(
            "TTFT: client and frontend, p95",
            "Both lines together: the wait is in the cluster. Client above frontend: network, or "
            "a client that is late itself (see slip).",
            [
                Query(promql_client.ttft_ms(0.95), "client", "text"),
                Query(promql.ttft_ms(0.95), "frontend", "prefill"),
                Query(promql.ttft_ms(0.5), "frontend p50", "prefill", "thin"),
            ],
            unit="ms",
        ),
        lines(
            "ITL at the frontend",
            "One observation a token: long answers weigh most.",
            [
                Query(promql.itl_ms(0.95), "p95", "decode"),
                Query(promql.itl_ms(0.5), "p50", "decode", "thin"),
            ],
            unit="ms",
        ),
        lines(
            "Request duration",
            "From arrival to last token; it follows the length of answers more than the queue.",
            [
                Query(promql.request_duration_ms(0.95), "p95", "text"),
                Query(promql.request_duration_ms(0.5), "p50", "text", "thin"),
            ],
            unit="ms",
        ),
    ]


def _stages(engine: Traits) -> list[Panel]:
    return [
        lines(
            "Mean TTFT in two parts",
            "Prefill is the time inside a prefill worker, its queue included; the rest is "
            "routing, KV transfer and the first step of decode. A rest that grows means that "
            "decode is full, and another prefill worker would not help.",
            [
                Query(promql.mean_prefill_ms(engine), "prefill", "prefill"),
                Query(promql.mean_outside_prefill_ms(engine), "routing and transfer", "decode"),
            ],
            unit="ms",
            stacked=True,
        ),
        lines(
            "Time in the workers, p95",
            "Prefill ends with the first token, decode with the last one.",
            [Query(promql.pool_duration_ms(role, 0.95, engine), role, role) for role in ROLES],
            unit="ms",
        ),
        lines(
            "Wait inside the engines",
            "Mean wait before an engine computes: this part of prefill is queue and not work.",
            [Query(promql.mean_engine_queue_ms(role, engine), role, role) for role in ROLES],
            unit="ms",
        ),
    ]


def _passing(engine: Traits) -> list[Panel]:
    proof = [Query(promql.pool_rate_rps(role, engine), role, role) for role in ROLES]
    return [
        lines(
            "Requests that each pool takes",
            "The proof of disaggregation: every request passes through both pools, so that both "
            "lines lie on the frontend's.",
            [*proof, Query(promql.request_rate_rps(), "frontend", "text", "dash")],
            unit="reqps",
        ),
        lines(
            "Requests inside each pool",
            "Prefill fills with documents, decode with long answers; which one grows says which "
            "pool is short.",
            [Query(promql.in_flight(role, engine), role, role) for role in ROLES],
            unit="short",
        ),
    ]


def _cache(engine: Traits) -> list[Panel]:
    blocks: tuple[tuple[str, Metric, Style], ...] = (
        ("in use", metrics.KV_ACTIVE_BLOCKS, "line"),
        ("total", metrics.KV_TOTAL_BLOCKS, "dash"),
    )
    return [
        lines(
            "Reuse and blocks",
            "Cached share of prompt tokens; the router sends a prompt where most of it is known.",
            [Query(promql.cached_token_ratio(), "cached tokens", "prefill")],
            unit="percentunit",
            top=1,
        ),
        lines(
            "KV blocks in use",
            "Decode near its total admits no more streams, and TTFT climbs although prefill is "
            "idle.",
            [
                Query(promql.kv_of_pool(metric, role, engine=engine), f"{role} {name}", role, style)
                for role in engine.kv_gauges
                for name, metric, style in blocks
            ],
            unit="short",
        ),
    ]


def _workers(role: Role, engine: Traits) -> Panel:
    return lines(
        f"Workers: {role}",
        "Desired runs ahead of ready by one model load; scraped is what Prometheus reaches.",
        [
            Query(promql_client.workers("desired", role), "desired", "warning", "dash"),
            Query(promql_client.workers("ready", role), "ready", role),
            Query(promql_client.workers("pending", role), "loading", "muted", "ghost"),
            Query(promql.ready_workers(role, engine), "scraped", "text", "thin"),
        ],
        unit="short",
        steps=True,
    )


def _requests() -> list[Panel]:
    return [
        lines(
            "Requests that end, by status",
            "Any error here is the server's own word.",
            [Query(promql.request_rate_by_status_rps(), "{{status}}")],
            unit="reqps",
        ),
        lines(
            "Requests by outcome",
            "What clients made of it; shed ones were due and never sent, because the cap was "
            "reached.",
            [Query(promql_client.outcomes_rps(), "{{outcome}}")],
            unit="reqps",
        ),
    ]


def _tokens() -> Panel:
    return lines(
        "Output tokens a second",
        "By workload, as they arrive; decode stress is nearly all reasoning.",
        [Query(promql_client.output_tokens_per_s(), "{{workload}}")],
        unit="short",
        stacked=True,
    )


def _lengths() -> Panel:
    return lines(
        "Length of prompts and answers",
        "Long prompts load prefill, long answers load decode.",
        [
            Query(promql.prompt_tokens(0.95), "prompt p95", "prefill"),
            Query(promql.prompt_tokens(0.5), "prompt p50", "prefill", "thin"),
            Query(promql.answer_tokens(0.95), "answer p95", "decode"),
            Query(promql.answer_tokens(0.5), "answer p50", "decode", "thin"),
        ],
        unit="short",
    )


def _client() -> Panel:
    return lines(
        "Client: slip and open requests",
        "Slip is our own lateness in sending: while its p99 is above 50 ms, latencies say more "
        "about the client than about the cluster.",
        [
            Query(promql_client.slip_ms(0.99), "slip p99", "alarm", more={"unit": "ms"}),
            Query(promql_client.in_flight(), "open requests", "text", "thin"),
        ],
        unit="short",
    )


def _migrations() -> Panel:
    return lines(
        "Migrations a minute",
        "Streams that moved because their worker left; expected only when a pool shrinks.",
        [Query(promql.migrations_per_min(), "{{migration_type}}", "warning")],
        unit="short",
    )
