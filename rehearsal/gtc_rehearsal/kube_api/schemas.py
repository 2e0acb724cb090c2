"""The packaged schemas: what fields a kind has, their defaults and the columns kubectl shows.

They are cut down from the real custom resource definitions and from the Kubernetes API by
`tools/import_crds.py`; each file records where it comes from. Fields under a node marked
`x-kubernetes-preserve-unknown-fields` are stored as they come.
"""

from __future__ import annotations

import json
from functools import cache
from importlib import resources as package_files
from typing import Any

from gtc_rehearsal.kube_api.objects import Object, clone
from gtc_rehearsal.kube_api.resources import PV, Resource

Schema = dict[str, Any]

_PRESERVE = "x-kubernetes-preserve-unknown-fields"
_PLAIN_TEXTS = {PV: frozenset({"storageClassName"})}
"""Fields of a kind whose empty text is none: those of a claim or a Lease are pointers, and stay."""
_METADATA_FIELDS = frozenset(
    {
        "annotations",
        "creationTimestamp",
        "deletionGracePeriodSeconds",
        "deletionTimestamp",
        "finalizers",
        "generateName",
        "generation",
        "labels",
        "managedFields",
        "name",
        "namespace",
        "ownerReferences",
        "resourceVersion",
        "selfLink",
        "uid",
    }
)


@cache
def _packaged() -> dict[tuple[str, str], dict[str, Any]]:
    folder = package_files.files("gtc_rehearsal.kube_api") / "crds"
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for entry in folder.iterdir():
        if entry.name.endswith(".json"):
            for definition in json.loads(entry.read_text(encoding="utf-8"))["definitions"]:
                found[definition["group"], definition["kind"]] = definition
    return found


def schema_of(resource: Resource) -> Schema:
    """The kind's structural schema; open when none is packaged."""
    definition = _packaged().get((resource.group, resource.kind))
    return definition["schema"] if definition else {"type": "object", _PRESERVE: True}


def printer_columns(resource: Resource) -> list[dict[str, Any]] | None:
    """The additionalPrinterColumns of a custom resource; None when the CRD has none."""
    definition = _packaged().get((resource.group, resource.kind))
    return definition.get("columns") if definition else None


def prune(resource: Resource, obj: Object) -> list[str]:
    """Remove the fields that the schema does not have; changes `obj`.

    Of built-in kinds nulls go too, which the server decodes as absent, and empties, which it does
    not write: lists, maps, and texts that are no pointers in Go.

    Returns:
        The dotted paths that were removed.
    """
    removed: list[str] = []
    schema = schema_of(resource)
    if not resource.custom:
        _drop_nulls(obj)
    for name in [name for name in obj if name not in {"apiVersion", "kind", "metadata"}]:
        _prune_child(obj, name, schema, "", removed)
    if not resource.custom:
        _drop_empties(obj, schema, _PLAIN_TEXTS.get(resource, frozenset()))
    meta = obj.get("metadata")
    if isinstance(meta, dict):
        for name in [name for name in meta if name not in _METADATA_FIELDS]:
            del meta[name]
            removed.append(f"metadata.{name}")
    return removed


def _drop_empties(obj: Object, schema: Schema, texts: frozenset[str]) -> None:
    """Drop what Go leaves out of its JSON; what is required stays, and what a status says."""
    for name in [name for name in obj if name not in {"metadata", "status"}]:
        value, child = obj[name], _child_schema(schema, name) or {}
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, dict):
                _drop_empties(item, child.get("items", child), texts)
        is_map = value == {} and "additionalProperties" in child
        is_text = value == "" and name in texts
        if (is_map or is_text or value == []) and name not in schema.get("required", ()):
            del obj[name]


def _drop_nulls(value: Any) -> None:
    if isinstance(value, dict):
        for name in [name for name, item in value.items() if item is None]:
            del value[name]
        for item in value.values():
            _drop_nulls(item)
    elif isinstance(value, list):
        for item in value:
            _drop_nulls(item)


def _prune_child(parent: Object, name: str, schema: Schema, path: str, removed: list[str]) -> None:
    here = f"{path}.{name}" if path else name
    child = _child_schema(schema, name)
    if child is None:
        del parent[name]
        removed.append(here)
    else:
        _prune_value(parent[name], child, here, removed)


def _child_schema(schema: Schema, name: str) -> Schema | None:
    """The schema of a map's member; None when the member does not belong there."""
    properties = schema.get("properties", {})
    if name in properties:
        found: Schema = properties[name]
        return found
    extra = schema.get("additionalProperties")
    if isinstance(extra, dict):
        return extra
    if extra is True or schema.get(_PRESERVE):
        return {_PRESERVE: True}
    return None


def _prune_value(value: Any, schema: Schema, path: str, removed: list[str]) -> None:
    if isinstance(value, dict):
        if "properties" not in schema and schema.get(_PRESERVE):
            return
        for name in list(value):
            _prune_child(value, name, schema, path, removed)
    elif isinstance(value, list) and isinstance(schema.get("items"), dict):
        for index, item in enumerate(value):
            _prune_value(item, schema["items"], f"{path}[{index}]", removed)


def fill_defaults(resource: Resource, obj: Object) -> None:
    """Set the schema's defaults where a field is absent; changes `obj`."""
    _fill(obj, schema_of(resource))


def _fill(value: Any, schema: Schema) -> None:
    if isinstance(value, dict):
        for name, child in schema.get("properties", {}).items():
            if name not in value and "default" in child:
                value[name] = clone(child["default"])
        for name, item in value.items():
            child_schema = _child_schema(schema, name)
            if child_schema:
                _fill(item, child_schema)
    elif isinstance(value, list) and isinstance(schema.get("items"), dict):
        for item in value:
            _fill(item, schema["items"])
