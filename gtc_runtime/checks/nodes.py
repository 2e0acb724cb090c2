"""Checks of the machines: the workers' nodes; driver and RuntimeClass where they have GPUs."""

from __future__ import annotations

import re
from typing import Any, Final

from gtc_runtime.checks.scene import Scene
from gtc_runtime.cluster.api.kube import Json
from gtc_runtime.cluster.pools import condition
from gtc_runtime.cluster.waiting import GPU_RESOURCE, worker_nodes
from gtc_runtime.verdict import NotApplicable, Verdict, green, judge, red
from gtc_spec import versions
from gtc_spec.cloud.nodes import WorkerNodes, counted
from gtc_spec.kinds import NODE, RUNTIME_CLASS
from gtc_spec.manifests import placement
from gtc_spec.telemetry import metrics_platform

DCGM_DRIVER: Final = "DCGM_FI_DRIVER_VERSION"
"""Label that dcgm-exporter's default counters put on every series: the driver in full."""
_BY_HAND: Final = "kubectl exec into a worker and run nvidia-smi"


async def nodes(scene: Scene) -> Verdict:
    """Nodes that are Ready and not cordoned offer a place to every worker of the environment.

    DOKS holds further NoSchedule taints until the driver works, so being Ready is not enough.
    """
    every = await scene.all(NODE)
    if not scene.env.nodes.gpus:
        return _cpu_nodes(scene.env.nodes, every)
    wanted = scene.env.slots
    offering = [node for node in every if _gpus(node)]
    total = sum(_gpus(node) for node in offering if not _held_back(node))
    away = [f"{_name(node)}: {why}" for node in every if (why := _held_back(node))]
    found = f"{total} GPUs on {len(offering)} nodes"
    if away:
        found += f"; {'; '.join(away)}"
    good = total >= wanted and not away
    hint = "kubectl describe node; kubectl uncordon NODE when somebody drained it"
    return judge(good, found, f"{wanted} GPUs on schedulable nodes", hint)


def _cpu_nodes(wanted: WorkerNodes, every: list[Json]) -> Verdict:
    pool = worker_nodes(every, wanted)
    away = [f"{_name(node)}: {why}" for node in pool if (why := _held_back(node))]
    good = len(pool) - len(away)
    slots = counted(good * wanted.slots_per_node, wanted)
    found = "; ".join([f"{slots} on {good} nodes", *away])
    hint = "kubectl describe node; kubectl uncordon NODE when somebody drained it"
    expected = f"{counted(wanted.slots, wanted)} on schedulable nodes"
    return judge(good >= wanted.count and not away, found, expected, hint)


async def driver(scene: Scene) -> Verdict:
    """The driver branch: from NVIDIA's node label, else from dcgm-exporter, else by hand only."""
    _require_gpus(scene)
    nodes = [node for node in await scene.all(NODE) if _gpus(node)]
    if not nodes:
        raise NotApplicable("no node with GPUs, see nodes")
    told = {_name(node): _branch(_labels(node).get(placement.DRIVER_LABEL)) for node in nodes}
    if not all(told.values()):
        told = {host: branch for host, branch in (await _from_dcgm(scene)).items() if branch}
    if not told:
        raise NotApplicable(f"neither a node label nor dcgm-exporter tells it: {_BY_HAND}")
    least = versions.HOST_DRIVER_MIN
    old = [f"{host} has {branch}" for host, branch in told.items() if (branch or 0) < least]
    oldest = min(branch or 0 for branch in told.values())
    hint = "CUDA 13 images need it: replace the GPU node pool, new nodes bring a newer driver"
    return judge(not old, "; ".join(old) or f"{oldest} or newer", f">= {least}", hint)


async def _from_dcgm(scene: Scene) -> dict[str, int | None]:
    series = f"group by (Hostname, {DCGM_DRIVER}) ({metrics_platform.GPU_UTIL.name})"
    answer = await scene.json("prometheus", "/api/v1/query?query=" + series.replace(" ", "%20"))
    rows: list[dict[str, Any]] = answer.get("data", {}).get("result", [])
    labels = [row.get("metric", {}) for row in rows]
    return {str(one.get("Hostname", "?")): _branch(one.get(DCGM_DRIVER)) for one in labels}


async def runtime_class(scene: Scene) -> Verdict:
    """KAI's reservation pods name it, and other NVIDIA charts do."""
    _require_gpus(scene)
    name = placement.RUNTIME_CLASS
    there = await scene.one(RUNTIME_CLASS, name)
    if there is None:
        return red(f"no RuntimeClass {name}", name, "make cluster-config creates it")
    handler = there.get("handler")
    if handler != name:
        return red(f"its handler is {handler}", name, "make cluster-config sets it")
    return green(name, name)


def _require_gpus(scene: Scene) -> None:
    """Skip a check that is about GPUs where there are none.

    Raises:
        NotApplicable: There are none.
    """
    if not scene.env.nodes.gpus:
        raise NotApplicable(f"{scene.env.name} has no GPU, its workers are simulated")


def _held_back(node: Json) -> str:
    """Why a node takes no pods of ours; empty when it does."""
    if condition(node, "Ready").get("status") != "True":
        return "not ready"
    spec = node.get("spec") or {}
    if spec.get("unschedulable"):
        return "cordoned"
    holding = ("NoSchedule", "NoExecute")
    foreign = [
        str(taint.get("key"))
        for taint in spec.get("taints") or []
        if taint.get("effect") in holding and taint.get("key") != placement.GPU_TAINT
    ]
    works = _gpus(node) or _labels(node).get(placement.POOL_LABEL) == placement.CPU_POOL
    return f"tainted {', '.join(foreign)}" if foreign and works else ""


def _branch(text: object) -> int | None:
    found = re.match(r"\d+", str(text or ""))
    return int(found[0]) if found else None


def _gpus(node: Json) -> int:
    allocatable = (node.get("status") or {}).get("allocatable") or {}
    text = str(allocatable.get(GPU_RESOURCE, "0"))
    return int(text) if text.isdigit() else 0


def _labels(node: Json) -> dict[str, str]:
    return node["metadata"].get("labels") or {}


def _name(node: Json) -> str:
    return str(node["metadata"].get("name", "?"))
