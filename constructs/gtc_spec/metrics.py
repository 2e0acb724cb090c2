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
* Engine series are ``trtllm_*`` in 0.8.1 and ``trtllm:*`` in 1.4.2.
* Integer bucket bounds are written ``le="1"``; Prometheus 3 stores them as ``le="1.0"``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

from gtc_spec import names
from gtc_spec.pools import Role

Kind = Literal["counter", "gauge", "histogram"]
Unit = Literal["seconds", "milliseconds", "requests", "tokens", "workers", "ratio", "percent",
               "bytes", "watts", "mebibytes", "state", "rps", "streams"]  # fmt: skip

SCRAPE_INTERVAL_S: Final = 5
"""Dynamo's monitors bring it themselves; twelve samples fit the one-minute window."""


class Emitter(StrEnum):
    """Who exposes a metric."""

    FRONTEND = "frontend"
    WORKER = "worker"
    DCGM = "dcgm-exporter"
    KUBE_STATE = "kube-state-metrics"
    KEDA = "keda"
    PROMETHEUS = "prometheus"
    OURS = "gtc-demo"


JOBS: Final[dict[Emitter, str]] = {
    Emitter.FRONTEND: f"{names.NAMESPACE_PLATFORM}/dynamo-frontend",
    Emitter.WORKER: f"{names.NAMESPACE_PLATFORM}/dynamo-worker",
}
"""Value of the ``job`` label: namespace and name of the PodMonitor that the platform makes."""

SCRAPE_LABELS: Final = frozenset({"namespace", "pod", "container", "job", "instance", "endpoint"})
"""Labels that the scrape adds to every series of a pod; ours in rehearsal adds the same."""

COMPONENTS: Final[dict[Role, str]] = {"prefill": "prefill", "decode": "tensorrt_llm"}
"""Value of ``dynamo_component`` of each pool; the service name is nowhere in the metrics."""
ENDPOINT: Final = "generate"
"""Value of ``dynamo_endpoint`` for requests; other endpoints count housekeeping."""


@dataclass(frozen=True)
class Metric:
    """One metric family.

    Attributes:
        name: Family name, without ``_bucket``, ``_sum`` or ``_count``.
        emitter: Who exposes it.
        kind: Its type.
        unit: Of its value.
        labels: What the emitter itself puts on each series.
        meaning: What one value says, in one sentence.
        deployed: Exists on the cluster (Dynamo 0.8.1 and the pinned charts).
        rehearsal: Exists on localhost (Dynamo 1.4.2 and our own processes).
    """

    name: str
    emitter: Emitter
    kind: Kind
    unit: Unit
    labels: tuple[str, ...]
    meaning: str
    deployed: bool = True
    rehearsal: bool = True

    @property
    def bucket(self) -> str:
        """Series of the cumulative buckets."""
        return f"{self.name}_bucket"

    @property
    def sum(self) -> str:
        """Series of the sum of all observations."""
        return f"{self.name}_sum"

    @property
    def count(self) -> str:
        """Series of the number of observations."""
        return f"{self.name}_count"

    @property
    def series(self) -> tuple[str, ...]:
        """Every series name of the family."""
        if self.kind == "histogram":
            return (self.bucket, self.sum, self.count)
        return (self.name,)


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
        ("dynamo_namespace", "dynamo_component"), meaning, rehearsal=False,
    )  # fmt: skip


KV_USAGE = _kvstats("gpu_cache_usage_percent", "ratio", "Used share of the KV pool, 0 to 1.")
KV_HIT_RATE = _kvstats("gpu_prefix_cache_hit_rate", "ratio", "Prefix cache hits, 0 to 1.")


def _gpu(name: str, unit: Unit, meaning: str) -> Metric:
    """A default counter of dcgm-exporter 4.8.2; pod labels need honorLabels."""
    return Metric(
        f"DCGM_FI_{name}", Emitter.DCGM, "gauge", unit, ("gpu", "UUID", "pod", "namespace"),
        meaning, rehearsal=False,
    )  # fmt: skip


