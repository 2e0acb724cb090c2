"""What a real server cannot decode at all: metadata of the wrong JSON types, in Go's words.

Custom resources have their metadata decoded alone, built-in kinds as part of the whole object, and
the words differ by that.
"""

from __future__ import annotations

import json
from typing import Any, Final

from gtc_rehearsal.kube_api.errors import invalid_patch, undecodable
from gtc_rehearsal.kube_api.objects import Object
from gtc_rehearsal.kube_api.resources import Resource

_TEXTS: Final = ("name", "generateName", "namespace", "uid", "resourceVersion")
_MAPS: Final = ("labels", "annotations")
_LISTS: Final = {"finalizers": "[]string", "ownerReferences": "[]v1.OwnerReference"}


def require_readable(resource: Resource, obj: Object, *, patched: bool = False) -> None:
    """Refuse metadata that cannot be decoded; a null in a map of texts becomes an empty text.

    Args:
        resource: The kind.
        obj: What was sent, or what a patch makes of the present object.
        patched: Whether it is the result of a patch.

    Raises:
        ApiError: 400 naming the field; 422 for a patch.
    """
    why = _why(resource, obj.get("metadata", {}))
    if why and patched:
        raise invalid_patch(json.dumps(json.dumps(obj, separators=(",", ":"))), why)
    if why:
        raise undecodable(resource, why)


def _why(resource: Resource, meta: Any) -> str:
    """What Go says; empty when all is readable."""
    if not isinstance(meta, dict):
        owner = "Go value" if resource.custom else f"Go struct field {resource.kind}.metadata"
        return f"json: cannot unmarshal {go_type(meta)} into {owner} of type v1.ObjectMeta"
    for name, value in meta.items():
        if value is None:
            continue
        if found := _mismatch(name, value):
            inside = "" if resource.custom else "metadata."
            field = f"Go struct field ObjectMeta.{inside}{name}"
            return f"json: cannot unmarshal {found[0]} into {field} of type {found[1]}"
    return ""


def _mismatch(name: str, value: Any) -> tuple[str, str] | None:
    """(JSON type found, Go type wanted); None when they fit."""
    if name in _TEXTS and not isinstance(value, str):
        return go_type(value), "string"
    if name in _MAPS:
        if not isinstance(value, dict):
            return go_type(value), "map[string]string"
        value |= {key: "" for key, item in value.items() if item is None}
        wrong = next((item for item in value.values() if not isinstance(item, str)), None)
        return None if wrong is None else (go_type(wrong), "string")
    if name in _LISTS and not isinstance(value, list):
        return go_type(value), _LISTS[name]
    if name == "finalizers":
        wrong = next((item for item in value if not isinstance(item, str)), None)
        return None if wrong is None else (go_type(wrong), "string")
    return None


def go_type(value: Any) -> str:
    """How Go's JSON decoder calls a value's type."""
    names = {str: "string", bool: "bool", int: "number", float: "number", list: "array"}
    return names.get(type(value), "null" if value is None else "object")
