"""The operator's part of the rehearsal: DGD -> adapters and sets of pods -> worker processes.

One pass over the store after every change, cheap enough for that (tens of objects). It must not
know HTTP, autoscaling or load.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from gtc_rehearsal.kube_api.objects import Object, stamp, utc_now
from gtc_rehearsal.kube_api.resources import DGD, POD
from gtc_rehearsal.kube_api.storage.store import Store
from gtc_rehearsal.kube_api.write import OPERATOR
from gtc_rehearsal.operator.adapters import Adapters
from gtc_rehearsal.operator.pod_runner import PodRunner, Workers, remove_finalizer
from gtc_rehearsal.operator.pod_sets import PodSets
from gtc_rehearsal.operator.pods import (
    graph_status,
    is_placed,
    is_ready,
    is_terminating,
    new_pod,
    pods_to_delete,
)
from gtc_rehearsal.operator.scheduler import Scheduler
from gtc_rehearsal.operator.services import PodSet, Service, services_of
from gtc_spec import names
from gtc_spec.cloud.nodes import WorkerNodes
from gtc_spec.environment import Environment
from gtc_spec.errors import GtcError

TICK_S = 0.5
"""How soon the end of a drain is noticed when the store is silent."""
SETTLE_S = 100.0
"""Time that the first pods get where workers are simulated: 4 s on a quiet machine."""

_Key = tuple[str, str]


class Operator:
    """Keeps pods and their processes as the deployments in the store want them.

    Args:
        store: The cluster's objects.
        workers: Runs the processes of pods; Dynamo in the product.
        environment: Start-up time of workers and their nodes.
        nodes: Other nodes than the environment's.
        settle_s: Time that the first pods get.
    """

    def __init__(
        self,
        store: Store,
        workers: Workers,
        environment: Environment,
        *,
        nodes: WorkerNodes | None = None,
        settle_s: float = SETTLE_S,
    ) -> None:
        self._store, self._workers, self._settle_s = store, workers, settle_s
        self._worker_start_s = environment.worker_start_s
        self._adapters, self._sets = Adapters(store), PodSets(store)
        self._given_up: set[str] = set()  # uids of pods that Grove has deleted
        self._scheduler = Scheduler(store, nodes or environment.nodes)
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
            async with asyncio.timeout(self._settle_s):
                await self._settled.wait()
        except TimeoutError:
            late = [p["metadata"]["name"] for p in self._store.list(POD) if not is_ready(p)]
            raise GtcError(
                f"pods not ready within {self._settle_s:g} s: {', '.join(late) or 'none created'}",
                "see the logs below dynamo/logs in the state directory",
            ) from None

    def reconcile(self) -> None:
        """One pass; a pass over a cluster in order writes nothing."""
        graphs = self._store.list(DGD)
        for graph in graphs:
            self._adapters.sync(graph, services_of(graph))
        graphs = self._store.list(DGD)  # once more: adapters have written replicas into them
        services = [service for graph in graphs for service in services_of(graph)]
        sets = {_graph_key(g): self._sets.sync(g, services_of(g)) for g in graphs}
        self._collect_garbage(graphs, [each for found in sets.values() for each in found])
        for found in sets.values():
            for pods in found:
                self._resize(pods)
        self._scheduler.place(self._store.list(POD))
        self._run_pods({_service_key(service): service for service in services})
        self._write_status(graphs, sets)
        self._warm = self._warm and not services

    def _collect_garbage(self, graphs: Sequence[Object], sets: Iterable[PodSet]) -> None:
        """Adapters and sets go with their deployment, pods with their set."""
        alive = {_graph_key(graph) for graph in graphs}
        self._adapters.delete_orphans(lambda namespace, name: (namespace, name) in alive)
        self._sets.delete_orphans(graphs)
        standing: dict[tuple[str, str, str], list[PodSet]] = {}
        for each in sets:
            standing.setdefault(_service_key(each.service), []).append(each)
        ours = self._ours()
        self._given_up &= {str(pod["metadata"]["uid"]) for pod in ours}
        for pod in ours:
            if not any(each.has(pod) for each in standing.get(_pod_service(pod), ())):
                self._delete(pod)

    def _resize(self, pods: PodSet) -> None:
        """Create the pods that lack, delete those that are too many."""
        found = self._pods(pods)
        if pods.kind == "PodClique":
            leaving, lacking = self._by_grove(pods, found)
        else:
            staying = [pod for pod in found if not is_terminating(pod)]
            leaving = pods_to_delete(staying, len(staying) - pods.desired)
            lacking = pods.desired - len(staying)
        for pod in leaving:
            self._delete(pod)
        for _ in range(lacking):
            self._store.create(POD, new_pod(pods), actor=OPERATOR)

    def _by_grove(
        self, pods: PodSet, found: Sequence[Object]
    ) -> tuple[Sequence[Mapping[str, Any]], int]:
        """Whom Grove (alpha.3) deletes, and how many it creates.

        It counts a pod until that is gone, and looks among all for the first to go: while one
        drains it finds that one again, so that a further one goes only after it. Nor does it
        replace a pod that somebody else has deleted before that one is gone.
        """
        uids = {str(pod["metadata"]["uid"]) for pod in found}
        excess = len(found) - pods.desired
        more = excess - len(self._given_up & uids)
        leaving = pods_to_delete(found, excess)[: max(0, more)]
        self._given_up |= {str(pod["metadata"]["uid"]) for pod in leaving}
        return leaving, -more

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

    def _write_status(
        self, graphs: Iterable[Object], sets: Mapping[_Key, Sequence[PodSet]]
    ) -> None:
        lacking = False
        for graph in graphs:
            # of the present way of serving alone: it comes first
            charged = {each.service.name: each for each in reversed(sets[_graph_key(graph)])}
            rows = [(each, *self._count(each)) for each in charged.values()]
            lacking = lacking or any(ready < each.desired for each, _, ready in rows)
            meta = graph["metadata"]
            status = graph_status(graph, rows, stamp(utc_now()))
            self._store.patch(
                DGD, meta["name"], meta["namespace"], {"status": status}, "status", actor=OPERATOR
            )
        if not lacking and not self._warm:
            self._settled.set()

    def _count(self, pods: PodSet) -> tuple[int, int]:
        """Pods of a set that stay, and how many of them are Ready."""
        staying = [pod for pod in self._pods(pods) if not is_terminating(pod)]
        return len(staying), sum(map(is_ready, staying))

    def _pods(self, pods: PodSet) -> list[Object]:
        service = pods.service
        labels = names.pod_labels(service.name, service.dgd)
        return [pod for pod in self._store.list(POD, service.namespace, labels) if pods.has(pod)]

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


def _graph_key(graph: Mapping[str, Any]) -> _Key:
    return graph["metadata"]["namespace"], graph["metadata"]["name"]


def _service_key(service: Service) -> tuple[str, str, str]:
    return service.namespace, service.dgd, service.name


def _pod_service(pod: Mapping[str, Any]) -> tuple[str, str, str]:
    meta = pod["metadata"]
    labels = meta["labels"]
    return meta["namespace"], labels[names.LABEL_DGD], labels.get(names.LABEL_COMPONENT, "")
