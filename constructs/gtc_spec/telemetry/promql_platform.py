"""Query text about what only a cluster has: GPUs, nodes, containers, HPAs, KEDA's own metrics.

Functions return PromQL; they must not know how it is sent.
"""

from __future__ import annotations

from typing import Final

from gtc_spec import names
from gtc_spec.engines.traits import Traits
from gtc_spec.engines.trtllm import TRAITS as TENSORRT_LLM
from gtc_spec.pools import Role
from gtc_spec.telemetry import metrics_platform as m
from gtc_spec.telemetry.metric import Metric
from gtc_spec.telemetry.promql_syntax import rate, rate_sum, select

KUBELET_WINDOW_S: Final = 150
"""Rate window for what the kubelet tells, which is scraped every 30 s."""
_WORKING: Final = {"container": "main"}
"""The container that does the work, as Dynamo's operator names it."""


def gpu_of_pool(metric: Metric, role: Role, engine: Traits = TENSORRT_LLM) -> str:
    """Mean of a GPU metric over the workers of one pool."""
    component = {"label_nvidia_com_dynamo_component": engine.service(role)}
    pods = f"max by (namespace, pod) ({select(m.POD_LABELS, labels=component)})"
    return f"avg({select(metric)} * on (namespace, pod) group_left () {pods})"


def gpu_by_worker(metric: Metric) -> str:
    """A GPU metric of each worker, keyed by its pod."""
    return f"max by (pod) ({select(metric)})"


def scaler_reading(role: Role) -> str:
    """What KEDA read at its last poll, before it divides by the workers."""
    return f"max({select(m.KEDA_VALUE, labels={'scaledObject': names.scaler(role)})})"


def scaler_paused(role: Role) -> str:
    """1 while KEDA itself says that the scaler is paused."""
    return f"max({select(m.KEDA_PAUSED, labels={'scaledObject': names.scaler(role)})})"


def hpa(metric: Metric, role: Role) -> str:
    """A figure of the HPA that KEDA made; empty while it is paused, because then there is none."""
    made = {"horizontalpodautoscaler": names.hpa(names.scaler(role))}
    return f"max({select(metric, labels=made)})"


def pending_pods() -> str:
    """Pods of the workload that wait for a GPU or an image."""
    return f"sum({select(m.POD_PHASE, labels={'phase': 'Pending'})})"


def node_cpu() -> str:
    """Busy share of each node's CPUs, 0 to 1."""
    return f"1 - avg by (node) ({rate(m.NODE_CPU, labels={'mode': 'idle'})})"


def node_load(metric: Metric) -> str:
    """A load average of each node."""
    return f"max by (node) ({select(metric)})"


def container_cpu() -> str:
    """CPUs that each pod of the workload uses."""
    return rate_sum(m.CONTAINER_CPU, labels=_WORKING, by=("pod",), window_s=KUBELET_WINDOW_S)


def container_memory() -> str:
    """Bytes that each pod of the workload holds."""
    return f"max by (pod) ({select(m.CONTAINER_MEMORY, labels=_WORKING)})"
