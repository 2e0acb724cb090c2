"""The scheduler's part: nodes, their GPUs, and which waiting pod gets them.

It must not know what pods do with a GPU; a pod holds its GPUs from placement until it is gone,
draining included.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from gtc_runtime.rehearsal.conditions import Condition, updated
from gtc_runtime.rehearsal.kube_api.objects import stamp
from gtc_runtime.rehearsal.kube_api.resources import NODE, POD
from gtc_runtime.rehearsal.kube_api.store import Store
from gtc_runtime.rehearsal.kube_api.write import OPERATOR
from gtc_runtime.rehearsal.pods import GPU, gpus_of, is_leaving, is_placed, unschedulable
from gtc_spec.manifests import placement
from gtc_spec.pools import GpuBudget
from gtc_spec.versions import HOST_DRIVER_MIN

Json = dict[str, Any]
MANAGEMENT_NODE = "rehearsal-mgmt-0"
"""Takes every pod that needs no GPU."""


class Scheduler:
    """Places pods on the nodes of a GPU budget.

    Args:
        store: The cluster's objects.
        gpus: Nodes and GPUs of each.
        now: Wall clock for time stamps.
    """

    def __init__(self, store: Store, gpus: GpuBudget, now: Callable[[], datetime]) -> None:
        self._store, self._now = store, now
        self._capacity = {f"rehearsal-gpu-{i}": gpus.per_node for i in range(gpus.nodes)}
        self._size = gpus.size

    def create_nodes(self) -> None:
        """Register the nodes, once."""
        present = {node["metadata"]["name"] for node in self._store.list(NODE)}
        for name, gpus in {**self._capacity, MANAGEMENT_NODE: 0}.items():
            if name not in present:
                self._create_node(name, gpus)

    def place(self, pods: Iterable[Json]) -> None:
        """Give nodes to waiting pods, the oldest first, and say why the others wait.

        Args:
            pods: All pods of the cluster, those that leave included.
        """
        every = list(pods)
        free = dict(self._capacity)
        for pod in every:
            node = (pod.get("spec") or {}).get("nodeName")
            if node in free:
                free[node] -= gpus_of(pod)
        waiting = [pod for pod in every if not is_placed(pod) and not is_leaving(pod)]
        waiting.sort(key=lambda pod: pod["metadata"]["creationTimestamp"])
        for pod in waiting:
            need = gpus_of(pod)
            node = next((name for name, left in free.items() if left >= need), None)
            if need == 0:
                node = MANAGEMENT_NODE
            if node is None:
                self._refuse(pod)
                continue
            if node in free:
                free[node] -= need
            self._write(pod, {"spec": {"nodeName": node}})

    def _refuse(self, pod: Json) -> None:
        status = unschedulable(pod, len(self._capacity) + 1, stamp(self._now()))
        self._write(pod, {"status": status}, "status")

    def _write(self, pod: Mapping[str, Any], patch: Json, subresource: str | None = None) -> None:
        meta = pod["metadata"]
        self._store.patch(POD, meta["name"], meta["namespace"], patch, subresource, actor=OPERATOR)

    def _create_node(self, name: str, gpus: int) -> None:
        node = {
            "metadata": {"name": name, "labels": self._labels(gpus)},
            "spec": {"taints": [{"key": placement.GPU_TAINT, "effect": "NoSchedule"}]}
            if gpus
            else {},
        }
        self._store.create(NODE, node, actor=OPERATOR)
        resources = {"pods": "110", **({GPU: str(gpus)} if gpus else {})}
        ready = Condition("Ready", "True", "KubeletReady", "kubelet is posting ready status")
        status = {
            "capacity": resources,
            "allocatable": resources,
            "conditions": updated([], [ready], stamp(self._now())),
        }
        self._store.patch(NODE, name, None, {"status": status}, "status", actor=OPERATOR)

    def _labels(self, gpus: int) -> dict[str, str]:
        """As DOKS and NVIDIA's feature discovery label a node; the driver is the oldest allowed."""
        if not gpus:
            pool = placement.on_management_pool()
            return {"node.kubernetes.io/instance-type": "cpu", **pool}
        return {
            "node.kubernetes.io/instance-type": self._size,
            placement.POOL_LABEL: placement.GPU_POOL,
            placement.DRIVER_LABEL: str(HOST_DRIVER_MIN),
        }
