"""Pods of a DynamoGraphDeployment as the operator, the scheduler and the kubelet write them.

Pure: manifests and status documents in, documents out. It must not know the store, the clock or
any process.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from gtc_rehearsal.conditions import Condition, updated
from gtc_rehearsal.kube_api.objects import Object
from gtc_rehearsal.operator.services import PodSet
from gtc_spec.manifests.placement import CPU_POOL, POOL_LABEL

FINALIZER = "gtc-demo.digitalocean.com/drain"
"""Holds a pod that is to go until its worker has drained, as a real kubelet does by the grace."""
GPU = "nvidia.com/gpu"

_CONTAINER = "main"


def new_pod(pods: PodSet) -> Object:
    """A pod of a set, not yet placed."""
    service = pods.service
    pod_spec = service.spec.get("extraPodSpec") or {}
    container, selector = pod_spec.get("mainContainer") or {}, pod_spec.get("nodeSelector")
    port = {"name": "http", "containerPort": 8000, "protocol": "TCP"}
    if service.role != "frontend":
        port = {"name": "system", "containerPort": 9090, "protocol": "TCP"}
    main: Object = {"name": _CONTAINER, "image": container.get("image", "dynamo"), "ports": [port]}
    if service.gpus:
        main["resources"] = {"limits": {GPU: str(service.gpus)}}
    return {
        "metadata": {
            "generateName": f"{pods.name}-",
            "namespace": service.namespace,
            "labels": pods.labels,
            "finalizers": [FINALIZER],
            "ownerReferences": [owner_reference(pods.owner)],
        },
        "spec": {
            "containers": [main],
            "terminationGracePeriodSeconds": int(service.grace_s),
            **({"nodeSelector": dict(selector)} if selector else {}),
        },
    }


def owner_reference(owner: Mapping[str, Any]) -> Object:
    """A controlling owner reference."""
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def slots_of(pod: Mapping[str, Any]) -> int:
    """Slots that a pod takes: its GPUs, or one when it asks for a node of simulated workers."""
    spec = pod.get("spec") or {}
    if (spec.get("nodeSelector") or {}).get(POOL_LABEL) == CPU_POOL:
        return 1
    return sum(
        int(((each.get("resources") or {}).get("limits") or {}).get(GPU) or 0)
        for each in spec.get("containers") or []
    )


def is_placed(pod: Mapping[str, Any]) -> bool:
    """Whether a pod has a node, and so holds its slot until it is gone."""
    return bool((pod.get("spec") or {}).get("nodeName"))


def is_ready(pod: Mapping[str, Any]) -> bool:
    """Whether a pod takes requests."""
    present = (pod.get("status") or {}).get("conditions") or []
    return any(one["type"] == "Ready" and one["status"] == "True" for one in present)


def is_terminating(pod: Mapping[str, Any]) -> bool:
    """Whether a pod was deleted and still drains."""
    return bool(pod["metadata"].get("deletionTimestamp"))


def unschedulable(pod: Mapping[str, Any], lacking: str, nodes: int, at: str) -> Object:
    """Status of a pod for which no slot is free; ``lacking`` is the resource that it waits for."""
    message = (
        f"0/{nodes} nodes are available: {nodes} Insufficient {lacking}. preemption: 0/{nodes} "
        "nodes are available: No preemption victims found for incoming pod."
    )
    fact = Condition("PodScheduled", "False", "Unschedulable", message)
    return {"phase": "Pending", "conditions": _conditions(pod, [fact], at)}


def running(pod: Mapping[str, Any], at: str, *, ready: bool, restarts: int, reason: str) -> Object:
    """Status of a pod whose container runs, loads or restarts.

    Args:
        pod: The pod as stored.
        at: Time stamp of now.
        ready: Whether it takes requests.
        restarts: How often its process was started again.
        reason: Why its container waits, such as "CrashLoopBackOff"; empty when it runs.
    """
    state = {"waiting": {"reason": reason}} if reason else {"running": {"startedAt": at}}
    before = (pod.get("status") or {}).get("containerStatuses") or [{}]
    if not reason and "running" in (before[0].get("state") or {}):
        state = before[0]["state"]
    answer: Literal["True", "False"] = "True" if ready else "False"
    why = "" if ready else "ContainersNotReady"
    words = "" if ready else f"containers with unready status: [{_CONTAINER}]"
    facts = [
        Condition("PodScheduled", "True", "", ""),
        Condition("Initialized", "True", "", ""),
        Condition("ContainersReady", answer, why, words),
        Condition("Ready", answer, why, words),
    ]
    container = {
        "name": _CONTAINER,
        "image": pod["spec"]["containers"][0]["image"],
        "imageID": "",
        "ready": ready,
        "started": ready,
        "restartCount": restarts,
        "state": state,
    }
    return {
        "phase": "Running",
        "startTime": (pod.get("status") or {}).get("startTime", at),
        "podIP": "127.0.0.1",
        "conditions": _conditions(pod, facts, at),
        "containerStatuses": [container],
    }


def pods_to_delete(pods: Iterable[Mapping[str, Any]], excess: int) -> list[Mapping[str, Any]]:
    """Which pods a smaller pool gives up: waiting ones, then loading ones, then the newest."""
    newest_first = sorted(pods, key=lambda pod: pod["metadata"]["creationTimestamp"], reverse=True)
    least_first = sorted(newest_first, key=lambda pod: (is_placed(pod), is_ready(pod)))
    return least_first[: max(0, excess)]


def graph_status(
    dgd: Mapping[str, Any], sets: Sequence[tuple[PodSet, int, int]], at: str
) -> Object:
    """Status of a deployment.

    Args:
        dgd: The DGD as stored.
        sets: The set of each service with the number of its pods and of its ready pods.
        at: Time stamp of now.
    """
    lacking = [each.service.name for each, _, ready in sets if ready < each.desired]
    if lacking:
        words = f"resources not ready: {', '.join(sorted(lacking))}"
        fact = Condition("Ready", "False", "some_resources_are_not_ready", words)
    else:
        fact = Condition("Ready", "True", "all_resources_are_ready", "all resources are ready")
    return {
        "state": "pending" if lacking else "successful",
        "conditions": _conditions(dgd, [fact], at),
        "services": {
            each.service.name: {
                "componentKind": each.kind,
                "componentName": each.name,
                "replicas": pods,
                "updatedReplicas": pods,
                "readyReplicas": ready,
            }
            for each, pods, ready in sets
        },
    }


def _conditions(obj: Mapping[str, Any], facts: Sequence[Condition], at: str) -> list[Object]:
    return updated((obj.get("status") or {}).get("conditions") or [], facts, at)
