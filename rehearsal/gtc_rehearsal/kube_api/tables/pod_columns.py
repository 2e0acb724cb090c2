"""What kubectl says about a pod in one word, and how many of its containers are ready."""

from __future__ import annotations

from typing import Any

from gtc_rehearsal.kube_api.objects import Object, metadata


def pod_ready(pod: Object) -> str:
    """Ready over all containers: "1/1"."""
    statuses = _statuses(pod)
    containers = (pod.get("spec") or {}).get("containers") or statuses
    ready = sum(bool(status.get("ready")) for status in statuses)
    return f"{ready}/{len(containers)}"


def pod_status(pod: Object) -> str:
    """Why the pod is where it is: a waiting reason, "Terminating", or its phase."""
    if metadata(pod).get("deletionTimestamp"):
        return "Terminating"
    status = pod.get("status") or {}
    for container in _statuses(pod):
        state = container.get("state") or {}
        for name in ("waiting", "terminated"):
            if reason := (state.get(name) or {}).get("reason"):
                return str(reason)
    return str(status.get("reason") or status.get("phase") or "Unknown")


def pod_restarts(pod: Object) -> int:
    """Restarts of all containers."""
    return sum(int(status.get("restartCount") or 0) for status in _statuses(pod))


def _statuses(pod: Object) -> list[dict[str, Any]]:
    return (pod.get("status") or {}).get("containerStatuses") or []
