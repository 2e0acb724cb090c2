"""The job that brings a checkpoint from HuggingFace to the share with a public image.

Two objects: the program as text, and the job that runs it. Both are named after what they do,
because a job's template cannot be changed: another revision is another job. This module must not
know who creates them, or who waits.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from importlib.resources import files
from typing import Final

from gtc_spec import kinds, names, versions
from gtc_spec.cloud.images import pull_secrets
from gtc_spec.graph.existing import ExistingBucket
from gtc_spec.graph.model_ref import ModelRef
from gtc_spec.manifests.config_maps import config_map
from gtc_spec.manifests.jobs import (
    SCRATCH_GIB,
    UID,
    Direction,
    refused,
    sync_args,
    sync_container,
    to_share,
)
from gtc_spec.manifests.metadata import LABEL_NAME, Manifest, object_metadata
from gtc_spec.manifests.placement import on_management_pool
from gtc_spec.manifests.pod_security import container_context, pod_context, scratch_volume
from gtc_spec.manifests.secret_names import HF_TOKEN

PROGRAM: Final = "gtc_spec.hub_to_share"
"""Name of the package, here and in the pod; there it is all of ``gtc_spec``."""
_CALLED: Final = {LABEL_NAME: "model-download"}
_HOME: Final = "/opt/program"
_MOUNT: Final = f"{_HOME}/{PROGRAM.replace('.', '/')}"
_NAME_MAX: Final = 63
"""Longest name of a job: it becomes a label of its pods."""
_LOST_PODS: Final = 3
"""Pods that may fail before the job does; each goes on where the one before it ended."""


@dataclass(frozen=True, kw_only=True)
class HubDownload:
    """One checkpoint on its way from the hub to a share.

    Attributes:
        model: Which one.
        namespace: Where the job runs.
        claim: Claim of the share in that namespace.
        account: ServiceAccount of the job; it needs no right.
        token_secret: Secret with the key ``HF_TOKEN``; empty for an open model.
        deadline: When the job gives up.
        endpoint: The hub.
        bucket: What the checkpoint goes through; None for straight to the share.
        image: Any image with Python 3.11 or newer as ``python``.
        node_selector: Nodes to run on.
        labels: Labels of both objects.
        annotations: Annotations of both objects.
    """

    model: ModelRef
    namespace: str
    claim: str
    account: str
    token_secret: str
    deadline: timedelta
    endpoint: str
    bucket: ExistingBucket | None = None
    image: str = versions.DOWNLOAD_IMAGE
    node_selector: Mapping[str, str] = field(default_factory=on_management_pool)
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Name of both objects: the model, and twelve digits that change with what is done."""
        done = json.dumps([self._job_spec(""), program()], sort_keys=True)
        digits = hashlib.sha256(done.encode()).hexdigest()[:12]
        begin = f"download-{self.model.slug}"[: _NAME_MAX - len(digits) - 1]
        return f"{begin.rstrip('-')}-{digits}"

    def program_map(self) -> Manifest | None:
        """The program, one key for each of its files; None where the image has one."""
        return None if self.bucket else config_map(self._metadata(), program())

    def job(self) -> Manifest:
        """The job; it has no time to live, or whoever keeps it would make it anew."""
        return {
            **kinds.JOB.type_meta,
            "metadata": self._metadata(),
            "spec": self._job_spec(self.name),
        }

    def _metadata(self) -> Manifest:
        # a job without labels is given those of its pods, which Terraform would want to take away
        labels = {**_CALLED, **self.labels}
        return object_metadata(self.name, self.namespace, labels, self.annotations)

    def _job_spec(self, name: str) -> Manifest:
        return {
            "backoffLimit": _LOST_PODS,
            "activeDeadlineSeconds": int(self.deadline.total_seconds()),
            "podFailurePolicy": {"rules": [_evicted(), *self._refusals()]},
            "template": {
                "metadata": {"labels": _CALLED},
                "spec": {
                    "restartPolicy": "Never",
                    "serviceAccountName": self.account,
                    "automountServiceAccountToken": False,
                    "nodeSelector": dict(self.node_selector),
                    "securityContext": pod_context(UID),
                    **(self._through(self.bucket) if self.bucket else self._straight(name)),
                },
            },
        }

    def _refusals(self) -> list[Manifest]:
        """What no repetition mends ends the job at once: a gated model, a full share."""
        return [
            refused(each) for each in (("upload", "download") if self.bucket else ("download",))
        ]

    @property
    def _models(self) -> Manifest:
        return {"name": "models", "persistentVolumeClaim": {"claimName": self.claim}}

    @property
    def _token(self) -> list[Manifest]:
        [key] = HF_TOKEN.keys
        secret = {"secretKeyRef": {"name": self.token_secret, "key": key}}
        return [{"name": key, "valueFrom": secret}] if self.token_secret else []

    def _through(self, bucket: ExistingBucket) -> Manifest:
        """Two containers, one after the other; each ends in seconds when its copy is there."""
        model, mount = self.model, str(self.model.mount)

        def carrier(way: Direction, *further: str) -> Manifest:
            arguments = sync_args(way, model.repository, bucket.name, bucket.endpoint)
            keys = [{"secretRef": {"name": bucket.secret}}]
            return sync_container(way, bucket.image, [*arguments, *further], keys, mount)

        upload = carrier("upload", "--revision", model.revision)
        upload["env"] = [*upload["env"], {"name": "HF_ENDPOINT", "value": self.endpoint}]
        upload["env"] += self._token
        return {
            **pull_secrets(bucket.image),
            "initContainers": [upload],
            "containers": [carrier("download", *to_share(str(model.path)))],
            "volumes": [self._models, scratch_volume(f"{SCRATCH_GIB}Gi")],
        }

    def _straight(self, name: str) -> Manifest:
        program = {"name": "program", "configMap": {"name": name}}
        return {"containers": [self._container()], "volumes": [self._models, program]}

    def _container(self) -> Manifest:
        return {
            "name": "download",
            "image": self.image,
            "command": ["python", "-B", "-m", PROGRAM],
            "args": [
                "--repository", self.model.repository,
                "--revision", self.model.revision,
                "--directory", str(self.model.path),
                "--marker", names.DOWNLOAD_MARKER,
                "--endpoint", self.endpoint,
            ],
            "env": [{"name": "PYTHONPATH", "value": _HOME}, *self._token],
            # the last lines say why it failed, where `kubectl describe` shows them
            "terminationMessagePolicy": "FallbackToLogsOnError",
            "resources": {
                "requests": {"cpu": "250m", "memory": "128Mi"},
                "limits": {"memory": "512Mi"},
            },
            "securityContext": container_context(),
            "volumeMounts": [
                {"name": "models", "mountPath": str(self.model.mount)},
                {"name": "program", "mountPath": _MOUNT, "readOnly": True},
            ],
        }  # fmt: skip


def program() -> dict[str, str]:
    """The files of the program, name to text."""
    there = files(PROGRAM)
    return {
        each.name: each.read_text(encoding="utf-8")
        for each in sorted(there.iterdir(), key=lambda each: each.name)
        if each.name.endswith(".py")
    }


def _evicted() -> Manifest:
    """A pod that its node lost costs no try."""
    lost = {"type": "DisruptionTarget", "status": "True"}
    return {"action": "Ignore", "onPodConditions": [lost]}
