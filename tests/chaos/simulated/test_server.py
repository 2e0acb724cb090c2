"""The simulated API answers as the rehearsal's, which is itself held against a real one."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from gtc_rehearsal.kube_api.storage.store import Store
from gtc_runtime.cluster.api.errors import KubeError
from gtc_runtime.cluster.api.kube import Kube, resource_version
from gtc_spec import names
from gtc_spec.kinds import CONFIG_MAP, DGDSA, HPA, LEASE, SCALED_OBJECT, Kind
from tests.chaos.simulated.cluster import KINDS
from tests.chaos.simulated.faults import Faults
from tests.chaos.simulated.loop import Process, VirtualLoop
from tests.chaos.simulated.server import Server
from tests.chaos.simulated.wire import Network
from tests.contract.cluster.conftest import adapter, scaled_object
from tests.faulty_api.server import FaultyApiServer

N = names.NAMESPACE_WORKLOAD
ADAPTER, SCALER = names.pool_dgdsa("prefill"), names.scaler("prefill")
Step = Callable[[Kube, dict[str, Any]], Awaitable[object]]


@pytest.fixture
async def rehearsed(tmp_path: Path) -> AsyncIterator[Kube]:
    server = FaultyApiServer(Store())
    await server.start()
    file = tmp_path / "kubeconfig"
    file.write_text(yaml.safe_dump(server.kubeconfig()))
    kube = await Kube.connect(N, str(file))
    yield kube
    await kube.close()
    await server.stop()


def simulated(loop: VirtualLoop) -> Kube:
    chance = random.Random(0)
    network = Network(
        loop,
        Server(KINDS, lambda *_: None),
        Faults(chance, Counter()),
        chance,
        lambda *_: None,
        lambda process, method, path, work: work(),
    )
    return Kube(network.transport(Process("one", "a")), N)


def told(outcome: object) -> object:
    """What can be compared: the error, or what the object says beside its bookkeeping."""
    if isinstance(outcome, KubeError):
        return type(outcome).__name__, outcome.status
    if isinstance(outcome, list):
        return sorted(each["metadata"]["name"] for each in outcome)
    if isinstance(outcome, dict):
        annotations = outcome["metadata"].get("annotations") or {}
        spec = {key: (outcome.get("spec") or {}).get(key) for key in ("replicas", "holderIdentity")}
        return outcome["metadata"]["name"], annotations, spec, outcome.get("data")
    return outcome


async def outcome(step: Step, kube: Kube, seen: dict[str, Any]) -> object:
    try:
        return told(await step(kube, seen))
    except KubeError as error:
        return told(error)


# -- steps: each remembers what it read, so that a later one may write over something stale --------


def read(kind: Kind, name: str) -> Step:
    async def step(kube: Kube, seen: dict[str, Any]) -> object:
        seen[name] = found = await kube.get(kind, name)
        return found

    return step


def listed(kind: Kind) -> Step:
    return lambda kube, _: kube.list(kind)


def scaled(replicas: object) -> Step:
    return lambda kube, _: kube.patch(
        DGDSA, ADAPTER, {"spec": {"replicas": replicas}}, subresource="scale"
    )


def annotated(value: str | None, *, checked: bool) -> Step:
    async def step(kube: Kube, seen: dict[str, Any]) -> object:
        version = resource_version(seen[SCALER]) if checked and SCALER in seen else None
        patch = {"metadata": {"annotations": {names.ANNOTATION_PAUSED: value}}}
        return await kube.patch(SCALED_OBJECT, SCALER, patch, resource_version=version)

    return step


def leased(holder: str) -> Step:
    async def step(kube: Kube, seen: dict[str, Any]) -> object:
        spec = {"holderIdentity": holder, "leaseDurationSeconds": 15, "leaseTransitions": 1}
        if names.LEASE in seen:
            return await kube.replace(LEASE, seen[names.LEASE] | {"spec": spec})
        fresh = {**LEASE.type_meta, "metadata": {"name": names.LEASE}, "spec": spec}
        return await kube.create(LEASE, fresh)

    return step


def stated(text: str) -> Step:
    async def step(kube: Kube, seen: dict[str, Any]) -> object:
        if names.STATE_CONFIG_MAP in seen:
            return await kube.patch(
                CONFIG_MAP,
                names.STATE_CONFIG_MAP,
                {"data": {"state.json": text}},
                resource_version=resource_version(seen[names.STATE_CONFIG_MAP]),
            )
        metadata = {"name": names.STATE_CONFIG_MAP}
        fresh = {**CONFIG_MAP.type_meta, "metadata": metadata, "data": {"state.json": text}}
        return await kube.create(CONFIG_MAP, fresh)

    return step


def made(kind: Kind, document: dict[str, Any]) -> Step:
    return lambda kube, _: kube.create(kind, {**kind.type_meta, **document})


STEPS: list[Step] = [
    *[read(kind, name) for kind, name in (
        (DGDSA, ADAPTER), (SCALED_OBJECT, SCALER), (LEASE, names.LEASE),
        (CONFIG_MAP, names.STATE_CONFIG_MAP), (HPA, "nobody"), (DGDSA, "nobody"),
    )],
    listed(SCALED_OBJECT), listed(DGDSA),
    scaled(1), scaled(3), scaled(-1), annotated("true", checked=False),
    annotated("true", checked=True), annotated(None, checked=True),
    leased("me"), leased("you"), leased(""), stated("one"), stated("two"),
    made(DGDSA, dict(adapter("prefill", 2))), made(SCALED_OBJECT, dict(scaled_object("prefill"))),
]  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
async def test_the_same_requests_have_the_same_outcomes(rehearsed: Kube, seed: int) -> None:
    steps = random.Random(seed).choices(STEPS, k=150)
    loop = VirtualLoop()
    stand_in, seen_there, seen_here = simulated(loop), {}, {}

    there = [await outcome(step, rehearsed, seen_there) for step in steps]
    here = await asyncio.to_thread(
        lambda: [loop.run(outcome(step, stand_in, seen_here), 60.0) for step in steps]
    )

    for number, (one, other) in enumerate(zip(there, here, strict=True)):
        assert one == other, f"step {number}"
    assert len({str(each) for each in there}) > 12
