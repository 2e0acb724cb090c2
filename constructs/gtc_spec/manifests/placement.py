"""On which nodes our pods run, and how many of them a drain of nodes may take at once.

Everything that is no worker stays off the nodes of the workers.

DOKS taints GPU nodes itself, so only pods that tolerate the taint can land there; the selectors
below also keep everybody off any further pool that a cluster may have.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from gtc_spec import kinds
from gtc_spec.cloud.nodes import CpuNodes, WorkerNodes
from gtc_spec.manifests.metadata import Manifest

MANAGEMENT_POOL: Final = "management"
"""Name of the node pool for everything that is no worker."""
POOL_LABEL: Final = "doks.digitalocean.com/node-pool"
"""Label that DOKS puts on every node, with the name of its pool."""
GPU_TAINT: Final = "nvidia.com/gpu"
"""Taint that DOKS puts on GPU nodes."""

GPU_POOL: Final = "gpu"
"""Name of the node pool with GPUs."""
CPU_POOL: Final = "workers"
"""Name of the node pool of simulated workers, which has none."""
RUNTIME_CLASS: Final = "nvidia"
"""RuntimeClass and handler of GPU pods; DOKS has the handler, but makes no class for it."""
DRIVER_LABEL: Final = "nvidia.com/cuda.driver-version.major"
"""Label in which NVIDIA's feature discovery tells the driver branch of a node, where it runs."""


def on_management_pool() -> dict[str, str]:
    """Node selector of the management pool."""
    return {POOL_LABEL: MANAGEMENT_POOL}


def tolerate_gpu() -> list[dict[str, Any]]:
    """Toleration without which a pod never lands on a GPU node."""
    return [{"key": GPU_TAINT, "operator": "Exists", "effect": "NoSchedule"}]


@dataclass(frozen=True)
class Slot:
    """What one worker asks of a node, in the words of the operator and of a pod.

    Attributes:
        resources: Requests and limits of its container.
        pod: What its pod says about nodes.
    """

    resources: dict[str, Any]
    pod: dict[str, Any]


def gpu_slot(gpus: int = 1, pool: str = "") -> Slot:
    """So many GPUs of one node, of any pool or of this one."""
    pinned = {"nodeSelector": {POOL_LABEL: pool}} if pool else {}
    return Slot({"limits": {"gpu": str(gpus)}}, {"tolerations": tolerate_gpu(), **pinned})


def slot_of(nodes: WorkerNodes) -> Slot:
    """One slot of these nodes."""
    if not isinstance(nodes, CpuNodes):
        return gpu_slot()
    memory = f"{nodes.slot_memory_mib}Mi"
    return Slot(
        # no CPU limit: throttling would show as latency
        {
            "requests": {"cpu": f"{nodes.slot_cpu:g}", "memory": memory},
            "limits": {"memory": memory},
        },
        {"nodeSelector": {POOL_LABEL: CPU_POOL}},
    )


def disruption_budget(metadata: Manifest, labels: Mapping[str, str], unavailable: int) -> Manifest:
    """How many of the pods with these labels evictions may take away at once.

    The API server asks the owner of the pods for its replicas through ``scale``, which both a
    Deployment and Grove's PodClique have; on a cluster it was not tried.
    """
    return {
        **kinds.POD_DISRUPTION_BUDGET.type_meta,
        "metadata": metadata,
        "spec": {"maxUnavailable": unavailable, "selector": {"matchLabels": dict(labels)}},
    }


def worker_pool(nodes: WorkerNodes) -> str:
    """Name of the node pool of the workers."""
    return CPU_POOL if isinstance(nodes, CpuNodes) else GPU_POOL
