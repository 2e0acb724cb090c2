"""Query text, built from the catalogue: one function answers one question.

Every query is keyed on ``namespace``, the one label that both the deployed and the rehearsed
Prometheus put on every series. Frontends of one namespace are told apart by their graph: its
``dynamo_namespace`` is no label of their own, but that of the PodMonitor which the platform makes.
Functions return PromQL; they must not know how it is sent. Latencies come back in milliseconds
because KEDA carries values as milli-quantities: in seconds it would see steps of 1 ms only.
What asks the workers takes the engine that they run, which names their component.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gtc_spec import names
from gtc_spec.engines.traits import ENDPOINT, Traits
from gtc_spec.engines.trtllm import TRAITS as TENSORRT_LLM
from gtc_spec.pools import Role, ScaleRule
from gtc_spec.telemetry import metrics as m
from gtc_spec.telemetry.promql_syntax import WINDOW_S as WINDOW_S
from gtc_spec.telemetry.promql_syntax import mean, quantile, rate_sum, select

PROMETHEUS_RELEASE: Final = "kube-prometheus-stack"
PROMETHEUS_ADDRESS: Final = (
    f"http://{PROMETHEUS_RELEASE}-prometheus.{names.NAMESPACE_MONITORING}.svc:9090"
)
"""Where the deployed Prometheus answers: release name plus the chart's suffix, no final slash."""
GRAFANA_ADDRESS: Final = f"http://{PROMETHEUS_RELEASE}-grafana.{names.NAMESPACE_MONITORING}.svc:80"
"""Where the Grafana of the same chart answers."""


@dataclass(frozen=True)
class Scope:
    """Which deployment a query is about.

    Attributes:
        namespace: Namespace of its pods.
        served_name: Name under which its model answers; empty when it has the namespace to itself.
        platform: Namespace of the Dynamo platform, after which the jobs of the scrape are named.
        graph: Its ``dynamo_namespace``; empty when it has the namespace to itself.
    """

    namespace: str = names.NAMESPACE_WORKLOAD
    served_name: str = ""
    platform: str = names.NAMESPACE_PLATFORM
    graph: str = ""

    @property
    def target(self) -> dict[str, str]:
        """Labels that the scrape gives its frontend."""
        return {"namespace": self.namespace, "dynamo_namespace": self.graph}

    @property
    def labels(self) -> dict[str, str]:
        """Labels that select its frontend's series; a frontend writes model names in lower case."""
        return {**self.target, "model": self.served_name.lower()}


DEMO: Final = Scope()
"""The demo, which is alone in its namespace."""


def ttft_ms(q: float, window_s: int = WINDOW_S, scope: Scope = DEMO) -> str:
    """Time to first token at the frontend, milliseconds; NaN without traffic."""
    return f"1000 * {quantile(m.TTFT, q, scope.labels, window_s=window_s)}"


def itl_ms(q: float, window_s: int = WINDOW_S, scope: Scope = DEMO) -> str:
    """Inter-token latency at the frontend, milliseconds; NaN without traffic."""
    return f"1000 * {quantile(m.ITL, q, scope.labels, window_s=window_s)}"


def queued_requests(scope: Scope = DEMO) -> str:
    """Requests that wait for their first token, prefill included; not to be split by pool."""
    return f"sum({select(m.QUEUED, labels=scope.labels)})"


def decode_streams(scope: Scope = DEMO) -> str:
    """Answers that are being streamed."""
    queued = select(m.QUEUED, labels=scope.labels)
    return f"sum({select(m.INFLIGHT, labels=scope.labels)}) - sum({queued})"


def in_flight(role: Role, engine: Traits = TENSORRT_LLM) -> str:
    """Requests inside the workers of one pool."""
    return f"sum({select(m.WORKER_INFLIGHT, labels=_requests_of(role, engine))})"


def request_rate_rps(window_s: int = WINDOW_S) -> str:
    """Requests that finish, a second."""
    return rate_sum(m.REQUESTS, window_s=window_s)


def output_tokens_per_s(window_s: int = 30) -> str:
    """Tokens sent to clients, a second."""
    return rate_sum(m.OUTPUT_TOKENS, window_s=window_s)


def cached_token_ratio(window_s: int = WINDOW_S) -> str:
    """Share of prompt tokens that came from the KV cache, 0 to 1.

    The simulated workers report no cached tokens; there the router's own expectation answers,
    which the deployed release does not have. It is a lower bound: the decode leg of each request
    is observed as well, and that one is routed by load.
    """
    cached = rate_sum(m.CACHED_TOKENS, m.CACHED_TOKENS.sum, window_s=window_s)
    counted = f"{cached} / {rate_sum(m.INPUT_TOKENS, m.INPUT_TOKENS.sum, window_s=window_s)}"
    expected = mean(m.ROUTER_HIT_RATE, window_s=window_s)
    return f"({counted} > 0) or ({expected}) or ({counted})"


def ready_workers(role: Role, engine: Traits = TENSORRT_LLM) -> str:
    """Workers of a pool that answer scrapes; works with and without Grove."""
    target = select(m.UP, labels={"job": m.JOBS[m.Emitter.WORKER]}, pods=_pods(role, engine))
    return f"count({target} == 1)"


def request_rate_by_status_rps() -> str:
    """Requests that finish, a second, by ``status``: success or error."""
    return rate_sum(m.REQUESTS, by=("status",))


