"""Every query that the product sends, and samples of everything that they ask for.

The queries come from the boards, from the scalers and from the functions that make them; the
samples from the catalogue: a busy stretch, an idle one (NaN), targets that are down, the end.
"""

from __future__ import annotations

import inspect
import itertools
import json
import random
from collections.abc import Iterator
from types import ModuleType
from typing import Any, get_args

import gtc_dashboards
from gtc_runtime.metrics.prometheus import age_query
from gtc_spec import names
from gtc_spec.engines import trtllm
from gtc_spec.phases import PhaseName
from gtc_spec.pools import ROLES, ScaleRule, Trigger
from gtc_spec.telemetry import metrics, promql, promql_client, promql_kv, promql_platform
from gtc_spec.telemetry.metric import Emitter, Metric
from gtc_spec.workloads import WORKLOADS
from tools.promql.promql_oracle import STALE, Samples

START_MS = 1_700_000_000_000
STEP_MS = 5_000
IDLE_FROM, DOWN_FROM, END_AT = 40, 68, 76
"""Steps: load ends, targets fail, everything is gone."""
TIMES_MS = [START_MS + at for at in (2_300, 161_300, 188_900, 283_200, 361_600, 640_100)]
"""First scrape, busy, busy, idle, down, gone. Off the grid, and with no counter that starts inside
a window: there 2.x and 3.x differ."""

ARGUMENTS: dict[str, list[Any]] = {
    "q": [0.5, 0.95],
    "role": list(ROLES),
    "mode": [*ROLES, "aggregated"],
    "rule": [ScaleRule(trigger=each, threshold=500, min=1, max=4) for each in get_args(Trigger)],
    "query": [promql.queued_requests()],
    "measure": ["ttft", "itl"],
    "state": ["desired", "ready", "pending"],
}
"""What to try for a parameter by its name; `metric` depends on the function."""
METRICS = {
    "kv_of_pool": [metrics.KV_ACTIVE_BLOCKS],
    "gpu_of_pool": [metrics.CATALOGUE["DCGM_FI_PROF_PIPE_TENSOR_ACTIVE"]],
    "gpu_by_worker": [metrics.CATALOGUE["DCGM_FI_DEV_GPU_UTIL"]],
    "hpa": [metrics.CATALOGUE["kube_horizontalpodautoscaler_status_desired_replicas"]],
    "node_load": [metrics.CATALOGUE["node_load1"]],
}


def _made_by(module: ModuleType) -> Iterator[str]:
    """Every query that a module's functions make."""
    for name, function in inspect.getmembers(module, inspect.isfunction):
        if function.__module__ != module.__name__ or name.startswith("_"):
            continue
        parameters = inspect.signature(function).parameters.values()
        required = [
            p.name for p in parameters if p.default is p.empty and p.kind is not p.VAR_KEYWORD
        ]
        values = [METRICS[name] if each == "metric" else ARGUMENTS[each] for each in required]
        yield from (function(*chosen) for chosen in itertools.product(*values))


def _on_boards() -> Iterator[str]:
    for board in gtc_dashboards.load(trtllm.TRAITS).values():
        for panel in board["panels"]:
            yield from (target["expr"] for target in panel.get("targets", []))
        yield from (mark["expr"] for mark in board["annotations"]["list"] if "expr" in mark)


def _queries() -> list[str]:
    found = {*_on_boards()}
    for module in (promql, promql_client, promql_kv, promql_platform):
        found |= {*_made_by(module)}
    ages = {age_query(promql.scaler_query(rule)) for rule in ARGUMENTS["rule"]}
    return sorted(found | {age for age in ages if age})


QUERIES = _queries()

_VALUES: dict[str, list[str]] = {
    "model": ["llama-70b"],
    "status": ["success", "error"],
    "endpoint": [],  # the scrape's own; the frontend's is renamed
    "request_type": ["stream"],
    "dynamo_component": [*trtllm.TRAITS.components.values()],
    "dynamo_endpoint": ["generate", "clear_kv_blocks"],
    "workload": [*WORKLOADS],
    "turn": ["1", "2plus"],
    "outcome": ["ok", "shed"],
    "measure": ["ttft", "itl"],
    "phase": [str(PhaseName.IDLE), str(PhaseName.PREFILL_STRESS)],
    "mode": ["manual", "auto", "idle"],  # of the panel and of a CPU
    "pool": [*ROLES],
    "state": ["desired", "ready", "pending"],
    "scaledObject": [names.scaler(role) for role in ROLES],
    "horizontalpodautoscaler": [names.hpa(names.scaler(role)) for role in ROLES],
    "label_nvidia_com_dynamo_component": [],  # goes with the pod
    "node": ["n-1", "n-2"],
    "cpu": ["0"],
    "service": [],
}
"""Values of the labels that queries tell series apart by; other labels get one value."""
_PODS = {names.service(role): f"gtc-demo-0-{names.service(role).lower()}-a" for role in ROLES}
_EMITTED_BY_POD = {Emitter.WORKER, Emitter.DCGM, Emitter.KUBE_STATE, Emitter.CADVISOR}
_BOUNDS = ("0.0", "0.02", "0.05", "0.5", "4.0", "50.0", "+Inf")


