"""The catalogue: every metric that we query or emit, who emits it, and where it exists.

``promql.py``, the dashboards, our exporter and the rehearsal's Prometheus all name metrics through
this module, so that a query cannot ask for a series that nobody makes. ``deployed`` means Dynamo
0.8.1 with the charts pinned in ``versions.py``; ``rehearsal`` means Dynamo 1.4.2 on localhost, as
seen in a recorded scrape (tests/data/dynamo-1.4.2).
This module must not know PromQL.

Differences between the two, all harmless because every query is keyed on ``namespace``:

* ``model`` is lower-cased by 0.8.1 and kept as it is by 1.4.2.
* Workers of 1.4.2 add ``worker_id``.
* ``dynamo_frontend_cached_tokens`` stays empty with the simulated workers, which report no cached
  tokens; 1.4.2 has ``dynamo_component_router_kv_hit_rate`` on the frontend instead.
* Engine series are ``trtllm_*`` in 0.8.1 and ``trtllm:*`` in 1.4.2; those of vLLM ``vllm:*`` in
  both.
* Integer bucket bounds are written ``le="1"``; Prometheus 3 stores them as ``le="1.0"``.
"""

from __future__ import annotations

from typing import Final

from gtc_spec import names
from gtc_spec.engines import REAL
from gtc_spec.telemetry import metrics_platform
from gtc_spec.telemetry.metric import Emitter as Emitter
from gtc_spec.telemetry.metric import Kind, Unit
from gtc_spec.telemetry.metric import Metric as Metric

SCRAPE_INTERVAL_S: Final = 5
"""Dynamo's monitors bring it themselves; twelve samples fit the one-minute window."""

_POD_MONITORS: Final = {Emitter.FRONTEND: "dynamo-frontend", Emitter.WORKER: "dynamo-worker"}


def job(emitter: Emitter, platform: str = names.NAMESPACE_PLATFORM) -> str:
    """Value of the ``job`` label: namespace and name of the PodMonitor that a platform makes."""
    return f"{platform}/{_POD_MONITORS[emitter]}"


JOBS: Final[dict[Emitter, str]] = {emitter: job(emitter) for emitter in _POD_MONITORS}
"""The jobs of the demo."""

SCRAPE_LABELS: Final = frozenset({"namespace", "pod", "container", "job", "instance", "endpoint"})
"""Labels that the scrape adds to every series of a pod; ours in rehearsal adds the same."""


def _frontend(name: str, kind: Kind, unit: Unit, labels: tuple[str, ...], meaning: str) -> Metric:
    """A metric of the HTTP frontend: lib/llm/src/http/service/metrics.rs."""
    return Metric(f"dynamo_frontend_{name}", Emitter.FRONTEND, kind, unit, labels, meaning)


_MODEL = ("model",)
REQUESTS = _frontend(
    "requests_total", "counter", "requests", ("model", "endpoint", "request_type", "status"),
    "Finished requests; status is success or error.",
)  # fmt: skip
INFLIGHT = _frontend(
    "inflight_requests", "gauge", "requests", _MODEL, "Requests between arrival and last token."
)
QUEUED = _frontend(
    "queued_requests", "gauge", "requests", _MODEL,
    "Requests between arrival and first token; their prefill is included.",
)  # fmt: skip
REQUEST_DURATION = _frontend(
    "request_duration_seconds", "histogram", "seconds", _MODEL, "Arrival to last token."
)
TTFT = _frontend(
    "time_to_first_token_seconds", "histogram", "seconds", _MODEL,
    "Arrival to first token, seen once that token leaves.",
)  # fmt: skip
ITL = _frontend(
    "inter_token_latency_seconds", "histogram", "seconds", _MODEL,
    "Gap between two tokens of one answer, one observation a token.",
)  # fmt: skip
INPUT_TOKENS = _frontend(
    "input_sequence_tokens", "histogram", "tokens", _MODEL, "Prompt length of a request."
)
OUTPUT_LENGTH = _frontend(
    "output_sequence_tokens", "histogram", "tokens", _MODEL, "Answer length of a request."
)
OUTPUT_TOKENS = _frontend(
    "output_tokens_total", "counter", "tokens", _MODEL, "Tokens sent to clients."
)
CACHED_TOKENS = _frontend(
    "cached_tokens", "histogram", "tokens", _MODEL,
    "Prompt tokens of a request that came from the prefix cache; never filled in rehearsal.",
)  # fmt: skip
MIGRATIONS = Metric(
    "dynamo_frontend_model_migration_total", Emitter.FRONTEND, "counter", "requests",
    ("model", "migration_type"), "Requests moved because their worker left.", rehearsal=False,
)  # fmt: skip
ROUTER_HIT_RATE = Metric(
    "dynamo_component_router_kv_hit_rate", Emitter.FRONTEND, "histogram", "ratio",
    ("dynamo_component", "dynamo_namespace", "router_id", "worker_id"),
    "Share of a prompt that the router expected in the cache, one observation a routing.",
    deployed=False,
)  # fmt: skip


def _worker(name: str, kind: Kind, unit: Unit, meaning: str) -> Metric:
    """A metric of the worker runtime: one endpoint of one component."""
    labels = ("dynamo_namespace", "dynamo_component", "dynamo_endpoint")
    return Metric(f"dynamo_component_{name}", Emitter.WORKER, kind, unit, labels, meaning)


WORKER_REQUESTS = _worker("requests_total", "counter", "requests", "Requests that a worker took.")
WORKER_INFLIGHT = _worker(
    "inflight_requests", "gauge", "requests", "Requests inside a worker, waiting ones included."
)
WORKER_DURATION = _worker(
    "request_duration_seconds", "histogram", "seconds", "Time of a request inside a worker."
)