def request_duration_ms(q: float) -> str:
    """From arrival to last token at the frontend, milliseconds."""
    return f"1000 * {quantile(m.REQUEST_DURATION, q)}"


def prompt_tokens(q: float) -> str:
    """Length of prompts, tokens."""
    return quantile(m.INPUT_TOKENS, q)


def answer_tokens(q: float) -> str:
    """Length of answers, tokens."""
    return quantile(m.OUTPUT_LENGTH, q)


def mean_prefill_ms(engine: Traits = TENSORRT_LLM) -> str:
    """Mean time that a request spends inside a prefill worker, its queue included, milliseconds."""
    return f"1000 * {mean(m.WORKER_DURATION, _requests_of('prefill', engine))}"


def mean_outside_prefill_ms(engine: Traits = TENSORRT_LLM) -> str:
    """What is left of the mean time to first token: routing, KV transfer and the first step."""
    prefill = mean(m.WORKER_DURATION, _requests_of("prefill", engine))
    return f"1000 * ({mean(m.TTFT)} - {prefill})"


def mean_engine_queue_ms(role: Role, engine: Traits = TENSORRT_LLM) -> str:
    """Mean wait inside the engines of a pool before they compute, milliseconds."""
    waits = m.ENGINE_QUEUES[engine.name]
    total, seen = (
        f"sum(rate({select(waits, series, pods=_pods(role, engine))}[{WINDOW_S}s]))"
        for series in (waits.sum, waits.count)
    )
    return f"1000 * {total} / {seen}"


def pool_rate_rps(role: Role, engine: Traits = TENSORRT_LLM) -> str:
    """Requests that the workers of a pool take, a second: near the request rate in both pools."""
    return rate_sum(m.WORKER_REQUESTS, labels=_requests_of(role, engine))


def pool_requests(role: Role, engine: Traits = TENSORRT_LLM) -> str:
    """Requests that the workers of a pool have taken since they started."""
    return f"sum({select(m.WORKER_REQUESTS, labels=_requests_of(role, engine))})"


def pool_busy_s(role: Role, engine: Traits = TENSORRT_LLM) -> str:
    """Seconds that requests have spent inside the workers of a pool since these started."""
    labels = _requests_of(role, engine)
    return f"sum({select(m.WORKER_DURATION, m.WORKER_DURATION.sum, labels=labels)})"


def router_hits() -> str:
    """Prompts that the router expected in the cache, added up; deployed releases have none."""
    return f"sum({select(m.ROUTER_HIT_RATE, m.ROUTER_HIT_RATE.sum)})"


def pool_duration_ms(role: Role, q: float, engine: Traits = TENSORRT_LLM) -> str:
    """Time of a request inside the workers of a pool, milliseconds."""
    return f"1000 * {quantile(m.WORKER_DURATION, q, labels=_requests_of(role, engine))}"


def kv_of_pool(
    metric: m.Metric, role: Role, how: str = "sum", engine: Traits = TENSORRT_LLM
) -> str:
    """A KV gauge of 0.8.1 over the workers of a pool: ``sum``, ``avg`` or ``max``."""
    return f"{how}({select(metric, labels={'dynamo_component': engine.components[role]})})"


def migrations_per_min() -> str:
    """Requests a minute that moved because their worker left, by kind."""
    return f"60 * {rate_sum(m.MIGRATIONS, by=('migration_type',))}"


def scaler_query(rule: ScaleRule, scope: Scope = DEMO) -> str:
    """What KEDA asks for one pool: the trigger of its rule, guarded.

    Totals (queued requests, streams) are divided by the workers on KEDA's side (AverageValue);
    latencies are compared as they are (Value) inside a dead band.
    """
    return guarded(_watched(rule, scope), scope)


def _watched(rule: ScaleRule, scope: Scope) -> str:
    match rule.trigger:
        case "queued_requests":
            return queued_requests(scope)
        case "decode_streams":
            return decode_streams(scope)
        case "ttft_p95_ms":
            return _banded(ttft_ms(0.95, scope=scope), rule.threshold, 0.4)
        case "itl_p95_ms":
            return _banded(itl_ms(0.95, scope=scope), rule.threshold, 0.5)


def guarded(query: str, scope: Scope = DEMO) -> str:
    """The query with honest corner cases, for a scaler that must not act on nothing.

    Idle is 0 (a histogram without traffic gives NaN, which ``>= 0`` drops); a frontend that is
    down, or a label that matches nothing, stays empty: an error for KEDA, so that it holds.
    """
    job = m.job(m.Emitter.FRONTEND, scope.platform)
    up = select(m.UP, labels={**scope.target, "job": job})
    return f"(({query}) >= 0) or (0 * max({up} == 1))"


def _requests_of(role: Role, engine: Traits) -> dict[str, str]:
    """Labels of the requests of one pool; other endpoints count housekeeping."""
    return {"dynamo_component": engine.components[role], "dynamo_endpoint": ENDPOINT}


def _pods(role: Role, engine: Traits) -> str:
    """Regular expression of a pool's pods; works with and without Grove."""
    return f".*{engine.service(role).lower()}.*"


def _banded(query: str, threshold: float, lowest: float) -> str:
    """A latency that reads exactly its threshold down to ``lowest`` of it, a share.

    There the scaler keeps the workers; without a dead band a recovery would scale in at once.
    """
    low = threshold * lowest
    keep = f"0 * (({query}) >= 0) + {threshold:g}"
    return f"(({query}) > {threshold:g}) or (({query}) < {low:g}) or ({keep})"
