"""The lower half of the board in depth: GPUs, nodes and containers. A rehearsal has none of it."""

from __future__ import annotations

from gtc_dashboards.depth import Rows
from gtc_dashboards.panels import Panel, Query, lines
from gtc_spec.engines import Traits
from gtc_spec.pools import ROLES
from gtc_spec.telemetry import metrics_platform as m
from gtc_spec.telemetry import promql_platform as ask
from gtc_spec.telemetry.metric import Metric


def rows(engine: Traits) -> Rows:
    """Panels under the heading of their row."""
    return {"GPUs": _gpus(engine), "Nodes and containers": _nodes()}


def _gpus(engine: Traits) -> list[Panel]:
    return [
        *_by_pool(engine),
        _by_worker(
            "GPU utilisation",
            "Share of time with any kernel running: near 100 % in both pools under load, so it "
            "tells a dead worker and nothing else.",
            m.GPU_UTIL,
            "percent",
        ),
        _by_worker(
            "GPU memory",
            "Weights plus KV pool, claimed at the start: flat lines are right.",
            m.GPU_MEMORY_USED,
            "decmbytes",
        ),
        _by_worker(
            "GPU temperature",
            "Steady below the slow-down limit of the card; one worker far above the others is a "
            "cooling problem.",
            m.GPU_TEMPERATURE,
            "celsius",
        ),
        _by_worker(
            "GPU power",
            "Prefill draws more than decode at the same utilisation.",
            m.GPU_POWER,
            "watt",
        ),
    ]


def _by_pool(engine: Traits) -> list[Panel]:
    looks = (
        (
            "Tensor cores by pool",
            "Prefill computes: it keeps the tensor cores busy, decode hardly touches them.",
            m.GPU_TENSOR_ACTIVE,
        ),
        (
            "GPU memory traffic by pool",
            "Decode reads the weights and the cache for every token: it keeps the memory busy.",
            m.GPU_DRAM_ACTIVE,
        ),
    )
    return [
        lines(
            title,
            look,
            [Query(ask.gpu_of_pool(metric, role, engine), role, role) for role in ROLES],
            unit="percentunit",
            top=1,
        )
        for title, look, metric in looks
    ]


def _by_worker(title: str, look: str, metric: Metric, unit: str) -> Panel:
    return lines(title, look, [Query(ask.gpu_by_worker(metric), "{{pod}}")], unit=unit)


def _nodes() -> list[Panel]:
    return [
        lines(
            "Node CPU",
            "Management nodes carry panel, Prometheus and Grafana; a full one delays what you see.",
            [Query(ask.node_cpu(), "{{node}}")],
            unit="percentunit",
            width=6,
            top=1,
        ),
        lines(
            "Node load",
            "Runnable threads: above the number of CPUs things wait.",
            [
                Query(ask.node_load(m.NODE_LOAD1), "{{node}} 1 min"),
                Query(ask.node_load(m.NODE_LOAD5), "{{node}} 5 min", style="thin"),
            ],
            unit="short",
            width=6,
        ),
        lines(
            "Container CPU",
            "CPUs by pod; a frontend at its limit adds to every latency.",
            [Query(ask.container_cpu(), "{{pod}}")],
            unit="short",
            width=6,
        ),
        lines(
            "Container memory",
            "Working set by pod; workers grow while they load their model.",
            [Query(ask.container_memory(), "{{pod}}")],
            unit="bytes",
            width=6,
        ),
    ]
