"""What an autoscaler sees of its target: the scale subresource and the pods behind it."""

from __future__ import annotations

from dataclasses import dataclass

from gtc_rehearsal.kube_api.objects import Object
from gtc_rehearsal.kube_api.resources import DGDSA, POD
from gtc_rehearsal.kube_api.selectors import parse
from gtc_rehearsal.kube_api.storage.store import Store


@dataclass(frozen=True)
class ScaleTarget:
    """A scaling adapter at one moment.

    Attributes:
        name: Its name.
        namespace: Its namespace.
        desired: `spec.replicas`; the adapter mirrors it in its status.
        selector: Label selector of its pods, empty when the adapter has none.
        pods: How many pods the selector matches; without a selector, all of the namespace.
        ready: How many of them run and are Ready.
    """

    name: str
    namespace: str
    desired: int
    selector: str
    pods: int
    ready: int

    @classmethod
    def of(cls, store: Store, namespace: str, name: str) -> ScaleTarget:
        """Read an adapter and its pods.

        Raises:
            ApiError: 404 when there is no such adapter.
        """
        obj = store.get(DGDSA, name, namespace)
        selector = str((obj.get("status") or {}).get("selector", ""))
        pods = list(store.select(POD, namespace, parse(POD, selector, "")))
        return cls(
            name=name,
            namespace=namespace,
            desired=int((obj.get("spec") or {}).get("replicas", 0)),
            selector=selector,
            pods=len(pods),
            ready=sum(map(_ready, pods)),
        )

    def set(self, store: Store, replicas: int, actor: str) -> None:
        """Write the scale subresource.

        Raises:
            ApiError: The write was refused.
        """
        patch = {"spec": {"replicas": replicas}}
        store.patch(DGDSA, self.name, self.namespace, patch, "scale", actor=actor)


def _ready(pod: Object) -> bool:
    status = pod.get("status") or {}
    conditions = status.get("conditions") or []
    is_ready = any(c.get("type") == "Ready" and c.get("status") == "True" for c in conditions)
    return bool(status.get("phase") == "Running" and is_ready)
