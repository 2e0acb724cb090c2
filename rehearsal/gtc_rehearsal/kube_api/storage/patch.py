"""The patch formats of the API: JSON merge patch, JSON patch, and a strategic merge."""

from __future__ import annotations

import json
from typing import Any

import jsonpatch
import jsonpointer

from gtc_rehearsal.kube_api.errors import bad_request, invalid_patch
from gtc_rehearsal.kube_api.objects import Object, clone

MERGE = "application/merge-patch+json"
JSON = "application/json-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"

MERGE_KEYS = {
    "conditions": "type",
    "containers": "name",
    "env": "name",
    "initContainers": "name",
    "ownerReferences": "uid",
    "ports": "containerPort",
    "volumeMounts": "mountPath",
    "volumes": "name",
}
"""List name -> field that identifies an item, for strategic merges of built-in kinds."""


def merge(target: Any, patch: Any) -> Any:
    """RFC 7386: objects merge, null removes, anything else replaces; returns a new value."""
    if not isinstance(patch, dict):
        return clone(patch)
    merged = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge(merged.get(key), value)
    return merged


def json_patch(target: Object, operations: Any) -> Object:
    """RFC 6902: a list of operations, all or nothing.

    Raises:
        ApiError: 400 for something that is no JSON patch, 422 for one that does not apply.
    """
    try:
        patch = jsonpatch.JsonPatch(operations)
    except (jsonpatch.JsonPatchException, TypeError, ValueError) as error:
        raise bad_request(f"error decoding patch: {error}") from None
    try:
        patched = patch.apply(target)
    except (jsonpatch.JsonPatchException, jsonpointer.JsonPointerException) as error:
        raise invalid_patch(json.dumps(operations), str(error)) from None
    if not isinstance(patched, dict):
        raise invalid_patch(json.dumps(operations), "the result is not an object")
    return patched


def strategic(target: Any, patch: Any) -> Any:
    """Kubernetes' own merge: as `merge`, but the lists in MERGE_KEYS merge item by item.

    Args:
        target: The present value.
        patch: The change; may hold `$patch: delete|replace` directives.

    Returns:
        A new value.
    """
    if not isinstance(patch, dict):
        return clone(patch)
    if patch.get("$patch") == "replace":
        return {key: clone(value) for key, value in patch.items() if key != "$patch"}
    merged = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if key.startswith("$"):
            continue
        if value is None:
            merged.pop(key, None)
        elif key in MERGE_KEYS and _is_list_of_objects(value):
            merged[key] = _merge_list(merged.get(key) or [], value, MERGE_KEYS[key])
        else:
            merged[key] = strategic(merged.get(key), value)
    return merged


def _is_list_of_objects(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def _merge_list(present: list[Any], changes: list[Any], identity: str) -> list[Any]:
    # any JSON may stand where a name belongs; whether it may be stored is judged later
    items = {json.dumps(item.get(identity)): item for item in present if isinstance(item, dict)}
    for change in changes:
        name = json.dumps(change.get(identity))
        if change.get("$patch") == "delete":
            items.pop(name, None)
        else:
            items[name] = strategic(items.get(name), change)
    return list(items.values())
