"""Name and tag of the one image that we build: panel, guardian and model jobs.

Everything else is pulled as `versions` pins it. This module must not run git or docker.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from gtc_spec.errors import UsageError

REGISTRY: Final = "registry.digitalocean.com/do-solutions-sfo3"
"""The plan's registry. It exists before the demo and stays after it."""
IMAGE: Final = "gtc-demo-loadgen"
"""The plan's name for the image of the load generator."""
SHORT_SHA: Final = 7
"""Digits of a commit in a tag; fixed, because git itself prints more when a repository grows."""

CHOICES: Final = {
    "GTC_REGISTRY": "container registry, host/path",
    "GTC_TAG": "image tag; empty: YYYYMMDD-<short sha> of the commit",
}
"""Variables by which a deployment chooses another image, and what each says."""

INTEGRATED: Final = "registry.digitalocean.com"
"""The registry whose integration writes pull secrets into every namespace of a cluster."""

_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_REGISTRY = re.compile(r"[a-z0-9][a-z0-9.-]*(:[0-9]{1,5})?(/[a-z0-9][a-z0-9._-]*)*")


def tag(committed: datetime, sha: str) -> str:
    """``YYYYMMDD-<short sha>`` with the commit's date in UTC.

    The commit's date and not today's: building the same commit twice gives the same tag.

    Args:
        committed: When the commit was made, with a time zone.
        sha: Its whole hash, 40 hexadecimal digits.

    Raises:
        UsageError: The hash is none, or the time has no zone.
    """
    if not re.fullmatch(r"[0-9a-f]{40}", sha):
        raise UsageError(f"not a commit: {sha!r}, allowed: 40 hexadecimal digits")
    if committed.tzinfo is None:
        raise UsageError(f"commit time {committed.isoformat()} has no time zone")
    return f"{committed.astimezone(UTC):%Y%m%d}-{sha[:SHORT_SHA]}"


def pull_secrets(image: str) -> dict[str, list[dict[str, str]]]:
    """``imagePullSecrets`` of a pod or a ServiceAccount that uses this image; empty for others'.

    The integration hands its secret to each namespace's default account only, and ours is none. It
    is called like the registry when the API or the control panel integrates it, and has the prefix
    ``registry-`` when ``doctl registry kubernetes-manifest`` does (docs.digitalocean.com, "Use your
    private registry with Docker and Kubernetes"). Kubernetes passes over one that is not there.

    Args:
        image: Any image, such as from `reference`.
    """
    host, _, path = image.partition("/")
    if host != INTEGRATED or "/" not in path:
        return {}
    registry = path.partition("/")[0]
    return {"imagePullSecrets": [{"name": registry}, {"name": f"registry-{registry}"}]}


def reference(tag: str, registry: str = REGISTRY) -> str:
    """The image as docker and Kubernetes name it.

    Args:
        tag: From `tag`, or any other tag that was pushed.
        registry: Host and path without a scheme. Default: the plan's registry.

    Raises:
        UsageError: One of them cannot be part of an image name.
    """
    if not _TAG.fullmatch(tag):
        raise UsageError(
            f"not an image tag: {tag!r}, allowed: up to 128 of A-Z a-z 0-9 _ . -",
            "leave TAG out to take YYYYMMDD-<short sha>",
        )
    if not _REGISTRY.fullmatch(registry):
        raise UsageError(f"not a registry: {registry!r}, allowed: host/path like {REGISTRY}")
    return f"{registry}/{IMAGE}:{tag}"
