"""What one metric is: its name, who emits it, its labels, and where it exists.

The catalogue in ``metrics.py`` and ``metrics_platform.py`` is made of these. This module must not
know any particular metric.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

Kind = Literal["counter", "gauge", "histogram"]
Unit = Literal["seconds", "milliseconds", "requests", "tokens", "workers", "ratio", "percent",
               "bytes", "watts", "mebibytes", "celsius", "blocks", "load", "state", "rps",
               "streams"]  # fmt: skip

Where = Literal["cluster", "simulated", "rehearsal"]
"""A cluster with GPUs, one whose workers are simulated, or the one on localhost."""


class Emitter(StrEnum):
    """Who exposes a metric."""

    FRONTEND = "frontend"
    WORKER = "worker"
    DCGM = "dcgm-exporter"
    KUBE_STATE = "kube-state-metrics"
    KEDA = "keda"
    NODE = "node-exporter"
    CADVISOR = "cadvisor"
    PROMETHEUS = "prometheus"
    OURS = "gtc-demo"


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
        real_engine: Comes from a GPU or from an engine that computes; simulated workers of 0.8.1
            have none (read from their ``/metrics``).
    """

    name: str
    emitter: Emitter
    kind: Kind
    unit: Unit
    labels: tuple[str, ...]
    meaning: str
    deployed: bool = True
    rehearsal: bool = True
    real_engine: bool = False

    def exists(self, where: Where) -> bool:
        """Whether it is there."""
        if where == "rehearsal":
            return self.rehearsal
        return self.deployed and not (where == "simulated" and self.real_engine)

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
