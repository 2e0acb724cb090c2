"""OpenAPI v3, as `kubectl apply` and `kubectl explain` read it: one document per group version."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from typing import Any

from gtc_rehearsal.kube_api import schemas
from gtc_rehearsal.kube_api.resources import (
    Resource,
    group_versions,
    of_group_version,
)
from gtc_spec.versions import KUBERNETES_MINOR

_INFO = {"title": "Kubernetes", "version": f"v{KUBERNETES_MINOR}.0"}
_PATCH_OPTIONS = ("dryRun", "fieldManager", "fieldValidation", "force")


@cache
def document(path: str) -> dict[str, Any] | None:
    """The document behind `/openapi/v3/PATH`; None when there is none.

    Args:
        path: Empty for the index, else "api/v1" or "apis/GROUP/VERSION".
    """
    if not path:
        return {"paths": {where: _link(where) for where in map(_place, group_versions())}}
    for group, version in group_versions():
        if _place((group, version)) == path:
            return _of_group_version(group, version)
    return None


def _place(group_version: tuple[str, str]) -> str:
    group, version = group_version
    return f"apis/{group}/{version}" if group else f"api/{version}"


def _link(where: str) -> dict[str, str]:
    content = json.dumps(document(where), sort_keys=True).encode()
    digest = hashlib.sha256(content).hexdigest().upper()
    return {"serverRelativeURL": f"/openapi/v3/{where}?hash={digest}"}


def _of_group_version(group: str, version: str) -> dict[str, Any]:
    served = of_group_version(group, version)
    paths: dict[str, Any] = {}
    for resource in served:
        paths |= _paths(resource)
    return {
        "openapi": "3.0.0",
        "info": _INFO,
        "paths": paths,
        "components": {"schemas": {_component(r): _schema(r) for r in served}},
    }


def _component(resource: Resource) -> str:
    group = ".".join(reversed((resource.group or "core.api.k8s.io").split(".")))
    return f"{group}.{resource.version}.{resource.kind}"


def _kind(resource: Resource) -> dict[str, str]:
    return {"group": resource.group, "version": resource.version, "kind": resource.kind}


def _schema(resource: Resource) -> dict[str, Any]:
    schema = dict(schemas.schema_of(resource))
    schema["x-kubernetes-group-version-kind"] = [_kind(resource)]
    schema["properties"] = {
        "apiVersion": {"type": "string"},
        "kind": {"type": "string"},
        "metadata": {"type": "object"},
        **schema.get("properties", {}),
    }
    return schema


def _paths(resource: Resource) -> dict[str, Any]:
    base = f"/{_place((resource.group, resource.version))}"
    if resource.namespaced:
        base += "/namespaces/{namespace}"
    collection = f"{base}/{resource.plural}"
    return {
        collection: {"get": _operation(resource, "list"), "post": _operation(resource, "post")},
        f"{collection}/{{name}}": {
            "get": _operation(resource, "get"),
            "put": _operation(resource, "put"),
            "patch": _operation(resource, "patch"),
            "delete": _operation(resource, "delete"),
        },
    }


def _operation(resource: Resource, action: str) -> dict[str, Any]:
    reference = {"$ref": f"#/components/schemas/{_component(resource)}"}
    content = {"application/json": {"schema": reference}}
    return {
        "operationId": f"{action}{resource.kind}",
        "parameters": [
            {"name": name, "in": "query", "schema": {"type": "string"}} for name in _PATCH_OPTIONS
        ],
        "responses": {"200": {"description": "OK", "content": content}},
        "x-kubernetes-action": action,
        "x-kubernetes-group-version-kind": _kind(resource),
    }
