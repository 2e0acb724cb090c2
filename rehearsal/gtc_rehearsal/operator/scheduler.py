"""The scheduler's part: nodes, the slots on them, and which waiting pod gets one.

A slot is a GPU, or room for one simulated worker where there are none. It must not know what pods
do with a slot; a pod holds its own from placement until it is gone, draining included.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from gtc_rehearsal.conditions import Condition, updated
from gtc_rehearsal.kube_api.objects import Object, stamp, utc_now
from gtc_rehearsal.kube_api.resources import NODE, POD
from gtc_rehearsal.kube_api.storage.store import Store
from gtc_rehearsal.kube_api.write import OPERATOR
from gtc_rehearsal.operator.pods import GPU, is_placed, is_terminating, slots_of, unschedulable
from gtc_spec.cloud.nodes import WorkerNodes
from gtc_spec.manifests import placement
from gtc_spec.versions import HOST_DRIVER_MIN

MANAGEMENT_NODE = "rehearsal-mgmt-0"
"""Takes every pod that is no worker."""


class Scheduler:
    """Places pods on the nodes of an environment.

    Args:
        store: The cluster's objects.
        nodes: Those of the workers.
    """

    def __init__(self, store: Store, nodes: WorkerNodes) -> None:
        self._store = store
        self._nodes, self._pool = nodes, placement.worker_pool(nodes)
        names = [f"rehearsal-{nodes.kind}-{i}" for i in range(nodes.count)]
        self._capacity = dict.fromkeys(names, nodes.slots_per_node)

    def create_nodes(self) -> None:
        """Register the nodes, once."""
        present = {node["metadata"]["name"] for node in self._store.list(NODE)}
        for name, slots in {**self._capacity, MANAGEMENT_NODE: 0}.items():
            if name not in present:
                self._create_node(name, slots)

    def place(self, pods: Iterable[Object]) -> None:
        """Give nodes to waiting pods, the oldest first, and say why the others wait.

        Args:
            pods: All pods of the cluster, those that leave included.
        """
        every = list(pods)
        free = dict(self._capacity)
        for pod in every:  # terminating ones too: their process holds the GPU until it has ended
            node = (pod.get("spec") or {}).get("nodeName")
            if node in free:
                free[node] -= slots_of(pod)
        waiting = [pod for pod in every if not is_placed(pod) and not is_terminating(pod)]
        waiting.sort(key=lambda pod: pod["metadata"]["creationTimestamp"])
        for pod in waiting:
            need = slots_of(pod)
            node = next((name for name, left in free.items() if left >= need), None)
            if need == 0:
                node = MANAGEMENT_NODE
            if node is None:
                self._refuse(pod)
                continue
            if node in free:
                free[node] -= need
            self._write(pod, {"spec": {"nodeName": node}})

    def _refuse(self, pod: Object) -> None:
        lacking = GPU if self._nodes.gpus else "cpu"
        status = unschedulable(pod, lacking, len(self._capacity) + 1, stamp(utc_now()))
        self._write(pod, {"status": status}, "status")

    def _write(self, pod: Mapping[str, Any], patch: Object, subresource: str | None = None) -> None:
        meta = pod["metadata"]
        self._store.patch(POD, meta["name"], meta["namespace"], patch, subresource, actor=OPERATOR)

    def _create_node(self, name: str, slots: int) -> None:
        gpus = slots if self._nodes.gpus else 0
        node = {
            "metadata": {"name": name, "labels": self._labels(slots)},
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
            "conditions": updated([], [ready], stamp(utc_now())),
        }
        self._store.patch(NODE, name, None, {"status": status}, "status", actor=OPERATOR)

    def _labels(self, slots: int) -> dict[str, str]:
        """As DOKS and NVIDIA's feature discovery label a node; the driver is the oldest allowed."""
        if not slots:
            pool = placement.on_management_pool()
            return {"node.kubernetes.io/instance-type": "cpu", **pool}
        driver = {placement.DRIVER_LABEL: str(HOST_DRIVER_MIN)} if self._nodes.gpus else {}
        return {
            "node.kubernetes.io/instance-type": self._nodes.size,
            placement.POOL_LABEL: self._pool,
            **driver,
        }
