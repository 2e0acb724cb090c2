"""Query text, built from the catalogue: one function answers one question.

Every query is keyed on ``namespace``, the one label that both the deployed and the rehearsed
Prometheus put on every series; frontends of one namespace are told apart by their model.
Functions return PromQL; they must not know how it is sent. Latencies come back in milliseconds
because KEDA carries values as milli-quantities: in seconds it would see steps of 1 ms only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gtc_spec import metrics as m
from gtc_spec import names
from gtc_spec.pools import Role, ScaleRule, Trigger

PROMETHEUS_RELEASE: Final = "kube-prometheus-stack"
PROMETHEUS_ADDRESS: Final = (
    f"http://{PROMETHEUS_RELEASE}-prometheus.{names.NAMESPACE_MONITORING}.svc:9090"
)
"""Where the deployed Prometheus answers: release name plus the chart's suffix, no final slash."""
WINDOW_S: Final = 60
"""Rate window. Twelve scrapes; with five minutes the stress stays on screen after it ended."""
BAND: Final[dict[Trigger, float]] = {"ttft_p95_ms": 0.4, "itl_p95_ms": 0.5}
"""Lower end of a latency trigger's dead band as a share of its threshold. Between both ends the
scaler reads exactly its target and keeps the workers; without it a recovery would scale in at once.
"""


@dataclass(frozen=True)
class Scope:
    """Which deployment a query is about.

    Attributes:
        namespace: Namespace of its pods.
        served_name: Name under which its model answers; empty when it has the namespace to itself.
    """

    namespace: str = names.NAMESPACE_WORKLOAD
    served_name: str = ""

    @property
    def labels(self) -> dict[str, str]:
        """Labels that select its frontend's series; a frontend writes model names in lower case."""
        model = {"model": self.served_name.lower()} if self.served_name else {}
        return {"namespace": self.namespace, **model}


DEMO: Final = Scope()
"""The demo, which is alone in its namespace."""


def ttft_ms(quantile: float, window_s: int = WINDOW_S, scope: Scope = DEMO) -> str:
    """Time to first token at the frontend, milliseconds; NaN without traffic."""
    return _quantile_ms(m.TTFT, quantile, window_s, scope)


def itl_ms(quantile: float, window_s: int = WINDOW_S, scope: Scope = DEMO) -> str:
    """Inter-token latency at the frontend, milliseconds; NaN without traffic."""
    return _quantile_ms(m.ITL, quantile, window_s, scope)


def queued_requests(scope: Scope = DEMO) -> str:
    """Requests that wait for their first token, prefill included; not to be split by pool."""
    return f"sum({_select(m.QUEUED, **scope.labels)})"


def decode_streams(scope: Scope = DEMO) -> str:
    """Answers that are being streamed."""
    queued = _select(m.QUEUED, **scope.labels)
    return f"sum({_select(m.INFLIGHT, **scope.labels)}) - sum({queued})"


def in_flight(role: Role) -> str:
    """Requests inside the workers of one pool."""
    series = _select(
        m.WORKER_INFLIGHT, dynamo_component=m.COMPONENTS[role], dynamo_endpoint=m.ENDPOINT
    )
    return f"sum({series})"


def request_rate_rps(window_s: int = WINDOW_S) -> str:
    """Requests that finish, a second."""
    return f"sum({_rate(m.REQUESTS, m.REQUESTS.name, window_s)})"


def output_tokens_per_s(window_s: int = 30) -> str:
    """Tokens sent to clients, a second."""
    return f"sum({_rate(m.OUTPUT_TOKENS, m.OUTPUT_TOKENS.name, window_s)})"


def cached_token_ratio(window_s: int = WINDOW_S) -> str:
    """Share of prompt tokens that came from the KV cache, 0 to 1.

    The simulated workers report no cached tokens; there the router's own expectation answers,
    which the deployed release does not have. It is a lower bound: the decode leg of each request
    is observed as well, and that one is routed by load.
    """
    counted = _mean(m.CACHED_TOKENS, m.INPUT_TOKENS.sum, window_s)
    expected = _mean(m.ROUTER_HIT_RATE, m.ROUTER_HIT_RATE.count, window_s)
    return f"({counted} > 0) or ({expected}) or ({counted})"


def ready_workers(role: Role) -> str:
    """Workers of a pool that answer scrapes; works with and without Grove."""
    pods = f".*{names.SERVICES[role].lower()}.*"
    target = (
        f'{m.UP.name}{{namespace="{names.NAMESPACE_WORKLOAD}",'
        f'job="{m.JOBS[m.Emitter.WORKER]}",pod=~"{pods}"}}'
    )
    return f"count({target} == 1)"


def scaler_query(rule: ScaleRule, scope: Scope = DEMO) -> str:
    """What KEDA asks for one pool: the trigger of its rule, guarded.

    Totals (queued requests, streams) are divided by the workers on KEDA's side (AverageValue);
    latencies are compared as they are (Value) inside a dead band.
    """
    if rule.trigger == "queued_requests":
        return guarded(queued_requests(scope), scope)
    if rule.trigger == "decode_streams":
        return guarded(decode_streams(scope), scope)
    latency_ms = ttft_ms if rule.trigger == "ttft_p95_ms" else itl_ms
    value = latency_ms(0.95, scope=scope)
    return guarded(_banded(value, rule.threshold * BAND[rule.trigger], rule.threshold), scope)


def guarded(query: str, scope: Scope = DEMO) -> str:
    """The query with honest corner cases, for a scaler that must not act on nothing.

    Idle is 0 (a histogram without traffic gives NaN, which ``>= 0`` drops); a frontend that is
    down, or a label that matches nothing, stays empty: an error for KEDA, so that it holds.
    """
    up = f'{m.UP.name}{{namespace="{scope.namespace}",job="{m.JOBS[m.Emitter.FRONTEND]}"}}'
    return f"(({query}) >= 0) or (0 * max({up} == 1))"


def _banded(query: str, low: float, high: float) -> str:
    keep = f"0 * (({query}) >= 0) + {high:g}"
    return f"(({query}) > {high:g}) or (({query}) < {low:g}) or ({keep})"


def _quantile_ms(metric: m.Metric, quantile: float, window_s: int, scope: Scope) -> str:
    rates = _rate(metric, metric.bucket, window_s, **scope.labels)
    return f"1000 * histogram_quantile({quantile:g}, sum by (le) ({rates}))"


def _mean(metric: m.Metric, divisor: str, window_s: int) -> str:
    divided = f"sum({_rate(metric, metric.sum, window_s)})"
    return f"{divided} / sum({_rate(metric, divisor, window_s)})"


def _rate(metric: m.Metric, series: str, window_s: int, **labels: str) -> str:
    return f"rate({_select(metric, series, **labels)}[{window_s}s])"


def _select(metric: m.Metric, series: str = "", **labels: str) -> str:
    matchers = {"namespace": names.NAMESPACE_WORKLOAD, **labels}
    inside = ",".join(f'{name}="{value}"' for name, value in matchers.items())
    return f"{series or metric.name}{{{inside}}}"
