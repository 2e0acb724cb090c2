"""Leaves Grove, or comes back to it, on a running deployment, and takes away what stood before.

Dynamo's operator makes the new pods at its next look at the graph, which an annotation does not
bring about, and leaves the old ones on their GPUs: until their set is deleted, the new ones wait.
The workers are replaced, so nothing is served meanwhile. Every step looks first at what is there
already: a switch that was broken off is done again from its beginning. This module must not know
how Grove is installed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from gtc_runtime.cluster import waiting
from gtc_runtime.cluster.api.errors import KubeError, NotFound
from gtc_runtime.cluster.api.kube import Json, Kube
from gtc_runtime.cluster.keda import Keda
from gtc_runtime.cluster.lease_view import TIMES, LeaseTimes
from gtc_runtime.cluster.state import StateStore, with_event
from gtc_runtime.cluster.waiting import Readiness
from gtc_runtime.cluster.writer import Writer
from gtc_runtime.scenario.unattended.seized import seized
from gtc_spec import names
from gtc_spec.environment import Environment
from gtc_spec.kinds import COMPONENT, DGD, POD, POD_CLIQUE_SET, Kind
from gtc_spec.manifests.serving_graph import ANNOTATION_GROVE
from gtc_spec.pools import PDRatio

POLL_INTERVAL_S: Final = 1.0
NOTICED_S: Final = 60.0
"""Longest time from a change of the graph to the operator's new set of pods."""
SLACK_S: Final = 120.0
"""Beside starts and drains: scheduling, probes, finalizers."""
LABEL_CLIQUE: Final = "grove.io/podclique"
"""At pods of Grove alone."""
HINT: Final = (
    f"do the operators run? kubectl -n {names.NAMESPACE_PLATFORM} get pods; a finalizer waits for "
    "its own; repeat gtc grove"
)


async def switch(
    kube: Kube,
    env: Environment,
    on: bool,
    report: Callable[[str], None],
    times: LeaseTimes = TIMES,
) -> None:
    """Serve the demo's graph with Grove or without; KEDA is paused meanwhile.

    Args:
        kube: A client of the workload's namespace; it deletes a PodCliqueSet or Deployments.
        env: The environment, scaled as the cluster is.
        on: Whether Grove makes the pods from now on.
        report: Callback, gets one line about each step.
        times: Times of the Lease.

    Raises:
        KubeError: A show or a pause is on, and nothing was touched; or a step failed.
        GtcError: What a step waits for did not come in time.
    """
    await _refuse_in_use(kube)
    event = f"the graph is served {'with' if on else 'without'} grove from now on, ordered by hand"
    async with seized(kube, env.slots, "grove", times, env.engine.traits.name) as ours:
        await ours.record(lambda document: with_event(document, "warning", event))
        await ours.wait_for_previous()
        keda, holder = ours.writer.keda, ours.writer.lease.holder
        try:
            await keda.pause(holder)
            await _Switch(ours.writer, env, on, report).make()
        finally:
            report("giving the pools back to KEDA")
            await keda.resume(holder)


async def _refuse_in_use(kube: Kube) -> None:
    """Refuse while somebody else has KEDA paused, which auto mode always has.

    Raises:
        KubeError: It is so.
    """
    keda, stored = await asyncio.gather(Keda(kube).status(), StateStore(kube).read())
    if stored.document.get("mode") == "auto":
        raise KubeError("a show is on in auto mode", "gtc manual ends it")
    if keda.paused_by_other:
        raise KubeError(keda.reason, "remove that annotation, see docs/runbook.md")
    if keda.paused:
        raise KubeError(keda.reason, "gtc reset or gtc safe gives KEDA its pools back")


