"""What every object of ours carries: its name, a common label and the digest of its facts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from gtc_spec import names
from gtc_spec.environment import Environment

Manifest = dict[str, Any]
"""One Kubernetes object as it would be written in YAML."""

LABEL_PART_OF: Final = "app.kubernetes.io/part-of"
LABEL_NAME: Final = "app.kubernetes.io/name"
PART_OF: Final = {LABEL_PART_OF: names.DEMO}
"""Label by which everything of the demo can be listed."""


def digest(env: Environment) -> dict[str, str]:
    """Annotation by which the preflight compares what was deployed with what the panel believes."""
    return {names.ANNOTATION_DIGEST: env.digest}


def metadata(
    env: Environment,
    name: str,
    namespace: str | None = names.NAMESPACE_WORKLOAD,
    annotations: Mapping[str, str] | None = None,
) -> Manifest:
    """Metadata of one object of the demo, stamped with the digest of its environment.

    ``namespace`` is None for objects of the whole cluster.
    """
    stamped = {**digest(env), **(annotations or {})}
    return object_metadata(name, namespace, PART_OF, stamped)


def object_metadata(
    name: str,
    namespace: str | None,
    labels: Mapping[str, str],
    annotations: Mapping[str, str],
) -> Manifest:
    """Metadata of one object of any deployment; ``namespace`` is None for the whole cluster."""
    place = {} if namespace is None else {"namespace": namespace}
    stamped = {"annotations": dict(annotations)} if annotations else {}
    return {"name": name, **place, "labels": dict(labels), **stamped}
