"""What every object of ours carries: its name, a common label and the digest of its facts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from gtc_spec import names
from gtc_spec.environment import Environment

Manifest = dict[str, Any]
"""One Kubernetes object as it would be written in YAML."""

PART_OF: Final = {"app.kubernetes.io/part-of": names.DEMO}
"""Label by which everything of the demo can be listed."""


def metadata(
    env: Environment,
    name: str,
    namespace: str | None = names.NAMESPACE_WORKLOAD,
    annotations: Mapping[str, str] | None = None,
) -> Manifest:
    """Metadata of one object.

    The digest lets the preflight compare what was deployed with what the panel believes.
    ``namespace`` is None for objects of the whole cluster.
    """
    place = {} if namespace is None else {"namespace": namespace}
    stamped = {names.ANNOTATION_DIGEST: env.digest, **(annotations or {})}
    return {"name": name, **place, "labels": dict(PART_OF), "annotations": stamped}
