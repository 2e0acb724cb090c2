"""Every query parses, and asks only for series and labels that the catalogue claims."""

import promql_parser
import pytest

from gtc_spec import environment
from gtc_spec.pools import ROLES, ScaleRule
from gtc_spec.telemetry import promql
from gtc_spec.telemetry.metrics import JOBS, SCRAPE_LABELS, Emitter, owner

TRIGGERS = ("queued_requests", "decode_streams", "ttft_p95_ms", "itl_p95_ms")


def rule(trigger: str, threshold: float = 500) -> ScaleRule:
    return ScaleRule(trigger=trigger, threshold=threshold, min=1, max=4)


QUERIES = {
    "ttft_ms": promql.ttft_ms(0.95),
    "itl_ms": promql.itl_ms(0.5),
    "queued_requests": promql.queued_requests(),
    "decode_streams": promql.decode_streams(),
    "request_rate_rps": promql.request_rate_rps(),
    "output_tokens_per_s": promql.output_tokens_per_s(),
    "cached_token_ratio": promql.cached_token_ratio(),
    **{f"in_flight {role}": promql.in_flight(role) for role in ROLES},
    **{f"ready_workers {role}": promql.ready_workers(role) for role in ROLES},
    **{f"scaler {trigger}": promql.scaler_query(rule(trigger)) for trigger in TRIGGERS},
}


def selectors(expression: object) -> list[object]:
    """Every vector selector of a parsed query."""
    found: list[object] = []
    match expression:
        case promql_parser.VectorSelector():
            found = [expression]
        case promql_parser.MatrixSelector():
            found = [expression.vector_selector]
        case promql_parser.BinaryExpr():
            found = selectors(expression.lhs) + selectors(expression.rhs)
        case promql_parser.Call():
            found = [one for argument in expression.args for one in selectors(argument)]
        case promql_parser.AggregateExpr() | promql_parser.ParenExpr():
            found = selectors(expression.expr)
    return found


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES.keys())
def test_query_asks_only_for_what_the_catalogue_claims(query: str) -> None:
    found = selectors(promql_parser.parse(query))
    assert found
    for selector in found:
        metric = owner(selector.name)
        assert metric is not None, selector.name
        allowed = set(metric.labels) | SCRAPE_LABELS
        assert {matcher.name for matcher in selector.matchers.matchers} <= allowed


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES.keys())
def test_every_selector_is_keyed_on_the_namespace(query: str) -> None:
    for selector in selectors(promql_parser.parse(query)):
        values = {matcher.name: matcher.value for matcher in selector.matchers.matchers}
        assert values["namespace"] == "dynamo-workload"


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_scaler_reads_zero_when_idle_and_nothing_when_the_frontend_is_down(trigger: str) -> None:
    query = promql.scaler_query(rule(trigger))
    up = f'up{{namespace="dynamo-workload",job="{JOBS[Emitter.FRONTEND]}"}}'
    assert query.endswith(f" >= 0) or (0 * max({up} == 1))")


def test_latency_trigger_reads_its_target_inside_the_dead_band() -> None:
    query = promql.scaler_query(rule("ttft_p95_ms", 500))
    assert f"({promql.ttft_ms(0.95)}) > 500" in query
    assert f"({promql.ttft_ms(0.95)}) < 200" in query
    assert query.count(">= 0) + 500") == 1


def test_totals_are_left_to_keda_to_divide_by_the_workers() -> None:
    env = environment.load("prod")
    assert promql.scaler_query(env.pools.prefill.scale) == promql.guarded(promql.queued_requests())
    assert promql.scaler_query(env.pools.decode.scale) == promql.guarded(promql.decode_streams())


def test_ttft_query_reads_like_the_query_book() -> None:
    assert promql.ttft_ms(0.95) == (
        "1000 * histogram_quantile(0.95, sum by (le) (rate("
        'dynamo_frontend_time_to_first_token_seconds_bucket{namespace="dynamo-workload"}[60s])))'
    )


def test_window_is_a_minute_unless_asked_otherwise() -> None:
    assert "[60s]" in promql.itl_ms(0.95)
    assert "[30s]" in promql.itl_ms(0.95, window_s=30)


def test_ready_workers_are_counted_by_their_scrapes() -> None:
    assert promql.ready_workers("decode") == (
        'count(up{namespace="dynamo-workload",job="dynamo-system/dynamo-worker",'
        'pod=~".*trtllmdecodeworker.*"} == 1)'
    )
