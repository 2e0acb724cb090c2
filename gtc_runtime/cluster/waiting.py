"""Waits until a part of a fresh cluster is there, and says what it still waits for.

Each look is one function from a client to what was seen; `wait` repeats it. Nothing is written.
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

LOOK_S = 5.0
"""Between two looks: parts take minutes, and a look at a large cluster costs several requests."""
GPU_RESOURCE = "nvidia.com/gpu"


@dataclass(frozen=True)
class Seen:
    """What one look saw.

    Attributes:
        there: Whether the part is complete.
        said: What is there and what is missing, one line.
    """

    there: bool
    said: str


Look = Callable[[], Awaitable[Seen]]


async def wait(
    look: Look,
    deadline_s: float,
    tell: Callable[[str], None],
    *,
    look_s: float = LOOK_S,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Look until it is there; tell every change.

    A cluster that does not answer is something to wait for, too: it may be starting.

    Args:
        look: What to look at.
        deadline_s: How long to wait, seconds.
        tell: Gets one line whenever what was seen changes.
        look_s: Between two looks, seconds.
        clock: Monotonic seconds.

    Raises:
        GtcError: It was not there in time; the message says what was missing at the end.
    """
    give_up = clock() + deadline_s
    told = ""
    while True:
        try:
            seen = await look()
        except Unreachable as error:
            seen = Seen(False, error.message)
        if seen.said != told:
            tell(seen.said)
            told = seen.said
        if seen.there:
            return
        if clock() >= give_up:
            raise GtcError(f"gave up after {deadline_s:.0f} s: {seen.said}")
        await asyncio.sleep(min(look_s, max(0.0, give_up - clock())))


async def places(kube: Kube, wanted: WorkerNodes) -> Seen:
    """Ready nodes offer a place to every worker."""
    if wanted.gpus:
        return await gpus(kube, wanted.gpus)
    found = worker_nodes(await kube.list(NODE), wanted)
    unready = sorted(_name(node) for node in found if not _ready(node))
    ready = len(found) - len(unready)
    slots = counted(ready * wanted.slots_per_node, wanted)
    said = f"{ready} of {wanted.count} nodes in the pool {worker_pool(wanted)}, {slots}"
    if unready:
        said += f"; not ready: {', '.join(unready)}"
    return Seen(ready >= wanted.count, said)


def worker_nodes(nodes: Iterable[Json], wanted: WorkerNodes) -> Objects:
    """Those of the workers' own pool."""
    pool = worker_pool(wanted)
    return [
        node for node in nodes if (node["metadata"].get("labels") or {}).get(POOL_LABEL) == pool
    ]


async def gpus(kube: Kube, wanted: int) -> Seen:
    """Ready nodes offer at least this many GPUs to pods."""
    nodes = await kube.list(NODE)
    offering = {_name(node): _gpus(node) for node in nodes if _gpus(node)}
    unready = [_name(node) for node in nodes if not _ready(node)]
    total = sum(_gpus(node) for node in nodes if _ready(node))
    said = f"{total} of {wanted} gpus on {len(offering)} nodes"
    if unready:
        said += f"; not ready: {', '.join(sorted(unready))}"
    elif total < wanted:
        said += "; the driver has not announced the rest"
    return Seen(total >= wanted, said)


async def platform(kube: Kube) -> Seen:
    """Everything in the platform's namespace is available and the API knows serving graphs.

    Args:
        kube: A client of that namespace.
    """
    try:
        await kube.list(DGD)
    except NotFound:
        return Seen(False, "kubernetes does not know dynamographdeployments yet")
    return await workloads(kube)


async def workloads(kube: Kube) -> Seen:
    """Every Deployment and StatefulSet of the client's namespace has all its pods available."""
    found = [*await _list(kube, DEPLOYMENT), *await _list(kube, STATEFUL_SET)]
    if not found:
        return Seen(False, f"nothing is deployed in {kube.namespace} yet")
    short = [
        f"{_name(each)} {have}/{want}"
        for each in found
        if (have := _available(each)) < (want := _replicas(each))
    ]
    if short:
        return Seen(False, f"waiting in {kube.namespace}: {', '.join(sorted(short))}")
    return Seen(True, f"all {len(found)} workloads of {kube.namespace} are available")


async def workers(kube: Kube, env: Environment) -> Seen:
    """The frontend and as many workers as both pools ask for are ready.

    Args:
        kube: A client of the workload's namespace.
        env: For the number of slots.
    """
    pools = await Scaling(kube, env.slots).read()
    pods = await kube.list(POD, names.pod_labels(names.FRONTEND))
    frontend = pool_state(1, pods)
    states = {role: pools[role] for role in ROLES} | {"frontend": frontend}
    there = all(_complete(state) for state in states.values())
    return Seen(there, "; ".join(_shown(name, state) for name, state in states.items()))


async def scalers(kube: Kube, expected: Iterable[str]) -> Seen:
    """These ScaledObjects exist and KEDA says that they work.

    Args:
        kube: A client of the workload's namespace.
        expected: Their names.
    """
    found = {_name(each): each for each in await _list(kube, SCALED_OBJECT)}
    waiting = []
    for name in expected:
        ready = condition(found.get(name, {}), "Ready")
        if ready.get("status") != "True":
            why = ready.get("message") or ("no word from keda yet" if name in found else "absent")
            waiting.append(f"{name}: {why}")
    return Seen(not waiting, "; ".join(waiting) or "keda watches every pool")


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
    said = f"{name}: {state.ready} of {state.desired} ready"
    if _complete(state):
        return said
    return f"{said} ({', '.join(state.reasons) or 'no pod yet'})"


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
