"""Scaling adapters: the operator's step from a DGDSA to the replicas of its DGD.

It must not know pods or processes; it reads and writes two kinds and their events.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gtc_rehearsal.kube_api.errors import ApiError
from gtc_rehearsal.kube_api.objects import Object, stamp, utc_now
from gtc_rehearsal.kube_api.resources import DGD, DGDSA, EVENT
from gtc_rehearsal.kube_api.storage.store import Store
from gtc_rehearsal.kube_api.write import OPERATOR
from gtc_rehearsal.operator.pods import owner_reference
from gtc_rehearsal.operator.services import Service
from gtc_spec import names
from gtc_spec.manifests.dgd import scaling_adapter

EVENTS_KEPT = 200
"""Older events are dropped; a real server keeps them for an hour."""


class Adapters:
    """Keeps adapters and deployments in step.

    Args:
        store: The cluster's objects.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def sync(self, graph: Mapping[str, Any], services: Sequence[Service]) -> None:
        """Create, delete and follow the adapters of one deployment.

        What an adapter wants is written to the deployment; its own status copies its spec, so a
        scale looks complete at once, as with operator 0.8.x.
        """
        wanted = {names.dgdsa(each.dgd, each.name): each for each in services if each.adapter}
        meta = graph["metadata"]
        owned = self._store.list(DGDSA, meta["namespace"], {names.LABEL_DGD: meta["name"]})
        for adapter in owned:
            if adapter["metadata"]["name"] not in wanted:
                self._delete(adapter)
        for name, service in wanted.items():
            self._follow(graph, service, self._adapter(name, service, graph))

    def delete_orphans(self, dgd_exists: Callable[[str, str], bool]) -> None:
        """Delete adapters whose deployment is gone, as the garbage collector would.

        Args:
            dgd_exists: Tells by namespace and name.
        """
        for adapter in self._store.list(DGDSA):
            meta = adapter["metadata"]
            owner = (meta.get("labels") or {}).get(names.LABEL_DGD, "")
            if meta.get("ownerReferences") and not dgd_exists(meta["namespace"], owner):
                self._delete(adapter)

    def _adapter(self, name: str, service: Service, graph: Mapping[str, Any]) -> Object:
        try:
            return self._store.get(DGDSA, name, service.namespace)
        except ApiError as error:
            if error.code != 404:
                raise
        adapter = scaling_adapter(service.name, service.desired, service.dgd)
        adapter.pop("status", None)
        adapter["metadata"] |= {
            "namespace": service.namespace,
            "ownerReferences": [owner_reference(graph)],
        }
        return self._store.create(DGDSA, adapter, actor=OPERATOR)

    def _follow(self, graph: Mapping[str, Any], service: Service, adapter: Object) -> None:
        desired = int(adapter["spec"]["replicas"])
        before = adapter.get("status") or {}
        selector = ",".join(
            f"{k}={v}" for k, v in names.pod_labels(service.name, service.dgd).items()
        )
        status: Object = {"replicas": desired, "selector": selector}
        if desired != service.desired:
            status["lastScaleTime"] = stamp(utc_now())
            self._scale(graph, service, desired)
            self._record_event(
                adapter,
                f"Scaled service {service.name} from {service.desired} to {desired} replicas",
            )
        if {**before, **status} != before:
            self._patch(DGDSA, adapter, {"status": status}, "status")

    def _scale(self, graph: Mapping[str, Any], service: Service, desired: int) -> None:
        self._patch(DGD, graph, {"spec": {"services": {service.name: {"replicas": desired}}}})

    def _patch(
        self, resource: Any, obj: Mapping[str, Any], patch: Object, subresource: str | None = None
    ) -> None:
        meta = obj["metadata"]
        self._store.patch(
            resource, meta["name"], meta["namespace"], patch, subresource, actor=OPERATOR
        )

    def _record_event(self, adapter: Mapping[str, Any], message: str) -> None:
        meta = adapter["metadata"]
        at = stamp(utc_now())
        event = {
            "metadata": {
                "name": f"{meta['name']}.{secrets.token_hex(8)}",
                "namespace": meta["namespace"],
            },
            "involvedObject": {
                **DGDSA.type_meta,
                "name": meta["name"],
                "namespace": meta["namespace"],
                "uid": meta["uid"],
            },
            "reason": "Scaled",
            "message": message,
            "type": "Normal",
            "source": {"component": "dynamo-operator"},
            "firstTimestamp": at,
            "lastTimestamp": at,
            "count": 1,
        }
        self._store.create(EVENT, event, actor=OPERATOR)
        mine = self._store.list(EVENT, meta["namespace"])
        mine.sort(key=lambda each: int(each["metadata"]["resourceVersion"]))
        for old in mine[:-EVENTS_KEPT]:
            self._store.delete(EVENT, old["metadata"]["name"], meta["namespace"], actor=OPERATOR)

    def _delete(self, adapter: Mapping[str, Any]) -> None:
        meta = adapter["metadata"]
        self._store.delete(DGDSA, meta["name"], meta["namespace"], actor=OPERATOR)
