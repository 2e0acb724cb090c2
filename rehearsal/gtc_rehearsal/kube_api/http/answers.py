"""Writing an answer: an object or a list in the format that the client asked for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from aiohttp import web

from gtc_rehearsal.kube_api.errors import ApiError
from gtc_rehearsal.kube_api.http.requests import Format
from gtc_rehearsal.kube_api.objects import Object, metadata, revision_of
from gtc_rehearsal.kube_api.resources import Resource
from gtc_rehearsal.kube_api.tables import table
from gtc_rehearsal.kube_api.tables.columns import SCALE_COLUMNS, columns_of


def answer(body: object, status: int = 200, warnings: Sequence[str] = ()) -> web.Response:
    """A JSON response; each warning becomes a header that kubectl prints."""
    text = json.dumps(body, separators=(",", ":")) + "\n"
    response = web.Response(text=text, status=status, content_type="application/json")
    for warning in warnings:
        quoted = warning.replace("\\", "\\\\").replace('"', '\\"')
        response.headers.add("Warning", f'299 - "{quoted}"')
    return response


def refusal(error: ApiError) -> web.Response:
    """The Status object of a refusal."""
    return answer(error.status(), error.code)


def drawn(resource: Resource, obj: Object, shape: Format, *, is_first: bool = True) -> Object:
    """One object in the format asked for; a stream's Tables name their columns only once."""
    if shape == "table":
        columns = columns_of(resource)
        return table.of(columns, [obj], {"resourceVersion": revision_of(obj)}, header=is_first)
    if shape == "metadata":
        return partial(obj)
    return obj


def drawn_scale(obj: Object, shape: Format) -> Object:
    """A Scale object in the format asked for."""
    if shape == "table":
        return table.of(SCALE_COLUMNS, [obj], {"resourceVersion": revision_of(obj)})
    return obj


def drawn_list(
    resource: Resource, items: Iterable[Object], list_meta: Object, shape: Format
) -> Object:
    """A list in the format asked for."""
    if shape == "table":
        return table.of(columns_of(resource), items, list_meta)
    if shape == "metadata":
        return {
            "kind": "PartialObjectMetadataList",
            "apiVersion": table.META_API,
            "metadata": list_meta,
            "items": [partial(obj) for obj in items],
        }
    return {
        "kind": f"{resource.kind}List",
        "apiVersion": resource.api_version,
        "metadata": list_meta,
        "items": list(items),
    }


def partial(obj: Object) -> Object:
    """The metadata alone."""
    return {
        "kind": "PartialObjectMetadata",
        "apiVersion": table.META_API,
        "metadata": metadata(obj),
    }


def success(resource: Resource, obj: Object) -> Object:
    """The Status object that answers a completed delete."""
    details = {"name": metadata(obj)["name"], "kind": resource.plural, "uid": metadata(obj)["uid"]}
    if resource.group:
        details["group"] = resource.group
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": details,
    }