@dataclass(frozen=True)
class _Switch:
    """One way of serving is to replace the other.

    Attributes:
        writer: Writes as long as we hold the Lease.
        env: The environment.
        on: Whether the new way is Grove.
        report: Callback, gets one line about each step.
    """

    writer: Writer
    env: Environment
    on: bool
    report: Callable[[str], None]

    async def make(self) -> None:
        """Annotate, let the operator look, remove what stood before, wait for the workers."""
        if self.on:
            await self._require_grove()
        await self._annotate()
        if not await self._stands():
            await self._let_it_look()
        for name in await self._named(self._old):
            self.report(f"deleting {self._old.kind} {name}")
            await self._delete(name)
        drain_s = max(self.env.pools.prefill.drain_s, self.env.pools.decode.drain_s)
        self.report("waiting until its pods are gone")
        await waiting.wait(
            self._clear, drain_s + SLACK_S, self.report, hint=HINT, interval_s=POLL_INTERVAL_S
        )
        self.report("waiting for the new workers")
        await waiting.wait(
            lambda: waiting.workers(self.writer.kube, self.env),
            2 * self.env.worker_start_s + SLACK_S,
            self.report,
            hint=HINT,
            interval_s=POLL_INTERVAL_S,
        )

    @property
    def _new(self) -> Kind:
        return POD_CLIQUE_SET if self.on else COMPONENT

    @property
    def _old(self) -> Kind:
        return COMPONENT if self.on else POD_CLIQUE_SET

    async def _require_grove(self) -> None:
        try:
            await self.writer.kube.list(POD_CLIQUE_SET)
        except NotFound:
            raise KubeError(
                "kubernetes does not know grove's PodCliqueSet", "GTC_GROVE=on make deploy-dynamo"
            ) from None

    async def _annotate(self) -> None:
        value = None if self.on else "false"
        self.report(f"annotating the graph: {ANNOTATION_GROVE}: {value or 'none'}")
        patch = {"metadata": {"annotations": {ANNOTATION_GROVE: value}}}
        await self.writer.kube.patch(DGD, names.DEMO, patch)

    async def _let_it_look(self) -> None:
        """Change the graph and change it back: the old pods do not follow it any more."""
        pools = await self.writer.scaling.read()
        now = PDRatio(pools["prefill"].desired or 1, pools["decode"].desired or 1)
        step = -1 if now.decode > 1 else 1
        self.report("changing the graph, so that the operator looks at it")
        await self.writer.scaling.set_ratio(PDRatio(now.prefill, now.decode + step))
        try:
            await waiting.wait(
                self._noticed, NOTICED_S, self.report, hint=HINT, interval_s=POLL_INTERVAL_S
            )
        finally:
            await self.writer.scaling.set_ratio(now)

    async def _stands(self) -> bool:
        """Whether every service has its set of the new way."""
        wanted = 1 if self.on else len(await self._services())
        return len(await self._named(self._new)) >= wanted

    async def _noticed(self) -> Readiness:
        stands = await self._stands()
        return Readiness(stands, f"{self._new.kind} made" if stands else f"no {self._new.kind} yet")

    async def _services(self) -> Json:
        graph = await self.writer.kube.get(DGD, names.DEMO)
        services: Json = (graph.get("spec") or {}).get("services") or {}
        return services

    async def _named(self, kind: Kind) -> list[str]:
        """Sets of the demo's graph; none where the kind is unknown."""
        try:
            found = await self.writer.kube.list(kind)
        except NotFound:
            return []
        return [str(each["metadata"]["name"]) for each in found if _is_ours(each)]

    async def _delete(self, name: str) -> None:
        try:
            await self.writer.kube.delete(self._old, name)
        except NotFound:
            return

    async def _clear(self) -> Readiness:
        pods = await self.writer.kube.list(POD, {names.LABEL_DGD: names.DEMO})
        old = [pod for pod in pods if (LABEL_CLIQUE in pod["metadata"]["labels"]) != self.on]
        clear = not old and not await self._named(self._old)
        what = f"{self._old.kind} and its pods"
        return Readiness(clear, f"{what} are gone" if clear else f"{what} are still there")


def _is_ours(each: Json) -> bool:
    owners = each["metadata"].get("ownerReferences") or []
    return any((owner.get("kind"), owner.get("name")) == (DGD.kind, names.DEMO) for owner in owners)
