"""Services of a DynamoGraphDeployment, read, and the sets of pods that do their work.

Pure: manifests in, names and labels out. It must not know the store, nor which sets there are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from zlib import crc32

from gtc_spec import names
from gtc_spec.manifests.serving_graph import ANNOTATION_QUEUE

Role = Literal["prefill", "decode", "aggregated", "frontend"]

DEFAULT_GRACE_S = 60.0
"""terminationGracePeriodSeconds that the operator sets when the service says nothing."""
DEFAULT_QUEUE = "dynamo"
"""Of the operator, for a graph that names none."""
LABEL_CLIQUE = "grove.io/podclique"
"""At pods of Grove alone."""
LABEL_METRICS = "nvidia.com/metrics-enabled"
LABEL_NAMESPACE = "nvidia.com/dynamo-namespace"


@dataclass(frozen=True)
class Service:
    """One service of a DGD, read.

    Attributes:
        dgd: Name of the deployment.
        namespace: Where it lies.
        name: Key of the service.
        role: What its pods do.
        desired: Wanted pods.
        gpus: GPUs of one pod.
        grace_s: How long a pod may take to drain, seconds.
        adapter: Whether a scaling adapter owns `desired`.
        queue: KAI's queue of its pods.
        spec: The service as written.
    """

    dgd: str
    namespace: str
    name: str
    role: Role
    desired: int
    gpus: int
    grace_s: float
    adapter: bool
    queue: str
    spec: Mapping[str, Any]

    @property
    def clique(self) -> str:
        """Name of the PodClique: pods and status are named after it."""
        return f"{self.dgd}-0-{self.name.lower()}"

    @property
    def component(self) -> str:
        """Name of what the operator makes of it: its selector, and its Deployment without Grove."""
        return f"{self.dgd}-{self.name.lower()}"

    @property
    def router_mode(self) -> str:
        """How a frontend routes: its variable, else Dynamo's default."""
        envs = self.spec.get("envs") or []
        modes = [each.get("value") for each in envs if each.get("name") == "DYN_ROUTER_MODE"]
        return str(modes[-1]) if modes else "round-robin"

    @property
    def labels(self) -> dict[str, str]:
        """Labels of its pods, whatever makes them (operator 0.8.x)."""
        labels = names.pod_labels(self.name, self.dgd) | {
            LABEL_NAMESPACE: f"{self.namespace}-{self.dgd}",
            LABEL_METRICS: "true",
            "nvidia.com/selector": self.component,
            names.LABEL_COMPONENT_TYPE: str(self.spec.get("componentType") or "worker"),
        }
        if sub := self.spec.get("subComponentType"):
            labels[names.LABEL_SUB_COMPONENT_TYPE] = str(sub)
        return labels


@dataclass(frozen=True)
class PodSet:
    """Pods of a service that are made and removed together.

    Attributes:
        service: What they do.
        kind: What makes them: Grove for a PodClique, Kubernetes for a Deployment.
        desired: Wanted pods.
        owner: The object that stands for the set.
    """

    service: Service
    kind: Literal["PodClique", "Deployment"]
    desired: int
    owner: Mapping[str, Any]

    @property
    def name(self) -> str:
        """What pods and status are named after."""
        return self.service.clique if self.kind == "PodClique" else self.service.component

    @property
    def labels(self) -> dict[str, str]:
        """Labels of its pods."""
        template = f"{crc32(self.name.encode()):08x}"
        if self.kind == "Deployment":
            return self.service.labels | {"pod-template-hash": template}
        return self.service.labels | {
            "app.kubernetes.io/component": "pcs-podclique",
            "app.kubernetes.io/managed-by": "grove-operator",
            "app.kubernetes.io/name": self.name,
            "app.kubernetes.io/part-of": self.service.dgd,
            LABEL_CLIQUE: self.name,
            "grove.io/pod-template-hash": template,
            "grove.io/podcliqueset-replica-index": "0",
            "grove.io/podgang": f"{self.service.dgd}-0",
            "kai.scheduler/queue": self.service.queue,
        }

    def has(self, pod: Mapping[str, Any]) -> bool:
        """Whether a pod of the service is one of this set."""
        return (LABEL_CLIQUE in pod["metadata"]["labels"]) == (self.kind == "PodClique")


def services_of(dgd: Mapping[str, Any]) -> list[Service]:
    """The services of a deployment that we can run: the frontend and workers of any role."""
    meta = dgd["metadata"]
    queue = (meta.get("annotations") or {}).get(ANNOTATION_QUEUE) or DEFAULT_QUEUE
    found = []
    for name, spec in ((dgd.get("spec") or {}).get("services") or {}).items():
        role = _role(spec)
        if role is None:
            continue
        resources = spec.get("resources") or {}
        limits = {**(resources.get("requests") or {}), **(resources.get("limits") or {})}
        pod_spec = spec.get("extraPodSpec") or {}
        found.append(
            Service(
                dgd=meta["name"],
                namespace=meta["namespace"],
                name=name,
                role=role,
                desired=int(spec.get("replicas") or 0),
                gpus=int(limits.get("gpu") or 0),
                grace_s=float(pod_spec.get("terminationGracePeriodSeconds") or DEFAULT_GRACE_S),
                adapter=bool((spec.get("scalingAdapter") or {}).get("enabled")),
                queue=str(queue),
                spec=spec,
            )
        )
    return found


def _role(spec: Mapping[str, Any]) -> Role | None:
    """What a service does; None for planners and other helpers, which are not played."""
    kind = spec.get("componentType") or "worker"
    if kind == "frontend":
        return "frontend"
    if kind not in {"worker", "prefill", "decode"}:
        return None
    purpose = spec.get("subComponentType") or kind
    roles: dict[str, Role] = {"prefill": "prefill", "decode": "decode"}
    return roles.get(str(purpose), "aggregated")