GPU_UTIL = _gpu("DEV_GPU_UTIL", "percent", "Share of time with any kernel running.")
GPU_MEMORY_USED = _gpu("DEV_FB_USED", "mebibytes", "Used GPU memory.")
GPU_POWER = _gpu("DEV_POWER_USAGE", "watts", "Power draw.")
GPU_TENSOR_ACTIVE = _gpu("PROF_PIPE_TENSOR_ACTIVE", "ratio", "Tensor cores busy: prefill.")
GPU_DRAM_ACTIVE = _gpu("PROF_DRAM_ACTIVE", "ratio", "Memory interface busy: decode.")


def _kube(name: str, unit: Unit, labels: tuple[str, ...], meaning: str) -> Metric:
    """A metric of kube-state-metrics, the last three of its custom resource state."""
    return Metric(name, Emitter.KUBE_STATE, "gauge", unit, labels, meaning, rehearsal=False)


POD_READY = _kube(
    "kube_pod_status_ready", "workers", ("namespace", "pod", "condition"), "1 for Ready pods."
)
POD_PHASE = _kube(
    "kube_pod_status_phase", "workers", ("namespace", "pod", "phase"), "1 for the pod's phase."
)
POD_LABELS = _kube(
    "kube_pod_labels", "state",
    ("namespace", "pod", "label_nvidia_com_dynamo_component",
     "label_nvidia_com_dynamo_graph_deployment_name"),
    "Join key from a pod to its pool; needs metricLabelsAllowlist.",
)  # fmt: skip
HPA_DESIRED = _kube(
    "kube_horizontalpodautoscaler_status_desired_replicas", "workers",
    ("namespace", "horizontalpodautoscaler"), "What the HPA wants; absent while paused.",
)  # fmt: skip
DGDSA_DESIRED = _kube(
    "dgdsa_spec_replicas", "workers", ("namespace", "name", "service", "dgd"),
    "Desired workers of a pool.",
)  # fmt: skip
PODCLIQUE_READY = _kube(
    "podclique_ready_replicas", "workers", ("namespace", "name", "role"), "Ready pods of a clique."
)

KEDA_VALUE = Metric(
    "keda_scaler_metrics_value", Emitter.KEDA, "gauge", "state",
    ("namespace", "scaledObject", "scaler", "metric"), "What the scaler read.", rehearsal=False,
)  # fmt: skip
KEDA_PAUSED = Metric(
    "keda_scaled_object_paused", Emitter.KEDA, "gauge", "state", ("namespace", "scaledObject"),
    "1 while a ScaledObject is paused.", rehearsal=False,
)  # fmt: skip

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
SCENARIO_PHASE = _ours(
    "scenario_phase", "gauge", "state", ("phase",), "1 for the phase that runs, 0 for the others."
)
SCENARIO_PHASE_END = _ours(
    "scenario_phase_end_timestamp_seconds", "gauge", "seconds", (), "Planned end, unix time."
)
MODE = _ours("mode", "gauge", "state", ("mode",), "1 for who drives scaling, 0 for the others.")
POOL_WORKERS = _ours(
    "pool_workers", "gauge", "workers", ("pool", "state"),
    "Workers of a pool that are desired, ready or pending.",
)  # fmt: skip
SCALER_PAUSED = _ours("keda_paused", "gauge", "state", ("pool",), "1 while KEDA is paused.")
BUILD_INFO = _ours(
    "build_info", "gauge", "state", ("version", "environment", "digest"), "Always 1."
)

CATALOGUE: Final[dict[str, Metric]] = {
    metric.name: metric for metric in list(globals().values()) if isinstance(metric, Metric)
}
"""Every metric by its family name."""


def owner(series: str) -> Metric | None:
    """The metric that a series name belongs to, or None when the catalogue does not claim it."""
    return _BY_SERIES.get(series)


_BY_SERIES = {series: metric for metric in CATALOGUE.values() for series in metric.series}
