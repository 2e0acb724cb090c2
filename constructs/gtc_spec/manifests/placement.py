"""On which nodes our pods run: everything that needs no GPU stays off the GPU nodes.

DOKS taints GPU nodes itself, so only pods that tolerate the taint can land there; the selector
below also keeps the others off any further pool that a cluster may have.
"""

from __future__ import annotations

from typing import Any, Final

MANAGEMENT_POOL: Final = "management"
"""Name of the node pool without GPUs."""
POOL_LABEL: Final = "doks.digitalocean.com/node-pool"
"""Label that DOKS puts on every node, with the name of its pool."""
GPU_TAINT: Final = "nvidia.com/gpu"
"""Taint that DOKS puts on GPU nodes."""

GPU_POOL: Final = "gpu"
"""Name of the node pool with GPUs."""
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
