"""The part of the catalogue that only a cluster has: GPUs, nodes, containers, Kubernetes, KEDA.

All of it comes from the charts pinned in ``versions.py``; a rehearsal has no GPU, no kubelet and no
kube-state-metrics. Read it through ``metrics.CATALOGUE``. This module must not know PromQL.
"""

from __future__ import annotations

from typing import Final

from gtc_spec.telemetry.metric import Emitter, Kind, Metric, Unit


def _gpu(name: str, unit: Unit, meaning: str) -> Metric:
    """A default counter of dcgm-exporter 4.8.2; pod labels need honorLabels."""
    return Metric(
        f"DCGM_FI_{name}", Emitter.DCGM, "gauge", unit, ("gpu", "UUID", "pod", "namespace"),
        meaning, rehearsal=False, real_engine=True,
    )  # fmt: skip


GPU_UTIL = _gpu("DEV_GPU_UTIL", "percent", "Share of time with any kernel running.")
GPU_MEMORY_USED = _gpu("DEV_FB_USED", "mebibytes", "Used GPU memory.")
GPU_TEMPERATURE = _gpu("DEV_GPU_TEMP", "celsius", "Temperature of the GPU.")
GPU_POWER = _gpu("DEV_POWER_USAGE", "watts", "Power draw.")
GPU_TENSOR_ACTIVE = _gpu("PROF_PIPE_TENSOR_ACTIVE", "ratio", "Tensor cores busy: prefill.")
GPU_DRAM_ACTIVE = _gpu("PROF_DRAM_ACTIVE", "ratio", "Memory interface busy: decode.")


def _kube(name: str, unit: Unit, labels: tuple[str, ...], meaning: str) -> Metric:
    """A metric of kube-state-metrics, the last two of its custom resource state."""
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
_HPA = ("namespace", "horizontalpodautoscaler")
HPA_DESIRED = _kube(
    "kube_horizontalpodautoscaler_status_desired_replicas", "workers", _HPA,
    "What the HPA wants; absent while paused.",
)  # fmt: skip
HPA_CURRENT = _kube(
    "kube_horizontalpodautoscaler_status_current_replicas", "workers", _HPA,
    "What the HPA sees; absent while paused.",
)  # fmt: skip
HPA_MAX = _kube(
    "kube_horizontalpodautoscaler_spec_max_replicas", "workers", _HPA,
    "What the HPA may ask for; absent while paused.",
)  # fmt: skip
DGDSA_DESIRED = _kube(
    "dgdsa_spec_replicas", "workers", ("namespace", "name", "service", "dgd"),
    "Desired workers of a pool.",
)  # fmt: skip
PODCLIQUE_READY = _kube(
    "podclique_ready_replicas", "workers", ("namespace", "name", "role"), "Ready pods of a clique."
)


def _keda(name: str, labels: tuple[str, ...], meaning: str) -> Metric:
    """A metric of KEDA's operator; its own label ``namespace`` yields to that of the scrape."""
    own = ("exported_namespace", "scaledObject", *labels)
    return Metric(name, Emitter.KEDA, "gauge", "state", own, meaning, rehearsal=False)


KEDA_VALUE = _keda("keda_scaler_metrics_value", ("scaler", "metric"), "What the scaler read.")
KEDA_PAUSED = _keda("keda_scaled_object_paused", (), "1 while a ScaledObject is paused.")


def _node(name: str, kind: Kind, unit: Unit, labels: tuple[str, ...], meaning: str) -> Metric:
    """A metric of node-exporter; the scrape adds the node's name."""
    return Metric(name, Emitter.NODE, kind, unit, ("node", *labels), meaning, rehearsal=False)


NODE_CPU = _node(
    "node_cpu_seconds_total", "counter", "seconds", ("cpu", "mode"), "CPU time by mode."
)
NODE_LOAD1 = _node("node_load1", "gauge", "load", (), "Runnable threads, mean of a minute.")
NODE_LOAD5 = _node("node_load5", "gauge", "load", (), "Runnable threads, mean of five minutes.")


def _container(name: str, kind: Kind, unit: Unit, meaning: str) -> Metric:
    """A metric of the kubelet's cAdvisor."""
    labels = ("namespace", "pod", "container")
    return Metric(name, Emitter.CADVISOR, kind, unit, labels, meaning, rehearsal=False)


CONTAINER_CPU = _container(
    "container_cpu_usage_seconds_total", "counter", "seconds", "CPU time of a container."
)
CONTAINER_MEMORY = _container(
    "container_memory_working_set_bytes", "gauge", "bytes", "Memory that cannot be taken back."
)

PLATFORM: Final = tuple(metric for metric in list(globals().values()) if isinstance(metric, Metric))
"""Every metric above."""
