"""The NFS share with the models as a volume that every pod of one namespace can claim."""

from __future__ import annotations

from typing import Final

from gtc_spec import kinds, names
from gtc_spec.manifests.metadata import Manifest

MOUNT_OPTIONS: Final = ("nfsvers=4.1", "nconnect=8")
"""As DigitalOcean's guides mount it: eight connections, one alone does not fill the link."""


def volume_name(claim: str, namespace: str = names.NAMESPACE_WORKLOAD) -> str:
    """PersistentVolume behind a claim; volumes know no namespace, so that theirs is in the name.

    All but the demo's: a volume cannot be renamed.
    """
    place = "" if namespace == names.NAMESPACE_WORKLOAD else f"{namespace}-"
    return f"{place}{claim}-volume"


def persistent_volume(metadata: Manifest, host: str, path: str, size_gib: int) -> Manifest:
    """The share itself; kept when the claim goes, because its content took an hour to load.

    Args:
        metadata: Its metadata; the name is `volume_name` of the claim.
        host: Address of the NFS server.
        path: Directory that it exports.
        size_gib: Size of the share; Kubernetes compares it with the claim and with nothing else.
    """
    return {
        **kinds.PV.type_meta,
        "metadata": metadata,
        "spec": {
            **_shape(),
            "capacity": {"storage": f"{size_gib}Gi"},
            "persistentVolumeReclaimPolicy": "Retain",
            "mountOptions": list(MOUNT_OPTIONS),
            "nfs": {"server": host, "path": path},
        },
    }


def persistent_volume_claim(metadata: Manifest, size_gib: int) -> Manifest:
    """The claim that pods name; it takes exactly its own volume."""
    return {
        **kinds.PVC.type_meta,
        "metadata": metadata,
        "spec": {
            **_shape(),
            "volumeName": volume_name(metadata["name"], metadata["namespace"]),
            "resources": {"requests": {"storage": f"{size_gib}Gi"}},
        },
    }


def _shape() -> Manifest:
    # an empty class keeps the default one from making a disk for the claim
    return {"accessModes": ["ReadWriteMany"], "storageClassName": ""}
