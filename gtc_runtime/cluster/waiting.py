"""Waits until a part of a fresh cluster is there, and says what it still waits for.

Each part has one function from a client to its `Readiness`; `wait` polls it. Nothing is written.
This module must not know how the parts were deployed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any

from gtc_runtime.cluster.api.errors import NotFound, Unreachable
from gtc_runtime.cluster.api.kube import Json, Kube, Objects
from gtc_runtime.cluster.keda_sight import unread
from gtc_runtime.cluster.pools import PoolState, condition, pool_state
from gtc_runtime.cluster.scaling import Scaling
from gtc_spec import names
from gtc_spec.cloud.nodes import WorkerNodes, counted
from gtc_spec.environment import Environment
from gtc_spec.errors import GtcError
from gtc_spec.kinds import (
    DEPLOYMENT,
    DGD,
    NODE,
    POD,
    SCALED_OBJECT,
    STATEFUL_SET,
    Kind,
)
from gtc_spec.manifests.placement import POOL_LABEL, worker_pool
from gtc_spec.pools import ROLES

POLL_INTERVAL_S = 5.0
"""Parts take minutes, and a poll of a large cluster costs several requests."""
GPU_RESOURCE = "nvidia.com/gpu"


@dataclass(frozen=True)
class Readiness:
    """What one poll has found.

    Attributes:
        ready: Whether the part is complete.
        text: What is there and what is missing, one line.
    """

    ready: bool
    text: str


async def wait(
    poll: Callable[[], Awaitable[Readiness]],
    deadline_s: float,
    report: Callable[[str], None],
    *,
    hint: str = "",
    interval_s: float = POLL_INTERVAL_S,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Poll until it is there; report every change.

    A cluster that does not answer is something to wait for, too: it may be starting.

    Args:
        poll: Reads the part.
        deadline_s: How long to wait, seconds.
        report: Callback, gets one line whenever what was found changes.
        hint: What to do about it when it is not there in time.
        interval_s: Between two polls, seconds.
        clock: Monotonic seconds.

    Raises:
        GtcError: It was not there in time; the message says what was missing at the end.
    """
    give_up = clock() + deadline_s
    reported = ""
    while True:
        try:
            found = await poll()
        except Unreachable as error:
            found = Readiness(False, error.message)
        if found.text != reported:
            report(found.text)
            reported = found.text
        if found.ready:
            return
        if clock() >= give_up:
            raise GtcError(f"gave up after {deadline_s:.0f} s: {found.text}", hint)
        await asyncio.sleep(min(interval_s, max(0.0, give_up - clock())))


async def places(kube: Kube, wanted: WorkerNodes) -> Readiness:
    """Ready nodes offer a place to every worker."""
    if wanted.gpus:
        return await gpus(kube, wanted.gpus)
    found = worker_nodes(await kube.list(NODE), wanted)
    unready = sorted(_name(node) for node in found if not _ready(node))
    ready = len(found) - len(unready)
    slots = counted(ready * wanted.slots_per_node, wanted)
    text = f"{ready} of {wanted.count} nodes in the pool {worker_pool(wanted)}, {slots}"
    if unready:
        text += f"; not ready: {', '.join(unready)}"
    return Readiness(ready >= wanted.count, text)


def worker_nodes(nodes: Iterable[Json], wanted: WorkerNodes) -> Objects:
    """Those of the workers' own pool."""
    pool = worker_pool(wanted)
    return [
        node for node in nodes if (node["metadata"].get("labels") or {}).get(POOL_LABEL) == pool
    ]


async def gpus(kube: Kube, wanted: int) -> Readiness:
    """Ready nodes offer at least this many GPUs to pods."""
    nodes = await kube.list(NODE)
    offering = {_name(node): _gpus(node) for node in nodes if _gpus(node)}
    unready = [_name(node) for node in nodes if not _ready(node)]
    total = sum(_gpus(node) for node in nodes if _ready(node))
    text = f"{total} of {wanted} gpus on {len(offering)} nodes"
    if unready:
        text += f"; not ready: {', '.join(sorted(unready))}"
    elif total < wanted:
        text += "; the driver has not announced the rest"
    return Readiness(total >= wanted, text)


