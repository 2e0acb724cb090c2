"""Pods that Pod Security ``restricted`` admits, with a root file system that nobody can change."""

from __future__ import annotations

from typing import Final

from gtc_spec.manifests.metadata import Manifest

WRITABLE: Final = "/tmp"  # noqa: S108 - a volume of the pod, shared with nobody
"""The one folder that our containers may write to."""
_VOLUME: Final = "scratch"


def pod_context(uid: int) -> Manifest:
    """Security context of a pod that runs as this user and group; volumes belong to the group."""
    return {
        "runAsNonRoot": True,
        "runAsUser": uid,
        "runAsGroup": uid,
        "fsGroup": uid,
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def container_context() -> Manifest:
    """Security context of a container that needs no privilege at all."""
    return {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def scratch_volume(size_limit: str) -> Manifest:
    """The volume behind `WRITABLE`."""
    return {"name": _VOLUME, "emptyDir": {"sizeLimit": size_limit}}


def scratch_mount() -> Manifest:
    """The mount at `WRITABLE`."""
    return {"name": _VOLUME, "mountPath": WRITABLE}
