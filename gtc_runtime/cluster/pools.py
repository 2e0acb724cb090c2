"""What one poll of a worker pool says: how many workers are ordered, ready, pending, draining.

Pure: objects in, counts out. This module must not know where the objects come from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gtc_runtime.cluster.api.errors import first_line
from gtc_runtime.cluster.api.kube import Json
from gtc_runtime.view import PodRole, PodView

_ENDED = ("Succeeded", "Failed")
"""Phases of pods that have given their GPU back."""


@dataclass(frozen=True)
class PoolState:
    """One pool at one poll.

    Attributes:
        desired: Workers ordered; None when the scaling adapter does not exist.
        ready: Pods that take requests.
        pending: Pods that hold or wait for a GPU and are not Ready.
        draining: Pods that are being deleted and still hold their GPU.
        reasons: Why pods are pending and what is missing, one line each, without repeats.
        pods: Every worker, by name.
    """

    desired: int | None
    ready: int
    pending: int
    draining: int
    reasons: tuple[str, ...] = ()
    pods: tuple[PodView, ...] = ()


def pool_state(
    role: PodRole, desired: int | None, found: list[Json], reasons: tuple[str, ...] = ()
) -> PoolState:
    """Count the pods of a pool; pods that ended count for nothing."""
    alive = [pod for pod in found if _mapping(pod.get("status")).get("phase") not in _ENDED]
    pods = tuple(sorted((_pod(role, pod) for pod in alive), key=lambda each: each.name))
    ready, pending, draining = (
        [each for each in pods if each.state == state] for state in ("ready", "pending", "draining")
    )
    whys = dict.fromkeys((*reasons, *(each.reason for each in pending)))
    return PoolState(desired, len(ready), len(pending), len(draining), tuple(whys), pods)


def _pod(role: PodRole, pod: Json) -> PodView:
    metadata = _mapping(pod.get("metadata"))
    name, node = str(metadata.get("name", "")), str(_mapping(pod.get("spec")).get("nodeName") or "")
    if metadata.get("deletionTimestamp"):
        return PodView(name, role, "draining", node)
    if condition(pod, "Ready").get("status") == "True":
        return PodView(name, role, "ready", node)
    return PodView(name, role, "pending", node, why_pending(pod))


def why_pending(pod: Json) -> str:
    """Why a pod is not Ready: no place for it, its container waits, or it is still loading."""
    scheduled = condition(pod, "PodScheduled")
    if scheduled.get("status") == "False":
        return first_line(str(scheduled.get("message") or scheduled.get("reason") or "no place"))
    for container in _mapping(pod.get("status")).get("containerStatuses") or []:
        waiting = _mapping(_mapping(_mapping(container).get("state")).get("waiting"))
        if waiting.get("reason"):
            words = f": {waiting['message']}" if waiting.get("message") else ""
            return first_line(f"{waiting['reason']}{words}")
    return "loading"


def condition(obj: Json, kind: str) -> Json:
    """The condition of that type in an object's status; empty when it has none."""
    for each in _mapping(obj.get("status")).get("conditions") or []:
        if _mapping(each).get("type") == kind:
            return _mapping(each)
    return {}


def _mapping(value: Any) -> Json:
    return value if isinstance(value, dict) else {}
