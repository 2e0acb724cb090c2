"""Checks of what is served: the graph, its workers, its adapters, and whose facts it carries."""

from __future__ import annotations

import asyncio

from gtc_runtime.checks.images import waits_for_image
from gtc_runtime.checks.scene import Scene
from gtc_runtime.cluster.api.kube import Json, Objects
from gtc_runtime.cluster.pools import condition, pool_state
from gtc_runtime.verdict import NotApplicable, RestsOn, Verdict, green, judge, red
from gtc_runtime.view import PodRole
from gtc_spec import names
from gtc_spec.kinds import DGD, DGDSA, POD
from gtc_spec.pools import ROLES, Role

_DEPLOY = "make deploy-dynamo"


async def graph(scene: Scene) -> Verdict:
    """What the operator itself says; workers that are not there yet are another check's matter."""
    there = await scene.one(DGD, names.DEMO)
    if there is None:
        return red(f"no graph {names.DEMO}", "successful", _DEPLOY)
    status = there.get("status") or {}
    state = str(status.get("state") or "no state yet")
    if state == "successful":
        return green(state, "successful")
    services = (status.get("services") or {}).values()
    waiting = any(each.get("readyReplicas", 0) < each.get("replicas", 0) for each in services)
    if state == "pending" and waiting:
        raise RestsOn("workers")
    why = condition(there, "Ready").get("message")
    hint = f"kubectl -n {names.NAMESPACE_WORKLOAD} describe dgd {names.DEMO}"
    return red(f"{state}: {why}" if why else state, "successful", hint)


async def workers(scene: Scene) -> Verdict:
    """As many ready pods as the adapters order, and the frontend."""
    counts = await asyncio.gather(
        *(_pool(scene, role) for role in ROLES), _service(scene, names.FRONTEND, 1)
    )
    told = [said for said, _, _ in counts]
    short = [pods for _, complete, pods in counts if not complete]
    if short and all(any(map(waits_for_image, pods)) for pods in short):
        raise RestsOn("images")
    hint = f"kubectl -n {names.NAMESPACE_WORKLOAD} describe pod; a start takes minutes"
    return judge(not short, "; ".join(told), "all ready", hint)


async def _pool(scene: Scene, role: Role) -> tuple[str, bool, Objects]:
    adapter = await scene.one(DGDSA, names.pool_dgdsa(role, scene.env.engine.traits.name))
    if adapter is None:
        raise RestsOn("adapters")
    desired = int((adapter.get("spec") or {}).get("replicas") or 0)
    return await _service(scene, scene.env.engine.traits.service(role), desired, role)


async def _service(
    scene: Scene, service: str, desired: int, role: PodRole = "frontend"
) -> tuple[str, bool, Objects]:
    """What to say about the pods of a service, whether all are ready, and the pods."""
    pods = await scene.all(POD, names.pod_labels(service))
    state = pool_state(role, desired, pods)
    said = f"{role} {state.ready} of {desired}"
    if state.ready >= desired:
        return said, True, pods
    return f"{said} ({', '.join(state.reasons) or 'no pod'})", False, pods


async def adapters(scene: Scene) -> Verdict:
    """The selector in an adapter's status, by which the HPA counts, finds the pods that we count.

    It is empty or foreign in some combinations of operator and Grove; then the HPA divides by a
    wrong number of pods.
    """
    wrong = [said for said in await asyncio.gather(*(_adapter(scene, r) for r in ROLES)) if said]
    hint = "kubectl get dgdsa -o yaml; until it fits, scale by hand: gtc prescale"
    found = "; ".join(wrong) or "both selectors find their workers"
    return judge(not wrong, found, "the pods of each pool", hint)


async def _adapter(scene: Scene, role: Role) -> str:
    name = names.pool_dgdsa(role, scene.env.engine.traits.name)
    adapter = await scene.one(DGDSA, name)
    if adapter is None:
        return f"no adapter {name}"
    text = str((adapter.get("status") or {}).get("selector") or "")
    if not text:
        return f"{name} has an empty selector"
    terms = [term.partition("=") for term in text.split(",")]
    if not all(sign and "!" not in key for key, sign, _ in terms):
        raise NotApplicable(f"{name} selects by {text}, which is not compared here")
    selected = await scene.all(POD, {key: value.lstrip("=") for key, _, value in terms})
    ours = await scene.all(POD, names.pod_labels(scene.env.engine.traits.service(role)))
    if _names(selected) == _names(ours):
        return ""
    return f"{name} selects {len(selected)} pods where {len(ours)} work"


def _names(pods: Objects) -> set[str]:
    return {str(pod["metadata"]["name"]) for pod in pods}


async def digest(scene: Scene) -> Verdict:
    """The panel's facts against those stamped on the graph."""
    there = await scene.one(DGD, names.DEMO)
    if there is None:
        raise RestsOn("graph")
    deployed = str((there["metadata"].get("annotations") or {}).get(names.ANNOTATION_DIGEST, ""))
    who, believed = await _believed(scene)
    hint = "deploy again: make cluster-config; or start the panel with the choices of the cluster"
    return judge(believed == deployed, f"{who} {believed}", f"deployed {deployed}", hint)


async def _believed(scene: Scene) -> tuple[str, str]:
    """Who was asked, the panel where it can be reached, and its digest."""
    if scene.is_panel:
        return "panel", scene.env.digest
    try:
        view: Json = await scene.json("panel", "/api/status")
        return "panel", str(view["digest"])
    except (NotApplicable, KeyError, TypeError):
        return "no panel answers; this checkout", scene.env.digest
