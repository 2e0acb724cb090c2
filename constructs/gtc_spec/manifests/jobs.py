"""The two model jobs: HuggingFace to the bucket once, the bucket to the NFS share per cluster.

Their one owner is ``gtc model setup``: a job's template cannot be changed, so it replaces a
finished one instead of updating it.
"""

from __future__ import annotations

from typing import Final, Literal

from gtc_spec import kinds, names
from gtc_spec.cloud.images import pull_secrets
from gtc_spec.environment import Environment
from gtc_spec.errors import GtcError, UsageError
from gtc_spec.manifests.metadata import Manifest, metadata
from gtc_spec.manifests.placement import on_management_pool
from gtc_spec.manifests.pod_security import (
    WRITABLE,
    container_context,
    pod_context,
    scratch_mount,
    scratch_volume,
)
from gtc_spec.manifests.rbac import JOBS_ACCOUNT
from gtc_spec.manifests.secret_names import HF_TOKEN, SPACES, SecretName, env_from

Direction = Literal["upload", "download"]
"""From the hub to the bucket, or from there to the share."""
UPLOAD_JOB: Final = "model-upload-spaces"
DOWNLOAD_JOB: Final = "model-download-nfs"
UID: Final = 1000
"""User of the jobs: the share squashes root, and Dynamo's images read as this user."""
SCRATCH_GIB: Final = 30
"""Room for the files in flight; checkpoints come in files of about 5 GB."""


def upload_job(env: Environment, image: str) -> Manifest:
    """HuggingFace -> ``s3://<bucket>/models/<repository>/``, marker last; ``image`` is our own."""
    return _job(env, UPLOAD_JOB, image, "upload", (HF_TOKEN, SPACES))


def download_job(env: Environment, image: str) -> Manifest:
    """Bucket -> ``/models/<repository>/`` on the share that the workers mount, marker last."""
    return _job(env, DOWNLOAD_JOB, image, "download", (SPACES,))


def _job(
    env: Environment,
    name: str,
    image: str,
    direction: Direction,
    secrets: tuple[SecretName, ...],
) -> Manifest:
    return {
        **kinds.JOB.type_meta,
        "metadata": metadata(env, name),
        "spec": {
            "backoffLimit": 3,
            "ttlSecondsAfterFinished": 3600,
            "podFailurePolicy": {"rules": [refused(direction)]},
            "template": {
                "metadata": {"labels": {"app.kubernetes.io/name": name}},
                "spec": {
                    "restartPolicy": "Never",
                    "serviceAccountName": JOBS_ACCOUNT,
                    **pull_secrets(image),
                    "automountServiceAccountToken": False,
                    "nodeSelector": on_management_pool(),
                    "securityContext": pod_context(UID),
                    "containers": [_container(env, image, direction, secrets)],
                    "volumes": [
                        scratch_volume(f"{SCRATCH_GIB}Gi"),
                        *([_share()] if direction == "download" else []),
                    ],
                },
            },
        },
    }


def refused(container: str) -> Manifest:
    """What no repetition mends ends the job at once: a gated model, a wrong key, a full share."""
    codes = [GtcError.exit_code, UsageError.exit_code]
    exits = {"containerName": container, "operator": "In", "values": codes}
    return {"action": "FailJob", "onExitCodes": exits}


def _container(
    env: Environment,
    image: str,
    direction: Direction,
    secrets: tuple[SecretName, ...],
) -> Manifest:
    repository, spaces = env.model.repository, env.spaces
    arguments = sync_args(direction, repository, spaces.bucket, spaces.url)
    if direction == "download":
        arguments += to_share(names.model_path(repository))
    return sync_container(direction, image, arguments, env_from(*secrets), names.MODEL_MOUNT)


def sync_container(
    direction: Direction,
    image: str,
    arguments: list[str],
    secrets: list[dict[str, dict[str, str]]],
    mount: str,
) -> Manifest:
    """The container that carries a checkpoint one way.

    Args:
        direction: From the hub to the bucket, or from there to the share.
        image: Our own.
        arguments: From `sync_args`, and from `to_share` for the second way.
        secrets: Where its keys come from.
        mount: Where the share is mounted.
    """
    mounts = [scratch_mount()]
    if direction == "download":
        mounts.append({"name": "models", "mountPath": mount})
    return {
        "name": direction,
        "image": image,
        "command": ["python", "-m", "gtc_runtime.models.sync", direction],
        "args": arguments,
        "env": [{"name": "HOME", "value": WRITABLE}],
        "envFrom": secrets,
        "resources": {
            "requests": {"cpu": "500m", "memory": "512Mi"},
            "limits": {"memory": "1Gi"},
        },
        "securityContext": container_context(),
        "volumeMounts": mounts,
    }


def sync_args(direction: Direction, repository: str, bucket: str, endpoint: str) -> list[str]:
    """What a sync is told of a checkpoint and of the bucket between hub and share."""
    common = [
        "--repository", repository,
        "--bucket", bucket,
        "--endpoint", endpoint,
        "--prefix", names.model_prefix(repository),
        "--upload-marker", names.UPLOAD_MARKER,
    ]  # fmt: skip
    if direction == "upload":
        return [*common, "--scratch", WRITABLE, "--scratch-gib", str(SCRATCH_GIB)]
    return common


def to_share(folder: str) -> list[str]:
    """What a download is told of the share."""
    return ["--directory", folder, "--download-marker", names.DOWNLOAD_MARKER]


def _share() -> Manifest:
    return {"name": "models", "persistentVolumeClaim": {"claimName": names.MODEL_CLAIM}}
