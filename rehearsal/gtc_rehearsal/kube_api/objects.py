"""What every Kubernetes object has in common: metadata, identity, copies and time stamps."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

Object = dict[str, Any]
"""A Kubernetes object as JSON."""

Key = tuple[str, str]
"""(namespace or "", name): where an object lies inside its resource."""


def clone(value: Any) -> Any:
    """A deep copy of a JSON value; several times faster than `copy.deepcopy`."""
    if isinstance(value, dict):
        return {key: clone(item) for key, item in value.items()}
    if isinstance(value, list):
        return [clone(item) for item in value]
    return value


def metadata(obj: Mapping[str, Any]) -> dict[str, Any]:
    """The object's metadata; empty when it has none."""
    found = obj.get("metadata")
    return found if isinstance(found, dict) else {}


def key_of(obj: Mapping[str, Any]) -> Key:
    """Where the object lies."""
    meta = metadata(obj)
    return meta.get("namespace") or "", meta.get("name") or ""


def revision_of(obj: Mapping[str, Any]) -> str:
    """The object's resourceVersion; empty when it has none."""
    return str(metadata(obj).get("resourceVersion") or "")


def labels_of(obj: Mapping[str, Any]) -> Mapping[str, str]:
    """The object's labels; empty when it has none."""
    return metadata(obj).get("labels") or {}


def stamp(moment: datetime) -> str:
    """A moment as metadata carries it: UTC, whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)
