"""The wall: what the audience sees from three metres, in nine panels and no scrolling.

27 rows of the grid are 1,018 px, so that kiosk mode at 1080p shows everything. Our own client's
figures come first: they tell workloads apart and exist in a rehearsal too.
"""

from __future__ import annotations

from typing import Final

from gtc_dashboards.panels import Panel, Query, bars, lines, numbers, states, thresholds
from gtc_spec.engines import Traits
from gtc_spec.phases import PhaseName, phase_title
from gtc_spec.pools import Role
from gtc_spec.telemetry import metrics_platform, promql, promql_client, promql_platform
from gtc_spec.telemetry.promql_syntax import known

TITLE: Final = "GTC Demo: Disaggregated LLM Inference on DO"
UID: Final = "gtc-demo"
_SHARE_GOOD: Final = 0.95
"""Goals are about the 95th percentile: it holds when this share is inside."""


def panels(engine: Traits) -> list[Panel]:
    """The panels in reading order."""
    return [
        _verdicts(),
        _cache(),
        _tokens(),
        _ttft(),
        _itl(),
        _pools(),
        _in_flight(),
        _silicon(engine),
        _phases(),
    ]


def _verdicts() -> Panel:
    goal = {"unit": "percentunit", "decimals": 0, **thresholds("alarm", _SHARE_GOOD, "decode")}
    no_end = {"options": {"-1": {"text": "–", "index": 0}}, "type": "value"}
    return numbers(
        TITLE,  # kiosk mode hides the board's own title
        "Left: the running phase and the time to its end. Right: the share of requests and of "
        "tokens inside the goal during the last minute; green means that the goal holds.",
        [
            Query(
                promql_client.phase_countdown_s(),
                "{{phase}}",
                "text",
                more={"unit": "dthms", "mappings": [no_end]},
            ),
            Query(promql_client.within_goal("ttft"), "TTFT in goal", more=goal),
            Query(promql_client.within_goal("itl"), "ITL in goal", more=goal),
        ],
        unit="none",
        width=14,
    )


def _cache() -> Panel:
    return numbers(
        "KV reuse",
        "Share of prompt tokens that came from the KV cache. It climbs in the cache act, from the "
        "second turn of each conversation on.",
        [Query(known(promql.cached_token_ratio()), "of prompt tokens", "prefill")],
        unit="percentunit",
        width=5,
    )


def _tokens() -> Panel:
    return numbers(
        "Output",
        "Tokens that leave the frontend each second, all answers together.",
        [Query(promql.output_tokens_per_s(), "tokens/s", "decode")],
        unit="short",
        width=5,
    )


def _ttft() -> Panel:
    return lines(
        "Time to first token",
        "Prefill decides it. It climbs in prefill stress and falls below the dashed goal once "
        "more prefill workers are ready.",
        [
            Query(promql_client.ttft_ms(0.95), "p95", "prefill", more={"custom.lineWidth": 4}),
            Query(promql_client.ttft_ms(0.5), "p50", "prefill", "thin"),
            Query(promql_client.goal_ms("ttft"), "goal for p95", "warning", "dash"),
        ],
        unit="ms",
        width=12,
        height=9,
    )


def _itl() -> Panel:
    return lines(
        "Time between tokens",
        "Decode decides it. It climbs in decode stress, while time to first token stays low, and "
        "falls below the dashed goal once more decode workers are ready.",
        [
            Query(promql_client.itl_ms(0.95), "p95", "decode", more={"custom.lineWidth": 4}),
            Query(promql_client.itl_ms(0.5), "p50", "decode", "thin"),
            Query(promql_client.goal_ms("itl"), "goal for p95", "warning", "dash"),
        ],
        unit="ms",
        width=12,
        height=9,
    )


def _pools() -> Panel:
    def of(role: Role) -> list[Query]:
        ready = Query(
            promql_client.workers_text(role), f"{role} {{{{ready}}}}/{{{{desired}}}}", role
        )
        return [ready, Query(promql_client.workers("pending", role), "loading", "muted")]

    return bars(
        "Workers: ready/desired",
        "Solid bars are workers that take requests, grey bars are ordered ones that still load "
        "their model; the end of the scale is the most that a pool may have.",
        [*of("prefill"), *of("decode")],
        end=promql_client.workers_max(),
        width=8,
        height=9,
    )


def _in_flight() -> Panel:
    return lines(
        "Open requests",
        "Waiting requests have no token yet: prefill is behind. Streaming ones are being answered: "
        "they are what decode carries.",
        [
            Query(promql.queued_requests(), "waiting for first token", "prefill"),
            Query(promql.decode_streams(), "streaming", "decode"),
        ],
        unit="short",
        height=9,
    )


def _silicon(engine: Traits) -> Panel:
    return lines(
        "What the GPUs are busy with",
        "Tensor cores of the prefill workers against memory of the decode workers: prefill "
        "computes, decode reads. Plain utilisation would show 100 % for both.",
        [
            Query(
                promql_platform.gpu_of_pool(metrics_platform.GPU_TENSOR_ACTIVE, "prefill", engine),
                "prefill: tensor cores",
                "prefill",
            ),
            Query(
                promql_platform.gpu_of_pool(metrics_platform.GPU_DRAM_ACTIVE, "decode", engine),
                "decode: memory",
                "decode",
            ),
        ],
        unit="percentunit",
        height=9,
        top=1,
    )


def _phases() -> Panel:
    texts = {n: (phase_title(name), name.colour) for n, name in enumerate(PhaseName)}
    return states(
        "Phase",
        "Which act of the show ran when; the vertical marks are workers that were ordered or sent "
        "home, by the show or by KEDA.",
        Query(promql_client.phase_number(), "phase"),
        texts,
        height=4,
    )
