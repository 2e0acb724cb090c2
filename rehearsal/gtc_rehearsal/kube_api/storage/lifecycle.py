"""What the server itself does to an object that is created or replaced.

Identity, generation, the split between desired state and status, deletion marks: fields that a
caller may send but that only the server decides.
"""

from __future__ import annotations

import secrets
import uuid
from datetime import datetime
from typing import Any

from gtc_rehearsal.kube_api import schemas
from gtc_rehearsal.kube_api.objects import Object, clone, metadata, stamp
from gtc_rehearsal.kube_api.resources import Resource

_SUFFIX_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
_SERVER_OWNED = (
    "uid",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "generation",
    "managedFields",
)
"""Metadata that only the server decides; it never fills managedFields, whoever sends them."""
_FIRST_STATUS: dict[str, Any] = {
    "Pod": {"phase": "Pending", "qosClass": "BestEffort"},
    "Namespace": {"phase": "Active"},
    "PersistentVolumeClaim": {"phase": "Pending"},
}


def prepared_for_create(resource: Resource, obj: Object, now: datetime) -> Object:
    """Turn what a caller sent into a new object; uses up `obj`."""
    obj = {"apiVersion": "", "kind": "", **obj}
    meta = obj.setdefault("metadata", {})
    if not meta.get("name") and meta.get("generateName"):
        suffix = "".join(secrets.choice(_SUFFIX_ALPHABET) for _ in range(5))
        meta["name"] = f"{meta['generateName']}{suffix}"
    for name in (*_SERVER_OWNED, "resourceVersion", "selfLink"):
        meta.pop(name, None)
    if not resource.namespaced:
        meta.pop("namespace", None)
    meta["uid"] = str(uuid.uuid4())
    meta["creationTimestamp"] = stamp(now)
    if resource.counts_generations:
        meta["generation"] = 1
    if resource.has_status:
        obj.pop("status", None)
        if first := _FIRST_STATUS.get(resource.kind):
            obj["status"] = dict(first)
    _drop_empty_maps(meta)
    return {**obj, "apiVersion": resource.api_version, "kind": resource.kind}


def prepared_for_update(
    resource: Resource, old: Object, new: Object, subresource: str | None
) -> Object:
    """The object that follows `old` when a caller asks for `new`; changes and returns it.

    A write to the status subresource changes status alone, any other write everything but status.
    Defaults are filled in first: what they only put back is no change of the desired state.
    """
    schemas.fill_defaults(resource, new)
    if subresource == "status":
        new = _with_status(old, new.get("status"))
    elif resource.has_status:
        _set_or_drop(new, "status", old.get("status"))
    old_meta, meta = metadata(old), new.setdefault("metadata", {})
    for name in _SERVER_OWNED:
        _set_or_drop(meta, name, old_meta.get(name))
    _drop_empty_maps(meta)
    meta["resourceVersion"] = old_meta["resourceVersion"]
    if resource.counts_generations and _desired(old) != _desired(new):
        meta["generation"] = old_meta["generation"] + 1
    new["apiVersion"], new["kind"] = resource.api_version, resource.kind
    return new


def mark_deleted(resource: Resource, old: Object, now: datetime) -> Object:
    """The object in the state "wants to go, but its finalizers do not let it yet"."""
    new: Object = clone(old)
    meta = new["metadata"]
    meta["deletionTimestamp"] = stamp(now)
    meta["deletionGracePeriodSeconds"] = 0
    if resource.counts_generations:
        meta["generation"] += 1
    return new


def may_go(obj: Object) -> bool:
    """Whether a deletion was asked for and nothing holds the object any more."""
    meta = metadata(obj)
    return bool(meta.get("deletionTimestamp")) and not meta.get("finalizers")


def same(old: Object, new: Object) -> bool:
    """Whether a write changes nothing; a resourceVersion that it names does not count."""
    return _comparable(old) == _comparable(new)


def _comparable(obj: Object) -> Object:
    meta = {key: value for key, value in metadata(obj).items() if key != "resourceVersion"}
    return {**obj, "metadata": meta}


def _desired(obj: Object) -> Object:
    return {key: value for key, value in obj.items() if key not in {"metadata", "status"}}


def _with_status(old: Object, status: Any) -> Object:
    new: Object = clone(old)
    _set_or_drop(new, "status", status)
    return new


def _set_or_drop(mapping: dict[str, Any], key: str, value: Any) -> None:
    if value is None:
        mapping.pop(key, None)
    else:
        mapping[key] = value


def _drop_empty_maps(meta: dict[str, Any]) -> None:
    for name in ("annotations", "labels", "finalizers", "ownerReferences"):
        if name in meta and not meta[name]:
            del meta[name]
