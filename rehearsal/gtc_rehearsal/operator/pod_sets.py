"""Which sets of pods stand for a graph: Grove's PodCliqueSet, plain Deployments, or both.

Dynamo's operator makes the one or the others when it looks at a graph, and removes neither. It
looks when the graph's generation changes or when one of its sets goes; an annotation alone it does
not see. So a graph that leaves Grove has two sets of pods until somebody deletes the first. It
must not know how a pod is run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from gtc_rehearsal.kube_api.errors import ApiError
from gtc_rehearsal.kube_api.objects import Object
from gtc_rehearsal.kube_api.resources import COMPONENT, POD_CLIQUE_SET, Resource
from gtc_rehearsal.kube_api.storage.store import Store
from gtc_rehearsal.kube_api.write import OPERATOR
from gtc_rehearsal.operator.pods import owner_reference
from gtc_rehearsal.operator.services import PodSet, Service
from gtc_spec import names
from gtc_spec.manifests.serving_graph import ANNOTATION_GROVE

_Look = tuple[object, ...]


class PodSets:
    """Makes and follows the sets of all graphs.

    Args:
        store: The cluster's objects.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._looks: dict[tuple[str, str], _Look] = {}

    def sync(self, graph: Mapping[str, Any], services: Sequence[Service]) -> list[PodSet]:
        """Look at a graph if anything calls for it.

        Returns:
            Every set that stands now, that of the present way of serving first.
        """
        key = (graph["metadata"]["namespace"], graph["metadata"]["name"])
        if self._looks.get(key) != self._look(graph):
            if with_grove(graph):
                self._make_clique_set(graph, services)
            else:
                for service in services:
                    self._make_component(graph, service)
            self._looks[key] = self._look(graph)
        found = [*self._cliques(graph, services), *self._components(graph, services)]
        return found if with_grove(graph) else found[::-1]

    def delete_orphans(self, graphs: Iterable[Mapping[str, Any]]) -> None:
        """Delete the sets of graphs that are gone, as the garbage collector would."""
        alive = {graph["metadata"]["uid"] for graph in graphs}
        for resource in (POD_CLIQUE_SET, COMPONENT):
            for each in self._store.list(resource):
                owners = each["metadata"].get("ownerReferences") or []
                if owners and owners[0]["uid"] not in alive:
                    meta = each["metadata"]
                    self._store.delete(resource, meta["name"], meta["namespace"], actor=OPERATOR)

    def _look(self, graph: Mapping[str, Any]) -> _Look:
        """What the operator is told of: a spec that changes, a set that goes."""
        meta = graph["metadata"]
        owned = [
            each["metadata"]["uid"]
            for resource in (POD_CLIQUE_SET, COMPONENT)
            for each in self._store.list(resource, meta["namespace"])
            if _is_of(each, graph)
        ]
        return (meta["uid"], meta.get("generation"), *sorted(owned))

    def _make_clique_set(self, graph: Mapping[str, Any], services: Sequence[Service]) -> None:
        cliques = [
            {"name": each.name.lower(), "spec": {"replicas": each.desired}} for each in services
        ]
        spec = {"replicas": 1, "template": {"cliques": cliques}}
        self._put(POD_CLIQUE_SET, graph["metadata"]["name"], graph, spec)

    def _make_component(self, graph: Mapping[str, Any], service: Service) -> None:
        spec = {"serviceName": service.name, "replicas": service.desired}
        self._put(COMPONENT, service.component, graph, spec)

    def _put(self, resource: Resource, name: str, graph: Mapping[str, Any], spec: Object) -> None:
        namespace = graph["metadata"]["namespace"]
        if self._find(resource, name, namespace) is not None:
            self._store.patch(resource, name, namespace, {"spec": spec}, actor=OPERATOR)
            return
        labels = {names.LABEL_DGD: graph["metadata"]["name"]}
        metadata = {
            "name": name,
            "namespace": namespace,
            "labels": labels,
            "ownerReferences": [owner_reference(graph)],
        }
        self._store.create(resource, {"metadata": metadata, "spec": spec}, actor=OPERATOR)

    def _cliques(self, graph: Mapping[str, Any], services: Sequence[Service]) -> Iterable[PodSet]:
        meta = graph["metadata"]
        found = self._find(POD_CLIQUE_SET, meta["name"], meta["namespace"])
        cliques = (((found or {}).get("spec") or {}).get("template") or {}).get("cliques") or []
        wanted = {each["name"]: int(each["spec"]["replicas"]) for each in cliques}
        for service in services:
            if found is not None and service.name.lower() in wanted:
                yield PodSet(service, "PodClique", wanted[service.name.lower()], found)

    def _components(
        self, graph: Mapping[str, Any], services: Sequence[Service]
    ) -> Iterable[PodSet]:
        for service in services:
            found = self._find(COMPONENT, service.component, graph["metadata"]["namespace"])
            if found is not None:
                yield PodSet(service, "Deployment", int(found["spec"]["replicas"]), found)

    def _find(self, resource: Resource, name: str, namespace: str) -> Object | None:
        try:
            return self._store.get(resource, name, namespace)
        except ApiError:
            return None


def with_grove(graph: Mapping[str, Any]) -> bool:
    """Whether the operator would serve a graph by Grove, which is installed here."""
    annotations = graph["metadata"].get("annotations") or {}
    return str(annotations.get(ANNOTATION_GROVE, "")).lower() != "false"


def _is_of(each: Mapping[str, Any], graph: Mapping[str, Any]) -> bool:
    owners = each["metadata"].get("ownerReferences") or []
    return bool(owners) and owners[0]["uid"] == graph["metadata"]["uid"]
