"""The operator's part of the rehearsal: DGD -> scaling adapters -> pods -> worker processes.

One pass over the store after every change, cheap enough for that (tens of objects). It must not
know HTTP, autoscaling or load.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

from gtc_rehearsal.kube_api.objects import Object, stamp, utc_now
from gtc_rehearsal.kube_api.resources import DGD, POD
from gtc_rehearsal.kube_api.storage.store import Store
from gtc_rehearsal.kube_api.write import OPERATOR
from gtc_rehearsal.operator.adapters import Adapters
from gtc_rehearsal.operator.pod_runner import PodRunner, Workers, remove_finalizer
from gtc_rehearsal.operator.pods import (
    Service,
    graph_status,
    is_placed,
    is_ready,
    is_terminating,
    new_pod,
    pods_to_delete,
    services_of,
)
from gtc_rehearsal.operator.scheduler import Scheduler
from gtc_spec import names
from gtc_spec.environment import Environment
from gtc_spec.errors import GtcError

TICK_S = 0.5
"""How soon the end of a drain is noticed when the store is silent."""
SETTLE_S = 100.0
"""Time that the first pods get: 4 s on a quiet machine."""

_Key = tuple[str, str]


class Operator:
    """Keeps pods and their processes as the deployments in the store want them.

    Args:
        store: The cluster's objects.
        workers: Runs the processes of pods; Dynamo in the product.
        environment: Start-up time of workers and their nodes.
    """

    def __init__(
        self,
        store: Store,
        workers: Workers,
        environment: Environment,
    ) -> None:
        self._store, self._workers = store, workers
        self._worker_start_s = environment.worker_start_s
        self._adapters = Adapters(store)
        self._scheduler = Scheduler(store, environment.nodes)
        self._runners: dict[_Key, PodRunner] = {}
        self._warm = True  # until a first pass that found services: their workers do not load
        self._settled = asyncio.Event()

    async def run(self) -> None:
        """Work until cancelled; then leave the processes to whoever owns them.

        Workers that the first pass finds wanted are Ready as soon as they answer: a rehearsal
        begins with a cluster that has been up for a while.
        """
        self._scheduler.create_nodes()
        try:
            while True:
                self.reconcile()
                await self._store.changed(self._store.revision, TICK_S)
        finally:
            await asyncio.gather(*(runner.cancel() for runner in self._runners.values()))

    async def settled(self) -> None:
        """Wait until every wanted pod is Ready for the first time.

        Raises:
            GtcError: Some were not ready in time.
        """
        try:
            async with asyncio.timeout(SETTLE_S):
                await self._settled.wait()
        except TimeoutError:
            late = [p["metadata"]["name"] for p in self._store.list(POD) if not is_ready(p)]
            raise GtcError(
                f"pods not ready within {SETTLE_S:g} s: {', '.join(late) or 'none created'}",
                "see the logs below dynamo/logs in the state directory",
            ) from None

    def reconcile(self) -> None:
        """One pass; a pass over a cluster in order writes nothing."""
        graphs = self._store.list(DGD)
        for graph in graphs:
            self._adapters.sync(graph, services_of(graph))
        graphs = self._store.list(DGD)  # once more: adapters have written replicas into them
        services = [service for graph in graphs for service in services_of(graph)]
        self._collect_garbage(graphs, services)
        owners = {(g["metadata"]["namespace"], g["metadata"]["name"]): g for g in graphs}
        for service in services:
            self._resize(service, owners[service.namespace, service.dgd])
        self._scheduler.place(self._store.list(POD))
        self._run_pods({_service_key(service): service for service in services})
        self._write_status(graphs)
        self._warm = self._warm and not services

    def _collect_garbage(self, graphs: Iterable[Object], services: Iterable[Service]) -> None:
        """Adapters and pods go with their deployment or service."""
        alive = {(g["metadata"]["namespace"], g["metadata"]["name"]) for g in graphs}
        self._adapters.delete_orphans(lambda namespace, name: (namespace, name) in alive)
        wanted = {_service_key(service) for service in services}
        for pod in self._ours():
            if _pod_service(pod) not in wanted:
                self._delete(pod)

    def _resize(self, service: Service, owner: Object) -> None:
        """Create the pods that lack, mark those that are too many."""
        labels = names.pod_labels(service.name, service.dgd)
        pods = self._store.list(POD, service.namespace, labels)
        staying = [pod for pod in pods if not is_terminating(pod)]
        for pod in pods_to_delete(staying, len(staying) - service.desired):
            self._delete(pod)
        for _ in range(service.desired - len(staying)):
            self._store.create(POD, new_pod(service, owner), actor=OPERATOR)

    def _run_pods(self, services: Mapping[tuple[str, str, str], Service]) -> None:
        present: set[_Key] = set()
        for pod in self._ours():
            key = (pod["metadata"]["namespace"], pod["metadata"]["name"])
            present.add(key)
            if is_terminating(pod):
                self._drain(key)
            elif is_placed(pod) and key not in self._runners:
                self._runners[key] = self._runner(pod, services[_pod_service(pod)])
        for key, runner in list(self._runners.items()):
            runner.check()
            if key not in present:
                runner.drain()
            if runner.gone:
                del self._runners[key]

    def _drain(self, key: _Key) -> None:
        """Drain a pod that runs; one that never did may vanish at once."""
        if key in self._runners:
            self._runners[key].drain()
        else:
            namespace, name = key
            remove_finalizer(self._store, name, namespace)

    def _runner(self, pod: Object, service: Service) -> PodRunner:
        return PodRunner(
            self._store,
            self._workers,
            pod,
            service.role,
            first_delay_s=0.0 if self._warm else self._worker_start_s,
            worker_start_s=self._worker_start_s,
            router_mode=service.router_mode,
        )

    def _write_status(self, graphs: Iterable[Object]) -> None:
        lacking = False
        for graph in graphs:
            rows = [(service, *self._pods(service)) for service in services_of(graph)]
            lacking = lacking or any(ready < service.desired for service, _, ready in rows)
            meta = graph["metadata"]
            status = graph_status(graph, rows, stamp(utc_now()))
            self._store.patch(
                DGD, meta["name"], meta["namespace"], {"status": status}, "status", actor=OPERATOR
            )
        if not lacking and not self._warm:
            self._settled.set()

    def _pods(self, service: Service) -> tuple[int, int]:
        """Pods of a service that stay, and how many of them are Ready."""
        labels = names.pod_labels(service.name, service.dgd)
        pods = [
            p for p in self._store.list(POD, service.namespace, labels) if not is_terminating(p)
        ]
        return len(pods), sum(is_ready(pod) for pod in pods)

    def _ours(self) -> list[Object]:
        """Pods that belong to some deployment; whatever else runs in the cluster is not ours."""
        return [
            pod
            for pod in self._store.list(POD)
            if names.LABEL_DGD in (pod["metadata"].get("labels") or {})
        ]

    def _delete(self, pod: Mapping[str, Any]) -> None:
        meta = pod["metadata"]
        if not is_terminating(pod):
            self._store.delete(POD, meta["name"], meta["namespace"], actor=OPERATOR)


def _service_key(service: Service) -> tuple[str, str, str]:
    return service.namespace, service.dgd, service.name


def _pod_service(pod: Mapping[str, Any]) -> tuple[str, str, str]:
    meta = pod["metadata"]
    labels = meta["labels"]
    return meta["namespace"], labels[names.LABEL_DGD], labels.get(names.LABEL_COMPONENT, "")
