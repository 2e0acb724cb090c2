"""Check of the images: whether any pod of ours waits for one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gtc_runtime.checks.scene import Scene
from gtc_runtime.cluster.api.errors import Denied, first_line
from gtc_runtime.cluster.api.kube import Json, Objects
from gtc_runtime.verdict import NotApplicable, Verdict, judge
from gtc_spec import names
from gtc_spec.kinds import POD

PULL_REASONS: Final = frozenset(
    {"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"}
)
"""Reasons of a container that waits for its image, as the kubelet writes them."""


async def images(scene: Scene) -> Verdict:
    """Every container of workload and panel has got its image.

    A pod that runs proves that its image can be pulled; the panel's pods count where we may look.
    """
    pods = [*await scene.all(POD), *await _panel_pods(scene)]
    if not pods:
        raise NotApplicable("there is no pod yet, see workers")
    stuck = {why for pod in pods for why in _stuck(pod)}
    running = {str(status.get("image")) for pod in pods for status in _statuses(pod)}
    hint = "check tag and pull secret: gtc image name, gtc image push; nvcr.io may be rate-limited"
    found = "; ".join(sorted(stuck)) or f"{len(running)} images run"
    return judge(not stuck, found, "no pod waits for an image", hint)


def waits_for_image(pod: Json) -> bool:
    """Whether a pod cannot start because of an image."""
    return any(_stuck(pod))


async def _panel_pods(scene: Scene) -> Objects:
    try:
        return await scene.all(POD, namespace=names.NAMESPACE_PANEL)
    except Denied:
        return []


def _stuck(pod: Json) -> Iterator[str]:
    for status in _statuses(pod):
        waiting = (status.get("state") or {}).get("waiting") or {}
        if waiting.get("reason") in PULL_REASONS:
            message = waiting.get("message") or waiting["reason"]
            yield first_line(f"{pod['metadata']['name']}: {message}")


def _statuses(pod: Json) -> list[Json]:
    status = pod.get("status") or {}
    return [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]
