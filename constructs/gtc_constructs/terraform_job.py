"""A job that Terraform creates and waits for, from the same manifest that Kubernetes would read.

Helm can wait for jobs too, but a failed one would stay as it is at the next apply, and a broken
connection leaves its release pending. The provider's own resource is tainted when its job fails, so
that the next apply makes the job anew. Its class in the bindings is 3 MB of Python for what a
table says below. It must not know what the job does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from gtc_constructs._bindings import (
    Construct,
    TerraformProviderGeneratorMetadata,
    TerraformResource,
)
from gtc_constructs.hcl import literal

TYPE: Final = "kubernetes_job_v1"
_SLACK: Final = timedelta(minutes=5)
"""How much longer Terraform waits than the job may take, so that the job says what was wrong."""
_SINGULAR: Final = {
    "containers": "container",
    "initContainers": "init_container",
    "volumes": "volume",
    "volumeMounts": "volume_mount",
    "rules": "rule",
    "onPodConditions": "on_pod_condition",
}
"""Lists whose entries the provider calls by the name of one."""
_NUMBERS_AS_TEXT: Final = ("runAsUser", "runAsGroup", "fsGroup")
"""Numbers that the provider takes for text, so that it can tell 0 from none."""
_DATA: Final = ("labels", "annotations", "nodeSelector", "limits", "requests")
"""Mappings whose keys are data and no names of fields."""


def terraform_job(
    scope: Construct, id: str, manifest: Mapping[str, Any], depends_on: Sequence[Any]
) -> TerraformResource:
    """The resource of a job with a deadline; creating it ends when the job is complete or failed.

    Args:
        scope: The construct to create it in.
        id: Name inside the scope.
        manifest: The job as it would be written in YAML.
        depends_on: Resources that must be there first.
    """
    job = TerraformResource(
        scope,
        id,
        terraform_resource_type=TYPE,
        terraform_generator_metadata=TerraformProviderGeneratorMetadata(provider_name="kubernetes"),
        depends_on=depends_on,
    )
    deadline = timedelta(seconds=manifest["spec"]["activeDeadlineSeconds"])
    wait = f"{int((deadline + _SLACK).total_seconds())}s"
    job.add_override("metadata", _block(manifest["metadata"]))
    job.add_override("spec", _block(manifest["spec"]))
    job.add_override("wait_for_completion", True)
    job.add_override("timeouts", {"create": wait, "update": wait, "delete": "5m"})
    return job


def _block(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {_field(key): _inside(key, each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_block(each) for each in value]
    return literal(value) if isinstance(value, str) else value


def _inside(key: str, value: Any) -> Any:
    if key in _DATA:
        return {literal(name): literal(each) for name, each in value.items()}
    if key in _NUMBERS_AS_TEXT:
        return str(value)
    return _block(value)


def _field(key: str) -> str:
    return _SINGULAR.get(key) or re.sub(r"[A-Z]", lambda sign: f"_{sign[0].lower()}", key)
