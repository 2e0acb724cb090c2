"""Serves the model by an aggregated graph for a while, and always puts the demo's graph back.

Whoever swaps holds the Lease, has stopped the load of a living panel and has paused KEDA, whose
scalers have no pools meanwhile. A deployment has one graph at a time, because the GPUs are the
same. This module must not know what is measured.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from gtc_runtime.cluster import waiting
from gtc_runtime.cluster.api.errors import Conflict, NotFound
from gtc_runtime.cluster.api.kube import Json, Kube
from gtc_runtime.cluster.lease_view import TIMES, LeaseTimes
from gtc_runtime.cluster.state import with_event
from gtc_runtime.cluster.waiting import Readiness
from gtc_runtime.cluster.writer import Writer
from gtc_runtime.scenario.unattended.safe import SAFE_MODE
from gtc_runtime.scenario.unattended.seized import seized
from gtc_spec import names
from gtc_spec.engines import engine_config
from gtc_spec.environment import Environment
from gtc_spec.errors import GtcError
from gtc_spec.kinds import CONFIG_MAP, DGD, POD
from gtc_spec.manifests.config_maps import engine_config_map_name
from gtc_spec.manifests.dgd import aggregated_graph
from gtc_spec.pools import PDRatio

POLL_INTERVAL_S: Final = 1.0
SLACK_S: Final = 60.0
"""Beside starts and drains: scheduling, probes, a busy machine."""
_VOLATILE: Final = (
    "uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "finalizers",
    "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink",
)  # fmt: skip


@dataclass(frozen=True)
class Swap:
    """The two ways of serving on the same GPUs, one at a time.

    Attributes:
        writer: Writes as long as we hold the Lease.
        env: The environment, scaled as the cluster is.
        report: Callback, gets one line about each step.
    """

    writer: Writer
    env: Environment
    report: Callable[[str], None]

    async def disaggregated(self, ratio: PDRatio) -> None:
        """Order the ratio of the demo's graph and wait until it is there and nothing drains.

        Raises:
            GtcError: It was not set, or is not there in time.
        """
        self.report(f"ordering {ratio}")
        await self.writer.scaling.set_ratio(ratio)
        await self.settled(ratio.total)

    async def aggregated(self, workers: int) -> None:
        """Replace the demo's graph by aggregated workers and wait until all are ready.

        Raises:
            GtcError: The one does not go, or the other does not come in time.
        """
        graph = aggregated_graph(self.env, workers)
        before = await self.writer.kube.get(DGD, names.DEMO)
        # what marks the cluster as a rehearsal marks this graph too
        labels = before["metadata"].get("labels") or {}
        graph["metadata"]["labels"] = labels | (graph["metadata"].get("labels") or {})
        self.report(f"replacing the graph by {workers} aggregated workers")
        await self._engine_file()
        await self.put(graph)
        await self.settled(workers)

    async def put(self, graph: Json) -> None:
        """Make this the one graph of our name: delete the one before, wait for its GPUs.

        Raises:
            GtcError: The one before does not go in time, or Kubernetes refuses the new one.
        """
        with contextlib.suppress(NotFound):
            await self.writer.kube.delete(DGD, names.DEMO)
        await waiting.wait(
            self._gone,
            self._drain_s() + SLACK_S,
            self.report,
            hint=f"kubectl -n {names.NAMESPACE_WORKLOAD} describe dgd {names.DEMO}",
            interval_s=POLL_INTERVAL_S,
        )
        await self.writer.kube.create(DGD, graph)

    async def _engine_file(self) -> None:
        """The engine of aggregated workers: decode's, without the hand-over of the cache."""
        try:
            decode = await self.writer.kube.get(CONFIG_MAP, engine_config_map_name("decode"))
        except NotFound:
            return  # a rehearsal has none, and its workers read none
        text = (decode.get("data") or {})[engine_config.file_name("decode")]
        engine = engine_config.parse(engine_config.file_name("decode"), text)
        engine.pop("cache_transceiver_config", None)
        made = {
            **CONFIG_MAP.type_meta,
            "metadata": {"name": engine_config_map_name("aggregated")},
            "data": {engine_config.file_name("aggregated"): yaml.safe_dump(engine)},
        }
        with contextlib.suppress(Conflict):
            await self.writer.kube.create(CONFIG_MAP, made)

    async def settled(self, workers: int) -> None:
        """Wait until the graph is successful with exactly that many workers ready, none leaving.

        Raises:
            GtcError: It is not so in time.
        """
        await waiting.wait(
            lambda: self._there(workers),
            2 * self.env.worker_start_s + self._drain_s() + SLACK_S,
            self.report,
            hint=f"kubectl -n {names.NAMESPACE_WORKLOAD} get pods",
            interval_s=POLL_INTERVAL_S,
        )

    async def _there(self, workers: int) -> Readiness:
        graph = await self.writer.kube.get(DGD, names.DEMO)
        state = (graph.get("status") or {}).get("state") or "new"
        pods = await self._pods()
        staying = [pod for pod in pods if not pod["metadata"].get("deletionTimestamp")]
        wanted = workers + 1  # and the frontend
        text = f"{len(staying)} of {wanted} pods, {len(pods) - len(staying)} leave, graph {state}"
        return Readiness(state == "successful" and len(pods) == len(staying) == wanted, text)

    async def _gone(self) -> Readiness:
        there, pods = await self.present(), len(await self._pods())
        text = f"the graph before is {'still there' if there else 'deleted'}, {pods} pods of it"
        return Readiness(not there and not pods, text)

    async def present(self) -> bool:
        """Whether there is a graph of our name."""
        try:
            await self.writer.kube.get(DGD, names.DEMO)
        except NotFound:
            return False
        return True

    async def _pods(self) -> list[Json]:
        return await self.writer.kube.list(POD, {names.LABEL_DGD: names.DEMO})

    def _drain_s(self) -> float:
        return 2 * max(self.env.pools.prefill.drain_s, self.env.pools.decode.drain_s)