def _kvstats(name: str, unit: Unit, meaning: str) -> Metric:
    """A KV gauge of 0.8.1; removed from 0.9 on (ai-dynamo/dynamo#5531)."""
    return Metric(
        f"dynamo_component_kvstats_{name}", Emitter.WORKER, "gauge", unit,
        ("dynamo_namespace", "dynamo_component"), meaning, rehearsal=False, real_engine=True,
    )  # fmt: skip


KV_ACTIVE_BLOCKS = _kvstats("active_blocks", "blocks", "KV blocks in use.")
KV_TOTAL_BLOCKS = _kvstats("total_blocks", "blocks", "KV blocks of a worker.")
KV_USAGE = _kvstats(
    "gpu_cache_usage_percent",
    "ratio",
    "Used share of the KV pool, 0 to 1; see promql_kv.",
)
KV_HIT_RATE = _kvstats("gpu_prefix_cache_hit_rate", "ratio", "Prefix cache hits, 0 to 1.")
ENGINE_QUEUES: Final = {
    name: Metric(
        engine.queue_metric, Emitter.WORKER, "histogram", "seconds", engine.metric_labels,
        "Wait inside the engine before it computes.", rehearsal=False, real_engine=True,
    )
    for name, engine in REAL.items()
}  # fmt: skip
"""Engine to its metric of that wait; a cluster has that of its own engine."""


UP = Metric(
    "up", Emitter.PROMETHEUS, "gauge", "state", ("namespace", "pod", "job"),
    "1 when the last scrape of a target worked.",
)  # fmt: skip


def _ours(name: str, kind: Kind, unit: Unit, labels: tuple[str, ...], meaning: str) -> Metric:
    """A metric of our own ``/metrics``."""
    return Metric(f"gtc_{name}", Emitter.OURS, kind, unit, labels, meaning)


CLIENT_TTFT = _ours(
    "client_ttft_seconds", "histogram", "seconds", ("workload", "turn"),
    "Send to first token as the client saw it; turn is 1 or 2plus.",
)  # fmt: skip
CLIENT_ITL = _ours(
    "client_itl_seconds", "histogram", "seconds", ("workload",),
    "Gap between two tokens as the client saw it.",
)  # fmt: skip
CLIENT_REQUESTS = _ours(
    "client_requests_total", "counter", "requests", ("workload", "outcome"),
    "Due requests by their end: ok, shed or a failure class.",
)  # fmt: skip
CLIENT_IN_FLIGHT = _ours(
    "client_in_flight_requests", "gauge", "requests", ("workload",), "Open requests."
)
CLIENT_SLIP = _ours(
    "client_slip_seconds", "histogram", "seconds", (), "How late a request was sent."
)
CLIENT_TOKENS = _ours(
    "client_output_tokens_total", "counter", "tokens", ("workload",), "Output tokens that arrived."
)
CLIENT_WITHIN_GOAL = _ours(
    "client_within_goal_total", "counter", "requests", ("measure",),
    "Observations at or below the goal; measure is ttft (requests) or itl (tokens).",
)  # fmt: skip
GOAL = _ours(
    "goal_seconds", "gauge", "seconds", ("measure",),
    "Limit that the 95th percentile must hold; measure is ttft or itl.",
)  # fmt: skip
SCENARIO_PHASE = _ours(
    "scenario_phase", "gauge", "state", ("phase",), "1 for the phase that runs, 0 for the others."
)
SCENARIO_PHASE_NUMBER = _ours(
    "scenario_phase_number", "gauge", "state", (),
    "Place of the running phase in the order of the show; 0 is IDLE.",
)  # fmt: skip
SCENARIO_PHASE_END = _ours(
    "scenario_phase_end_timestamp_seconds", "gauge", "seconds", (), "Planned end, unix time."
)
MODE = _ours("mode", "gauge", "state", ("mode",), "1 for who drives scaling, 0 for the others.")
POOL_WORKERS = _ours(
    "pool_workers", "gauge", "workers", ("pool", "state"),
    "Workers of a pool that are desired, ready or pending.",
)  # fmt: skip
POOL_MAX = _ours(
    "pool_max_workers", "gauge", "workers", ("pool",), "Most workers that KEDA may ask for."
)
SCALER_LIMIT = _ours(
    "scaler_limit", "gauge", "state", ("pool",),
    "Reading above which the scaler of a pool wants another worker, in the unit of its query.",
)  # fmt: skip
SCALER_PAUSED = _ours("keda_paused", "gauge", "state", ("pool",), "1 while KEDA is paused.")
TASK_RESTARTS = _ours(
    "task_restarts_total", "counter", "state", ("task",),
    "How often a task of the panel's process died and was started again.",
)  # fmt: skip
LOOP_LAG = _ours(
    "loop_lag_seconds", "gauge", "seconds", (),
    "How late the event loop of the panel was, at worst in the last 15 s.",
)  # fmt: skip
BUILD_INFO = _ours(
    "build_info", "gauge", "state", ("version", "environment", "digest"), "Always 1."
)

CATALOGUE: Final[dict[str, Metric]] = {
    metric.name: metric
    for value in (*list(globals().values()), *metrics_platform.PLATFORM)
    for metric in (value.values() if isinstance(value, dict) else (value,))
    if isinstance(metric, Metric)
}
"""Every metric by its family name."""


def owner(series: str) -> Metric | None:
    """The metric that a series name belongs to, or None when the catalogue does not claim it."""
    return _BY_SERIES.get(series)


_BY_SERIES = {series: metric for metric in CATALOGUE.values() for series in metric.series}