async def platform(kube: Kube) -> Readiness:
    """Everything in the platform's namespace is available and the API knows serving graphs.

    Args:
        kube: A client of that namespace.
    """
    try:
        await kube.list(DGD)
    except NotFound:
        return Readiness(False, "kubernetes does not know dynamographdeployments yet")
    return await workloads(kube)


async def workloads(kube: Kube) -> Readiness:
    """Every Deployment and StatefulSet of the client's namespace has all its pods available."""
    found = [*await _list(kube, DEPLOYMENT), *await _list(kube, STATEFUL_SET)]
    if not found:
        return Readiness(False, f"nothing is deployed in {kube.namespace} yet")
    short = [
        f"{_name(each)} {have}/{want}"
        for each in found
        if (have := _available(each)) < (want := _replicas(each))
    ]
    if short:
        return Readiness(False, f"waiting in {kube.namespace}: {', '.join(sorted(short))}")
    return Readiness(True, f"all {len(found)} workloads of {kube.namespace} are available")


async def workers(kube: Kube, env: Environment) -> Readiness:
    """The frontend and as many workers as both pools ask for are ready.

    Args:
        kube: A client of the workload's namespace.
        env: For the number of slots and the engine.
    """
    pools = await Scaling(kube, env.slots, engine=env.engine.traits.name).read()
    pods = await kube.list(POD, names.pod_labels(names.FRONTEND))
    frontend = pool_state("frontend", 1, pods)
    states = {role: pools[role] for role in ROLES} | {"frontend": frontend}
    there = all(_complete(state) for state in states.values())
    return Readiness(there, "; ".join(_shown(name, state) for name, state in states.items()))


async def scalers(kube: Kube, expected: Iterable[str]) -> Readiness:
    """These ScaledObjects exist and KEDA says that they work and can read their triggers.

    Args:
        kube: A client of the workload's namespace.
        expected: Their names.
    """
    found = {_name(each): each for each in await _list(kube, SCALED_OBJECT)}
    waiting = []
    for name in expected:
        if why := unready(found.get(name)):
            waiting.append(f"{name}: {why}")
    return Readiness(not waiting, "; ".join(waiting) or "keda watches every pool")


def unready(scaler: Json | None) -> str:
    """What a ScaledObject lacks before KEDA scales by it, one line; empty when nothing."""
    if scaler is None:
        return "does not exist"
    if why := unread(scaler):
        return why
    ready = condition(scaler, "Ready")
    return "" if ready.get("status") == "True" else "no word from keda yet"


async def _list(kube: Kube, kind: Kind) -> Objects:
    """All objects of a kind; none when the API does not know the kind."""
    try:
        return await kube.list(kind)
    except NotFound:
        return []


def _complete(state: PoolState) -> bool:
    return state.desired is not None and state.ready >= state.desired


def _shown(name: str, state: PoolState) -> str:
    if state.desired is None:
        return f"{name}: no scaling adapter"
    text = f"{name}: {state.ready} of {state.desired} ready"
    if _complete(state):
        return text
    return f"{text} ({', '.join(state.reasons) or 'no pod yet'})"


def _name(obj: Json) -> str:
    return str((obj.get("metadata") or {}).get("name", ""))


def _ready(node: Json) -> bool:
    return condition(node, "Ready").get("status") == "True"


def _gpus(node: Json) -> int:
    return _number((node.get("status") or {}).get("allocatable") or {}, GPU_RESOURCE, 0)


def _replicas(workload: Json) -> int:
    return _number(workload.get("spec") or {}, "replicas", 1)


def _available(workload: Json) -> int:
    return _number(workload.get("status") or {}, "availableReplicas", 0)


def _number(mapping: Any, key: str, missing: int) -> int:
    value = mapping.get(key) if isinstance(mapping, dict) else None
    try:
        return missing if value is None else int(value)
    except (TypeError, ValueError):
        return missing