@contextlib.asynccontextmanager
async def swapping(
    kube: Kube,
    env: Environment,
    keep: Path,
    report: Callable[[str], None],
    times: LeaseTimes = TIMES,
) -> AsyncIterator[Swap]:
    """Take the cluster from panel and KEDA, and give everything back as it was.

    Args:
        kube: A client of the workload's namespace.
        env: The environment, scaled as the cluster is.
        keep: File that holds the demo's graph until it is back, for the day on which we are killed.
        report: Callback, gets one line about each step.
        times: Times of the Lease.

    Raises:
        GtcError: The Lease cannot be taken, KEDA not paused, or something is not restored; the
            message says what, and ``keep`` then still holds the graph.
    """
    graph = _without_volatile(await kube.get(DGD, names.DEMO))
    async with seized(kube, env.slots, "compare", times, env.engine.traits.name) as ours:
        await ours.record(_stopped)
        await ours.wait_for_previous()
        keda, holder = ours.writer.keda, ours.writer.lease.holder
        swap = Swap(ours.writer, env, report)
        await keda.pause(holder)
        try:
            await asyncio.to_thread(keep.write_text, json.dumps(graph), encoding="utf-8")
            yield swap
        finally:
            report("putting the demo's graph back")
            try:
                await asyncio.shield(_restore(swap, graph))
                await asyncio.to_thread(keep.unlink, missing_ok=True)
            except GtcError:
                report(f"it is not back: kubectl delete dgd {names.DEMO}; kubectl create -f {keep}")
                raise
            finally:
                await keda.resume(holder)


async def _restore(swap: Swap, graph: Json) -> None:
    """The graph as it was and the ratio at rest; nothing is replaced that is there already."""
    now = await swap.writer.kube.get(DGD, names.DEMO) if await swap.present() else {}
    if set(_services(now)) != set(_services(graph)):
        await swap.put(graph)
        with contextlib.suppress(NotFound):
            await swap.writer.kube.delete(CONFIG_MAP, engine_config_map_name("aggregated"))
        await swap.settled(sum(int(each.get("replicas", 0)) for each in _workers(graph)))
    await swap.writer.scaling.set_ratio(swap.env.initial_ratio)


def _services(graph: Json) -> dict[str, Any]:
    return dict((graph.get("spec") or {}).get("services") or {})


def _workers(graph: Json) -> list[Json]:
    return [spec for name, spec in _services(graph).items() if name != names.FRONTEND]


def _without_volatile(graph: Json) -> Json:
    """A graph as somebody would write it: without what only a stored object has."""
    metadata = {key: value for key, value in graph["metadata"].items() if key not in _VOLATILE}
    return {
        "apiVersion": graph["apiVersion"],
        "kind": graph["kind"],
        "metadata": metadata,
        "spec": graph["spec"],
    }


def _stopped(document: Json) -> Json:
    event = "a comparison of two ways of serving has begun; load asked to stop"
    return with_event(document | {"mode": SAFE_MODE}, "warning", event)
