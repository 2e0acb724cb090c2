"""Whoever has lost the Lease writes nothing any more, whichever verb it is."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gtc_rehearsal.kube_api.resources import DGD, LEASE
from gtc_runtime.cluster.api.errors import Fenced
from gtc_runtime.cluster.api.kube import Json, Kube
from gtc_runtime.cluster.lease import Lease
from gtc_runtime.cluster.lease_view import LeaseTimes
from gtc_runtime.cluster.writer import Writer
from gtc_runtime.scenario.unattended.prescale import prescale
from gtc_runtime.scenario.unattended.safe import make_safe
from gtc_runtime.scenario.unattended.swap import swapping
from gtc_spec import kinds, names
from gtc_spec.environment import load
from gtc_spec.pools import ROLES, PDRatio

from .conftest import NAMESPACE, Cluster

TIMES = LeaseTimes(duration_s=4.0, renew_s=0.2, fence_s=2.6, call_s=3.0)
"""The verbs wait 2.6 s for the panel before, and notice a rival within 0.2 s."""


async def seize_after(kube: Kube, cluster: Cluster, role: str) -> None:
    """Take the Lease as soon as a process of that role holds it."""
    while True:
        spec = cluster.store.get(LEASE, names.LEASE, NAMESPACE)["spec"]
        if str(spec.get("holderIdentity")).startswith(f"{role}@"):
            break
        await asyncio.sleep(0.01)
    assert await Lease(kube, "rival", TIMES).acquire(force=True)


@contextlib.asynccontextmanager
async def rival_of(kube: Kube, cluster: Cluster, role: str) -> AsyncIterator[None]:
    """A panel that holds the Lease at first, and a rival of whoever takes it from the panel."""
    assert await Lease(kube, "panel", TIMES).acquire()
    rival = asyncio.create_task(seize_after(kube, cluster, role))
    yield
    await rival


def nothing_was_changed(cluster: Cluster) -> bool:
    desired = [cluster.desired(role) for role in ROLES]
    return desired == [2, 3] and not any(cluster.annotations(role) for role in ROLES)


async def test_the_safe_state_writes_nothing_while_a_panel_without_answers_may_still_write(
    cluster: Cluster, kube: Kube
) -> None:
    panel = Lease(kube, "panel", TIMES)
    assert await panel.acquire()  # and no renewal of it comes through any more
    safe = asyncio.create_task(make_safe(kube, PDRatio(1, 1), gpu_budget=8, times=TIMES))

    while panel.held:
        assert nothing_was_changed(cluster)
        await asyncio.sleep(0.02)
    await safe

    assert [cluster.desired(role) for role in ROLES] == [1, 1]


async def test_the_safe_state_writes_nothing_once_somebody_else_holds_the_lease(
    cluster: Cluster, kube: Kube
) -> None:
    async with rival_of(kube, cluster, "safe"):
        report = await make_safe(kube, PDRatio(1, 1), gpu_budget=8, times=TIMES)
    assert report.done[:1] == ("load asked to stop",)
    assert ["hold the lease" in line for line in report.failed] == [True]  # keda was not paused
    assert nothing_was_changed(cluster)


async def test_the_fallback_state_writes_nothing_once_somebody_else_holds_the_lease(
    cluster: Cluster, kube: Kube
) -> None:
    until = datetime.now(UTC) + timedelta(hours=1)
    async with rival_of(kube, cluster, "prescale"):
        with pytest.raises(Fenced, match="do not hold the lease"):
            await prescale(kube, PDRatio(3, 5), until, gpu_budget=8, times=TIMES)
    assert nothing_was_changed(cluster)


async def test_a_comparison_replaces_no_graph_once_somebody_else_holds_the_lease(
    cluster: Cluster, kube: Kube, keda_plays: asyncio.Task[None], tmp_path: Path
) -> None:
    metadata = {"name": names.DEMO, "namespace": NAMESPACE}
    demo = {"metadata": metadata, "spec": {"services": {names.FRONTEND: {"replicas": 1}}}}
    cluster.store.create(DGD, demo)
    uid = cluster.store.get(DGD, names.DEMO, NAMESPACE)["metadata"]["uid"]
    lines: list[str] = []

    async def compare() -> None:
        async with swapping(kube, load("dev"), tmp_path / "kept", lines.append, TIMES) as swap:
            assert await Lease(kube, "rival", TIMES).acquire(force=True)
            while swap.writer.lease.held:
                await asyncio.sleep(0.05)
            with pytest.raises(Fenced, match=f"delete dynamographdeployments/{names.DEMO}"):
                await swap.put(demo | kinds.DGD.type_meta)

    with pytest.raises(Fenced):  # the pause is the rival's to end
        await compare()
    assert cluster.store.get(DGD, names.DEMO, NAMESPACE)["metadata"]["uid"] == uid


WRITES: dict[str, Callable[[Writer], Awaitable[object]]] = {
    "scale": lambda writer: writer.scaling.set_ratio(PDRatio(1, 5)),
    "pause": lambda writer: writer.keda.pause("me"),
    "state": lambda writer: writer.state.update(5, _marked),
    "create": lambda writer: writer.kube.create(kinds.CONFIG_MAP, {"metadata": {"name": "a"}}),
    "replace": lambda writer: writer.kube.replace(kinds.LEASE, {"metadata": {"name": "a"}}),
    "delete": lambda writer: writer.kube.delete(kinds.DGDSA, names.pool_dgdsa("prefill")),
    "other namespace": lambda writer: writer.kube.within("x").delete(kinds.POD, "a"),
}


def _marked(document: Json) -> Json:
    return document | {"mode": "mine"}


@pytest.mark.parametrize("write", WRITES)
async def test_who_never_took_the_lease_may_only_read(
    write: str, cluster: Cluster, kube: Kube
) -> None:
    writer = Writer.of(kube, 8, "verify")  # as the proofs open it, to see who plays
    assert (await writer.lease.poll()).holder == ""
    assert (await writer.state.read()).document == {}
    assert (await writer.scaling.read())["decode"].desired == 3
    assert await writer.kube.can("patch", kinds.DGDSA)
    with pytest.raises(Fenced, match="do not hold the lease"):
        await WRITES[write](writer)
    assert nothing_was_changed(cluster)
