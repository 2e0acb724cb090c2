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
    direction: Literal["upload", "download"],
    secrets: tuple[SecretName, ...],
) -> Manifest:
    to_share = direction == "download"
    return {
        **kinds.JOB.type_meta,
        "metadata": metadata(env, name),
        "spec": {
            "backoffLimit": 3,
            "ttlSecondsAfterFinished": 3600,
            "podFailurePolicy": {"rules": [_refused(direction)]},
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
                        *([_share()] if to_share else []),
                    ],
                },
            },
        },
    }


def _refused(container: str) -> Manifest:
    """What no repetition mends ends the job at once: a gated model, a wrong key, a full share."""
    codes = [GtcError.exit_code, UsageError.exit_code]
    exits = {"containerName": container, "operator": "In", "values": codes}
    return {"action": "FailJob", "onExitCodes": exits}


def _container(
    env: Environment,
    image: str,
    direction: Literal["upload", "download"],
    secrets: tuple[SecretName, ...],
) -> Manifest:
    mounts = [scratch_mount()]
    if direction == "download":
        mounts.append({"name": "models", "mountPath": names.MODEL_MOUNT})
    return {
        "name": direction,
        "image": image,
        "command": ["python", "-m", "gtc_runtime.models.sync", direction],
        "args": _sync_args(env, direction),
        "env": [{"name": "HOME", "value": WRITABLE}],
        "envFrom": env_from(*secrets),
        "resources": {
            "requests": {"cpu": "500m", "memory": "512Mi"},
            "limits": {"memory": "1Gi"},
        },
        "securityContext": container_context(),
        "volumeMounts": mounts,
    }


def _sync_args(env: Environment, direction: Literal["upload", "download"]) -> list[str]:
    repository = env.model.repository
    common = [
        "--repository", repository,
        "--bucket", env.spaces.bucket,
        "--endpoint", env.spaces.url,
        "--prefix", names.model_prefix(repository),
        "--upload-marker", names.UPLOAD_MARKER,
    ]  # fmt: skip
    if direction == "upload":
        return [*common, "--scratch", WRITABLE, "--scratch-gib", str(SCRATCH_GIB)]
    target = ["--directory", names.model_path(repository)]
    return [*common, *target, "--download-marker", names.DOWNLOAD_MARKER]


def _share() -> Manifest:
    return {"name": "models", "persistentVolumeClaim": {"claimName": names.MODEL_CLAIM}}