def data_set() -> dict[str, Samples]:
    """Series by their JSON-encoded labels."""
    rng = random.Random(20261125)
    series: dict[str, Samples] = {}

    def add(name: str, samples: Samples, labels: dict[str, str]) -> None:
        series[json.dumps({"__name__": name, **labels}, sort_keys=True)] = samples

    for metric in metrics.CATALOGUE.values():
        for labels in _label_sets(metric):
            if metric is metrics.UP:
                add(metric.name, _up(), labels)
            elif metric.kind == "histogram":
                _add_histogram(add, rng, metric, labels)
            elif metric.kind == "counter":
                add(metric.name, _counter(rng), labels)
            else:
                add(metric.name, _gauge(rng, metric), labels)
    return series


def _label_sets(metric: Metric) -> Iterator[dict[str, str]]:
    if metric is metrics.UP:
        pods = ["gtc-demo-0-frontend-a", *_PODS.values()]
        jobs = [metrics.JOBS[Emitter.FRONTEND], *[metrics.JOBS[Emitter.WORKER]] * 2]
        for pod, job in zip(pods, jobs, strict=True):
            yield {"namespace": names.NAMESPACE_WORKLOAD, "pod": pod, "job": job}
        return
    namespace = {
        Emitter.OURS: names.NAMESPACE_PANEL,
        Emitter.KEDA: names.NAMESPACE_KEDA,
        Emitter.NODE: names.NAMESPACE_MONITORING,
    }.get(metric.emitter, names.NAMESPACE_WORKLOAD)
    told = [name for name in metric.labels if _VALUES.get(name)]
    sources = _PODS.items() if metric.emitter in _EMITTED_BY_POD else [("", "one")]
    for service, pod in sources:
        for values in itertools.product(*(_VALUES[name] for name in told)):
            labels = dict(zip(told, values, strict=True))
            if _impossible(metric, service, labels):
                continue
            own = {"label_nvidia_com_dynamo_component": service, "phase": "Pending"}
            own = {name: value for name, value in own.items() if name in metric.labels}
            own = {} if metric.emitter is Emitter.OURS else own
            container = {"container": "main"} if metric.emitter is Emitter.CADVISOR else {}
            yield {"namespace": namespace, "pod": pod, **labels, **own, **container}


def _impossible(metric: Metric, service: str, labels: dict[str, str]) -> bool:
    """A pool's worker speaks for its own component; only chat has later turns."""
    if metric.emitter is Emitter.WORKER and "dynamo_component" in labels:
        role = next(role for role in ROLES if names.service(role) == service)
        return labels["dynamo_component"] != trtllm.TRAITS.components[role]
    return labels.get("turn") == "2plus" and labels.get("workload") != "chat"


def _times() -> list[int]:
    return [START_MS + step * STEP_MS for step in range(END_AT)]


def _ended(samples: Samples) -> Samples:
    return [*samples[:END_AT], (START_MS + END_AT * STEP_MS, STALE)]


def _up() -> Samples:
    return _ended([(t, float(step < DOWN_FROM)) for step, t in enumerate(_times())])


def _counter(rng: random.Random) -> Samples:
    total, samples = 0, []
    for step, t in enumerate(_times()):
        total += rng.randint(0, 9) if step < IDLE_FROM else 0
        samples.append((t, total))
    return _ended(samples)


def _gauge(rng: random.Random, metric: Metric) -> Samples:
    if metric.name == metrics.SCENARIO_PHASE_END.name:
        return _ended([(t, START_MS / 1000 + 170) for t in _times()])
    if metric.unit == "state":
        return _ended([(t, (step // 12) % 2) for step, t in enumerate(_times())])
    return _ended([(t, rng.randint(0, 4)) for t in _times()])


def _add_histogram(add: Any, rng: random.Random, metric: Metric, labels: dict[str, str]) -> None:
    counts = [0] * len(_BOUNDS)
    rows: list[Samples] = [[] for _ in _BOUNDS]
    total, sums = 0.0, []
    for step, t in enumerate(_times()):
        for _ in range(rng.randint(0, 5) if step < IDLE_FROM else 0):
            seen = rng.lognormvariate(-1, 1.5)
            total += round(seen, 3)
            counts = [n + (seen <= float(le)) for n, le in zip(counts, _BOUNDS, strict=True)]
        for row, count in zip(rows, counts, strict=True):
            row.append((t, count))
        sums.append((t, round(total, 3)))
    for le, row in zip(_BOUNDS, rows, strict=True):
        add(metric.bucket, _ended(row), {**labels, "le": le})
    add(metric.count, _ended(rows[-1]), labels)
    add(metric.sum, _ended(sums), labels)
