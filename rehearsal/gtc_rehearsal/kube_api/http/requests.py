"""Reading a request: its body, its options, the format it wants back.

Anything that cannot be read is refused here, in the words of a real server, before the store
sees it.
"""

from __future__ import annotations

import json
from typing import Any, Literal, cast

import yaml
from aiohttp import web

from gtc_rehearsal.kube_api import errors
from gtc_rehearsal.kube_api.http.paths import Target
from gtc_rehearsal.kube_api.objects import Object, metadata, revision_of
from gtc_rehearsal.kube_api.resources import SCALE_API_VERSION, SCALE_KIND
from gtc_rehearsal.kube_api.storage import patch
from gtc_rehearsal.kube_api.storage.decoding import require_readable
from gtc_rehearsal.kube_api.write import USER, FieldValidation, Write

Format = Literal["json", "table", "metadata"]

ASKER = web.RequestKey("asker", str)
"""Where a request carries the user who sent it."""

_OBJECT_TYPES = ("application/json", "application/yaml")
_CUSTOM_PATCH_TYPES = (patch.JSON, patch.MERGE)
_SHOWN_BODY = 60


def format_of(request: web.Request) -> Format:
    """What the Accept header asks for.

    Raises:
        ApiError: 406 when it accepts nothing that this server can write.
    """
    accept = request.headers.get("Accept", "*/*")
    for choice in accept.split(","):
        media_type, *parameters = [part.strip() for part in choice.split(";")]
        if media_type in ("*/*", "application/*"):
            return "json"
        if media_type == "application/json":
            asked = dict(p.split("=", 1) for p in parameters if "=" in p).get("as", "")
            if asked == "Table":
                return "table"
            if asked.startswith("PartialObjectMetadata"):
                return "metadata"
            if not asked:
                return "json"
    raise errors.ApiError(
        406,
        "NotAcceptable",
        "only the following media types are accepted: application/json",
    )


def write_options(request: web.Request) -> Write:
    """The options of a write.

    Raises:
        ApiError: 400 or 422 for options out of range.
    """
    validation = request.query.get("fieldValidation") or "Warn"
    if validation not in ("Strict", "Warn", "Ignore"):
        raise errors.bad_request(
            f'fieldValidation: Unsupported value: "{validation}": supported values: "Ignore", '
            '"Strict", "Warn"'
        )
    return Write(
        actor=request.get(ASKER, USER),
        field_validation=cast("FieldValidation", validation),
        dry_run=_dry_run(request.query.getall("dryRun", [])),
    )


def _dry_run(values: list[str]) -> bool:
    if any(value not in ("", "All") for value in values):
        raise errors.bad_request('dryRun: Unsupported value: supported values: "All"')
    return "All" in values


async def read_object(request: web.Request, target: Target) -> Object:
    """The object of a POST or PUT, checked against its URL.

    Raises:
        ApiError: 400, 415 or 422.
    """
    if request.content_type not in (*_OBJECT_TYPES, "application/octet-stream"):
        raise errors.unsupported_media_type(_OBJECT_TYPES)
    obj = _decoded(await request.text(), request.content_type)
    require_readable(target.resource, obj)
    _check_kind(obj, target)
    _check_place(obj, target)
    return obj


async def read_patch(request: web.Request, target: Target) -> tuple[Any, str]:
    """The body of a PATCH and its text.

    Raises:
        ApiError: 400 when it is malformed, 415 when its format is not taken.
    """
    accepted: tuple[str, ...] = _CUSTOM_PATCH_TYPES
    if not target.resource.custom:
        accepted += (patch.STRATEGIC,)
    if request.content_type not in accepted:
        raise errors.unsupported_media_type(accepted)
    text = await request.text()
    loaded = _load(text, is_yaml=False)
    if request.content_type != patch.JSON and not isinstance(loaded, dict):
        raise errors.bad_request("error decoding patch: the patch must be an object")
    return loaded, text


async def read_delete_options(request: web.Request) -> Object:
    """The DeleteOptions of a DELETE; empty when there is no body."""
    text = await request.text()
    return _decoded(text, request.content_type, needs_kind=False) if text.strip() else {}


async def read_review(request: web.Request) -> Object:
    """The body of an access review.

    Raises:
        ApiError: 400 or 415.
    """
    if request.content_type not in _OBJECT_TYPES:
        raise errors.unsupported_media_type(_OBJECT_TYPES)
    return _decoded(await request.text(), request.content_type)


def _decoded(text: str, content_type: str, *, needs_kind: bool = True) -> Object:
    loaded = _load(text, is_yaml=content_type == "application/yaml")
    if not isinstance(loaded, dict):
        raise errors.bad_request(
            f"couldn't get version/kind; json parse error: not an object: {text[:_SHOWN_BODY]}"
        )
    if needs_kind and not loaded.get("kind"):
        raise errors.bad_request(f"Object 'Kind' is missing in '{text[:_SHOWN_BODY]}'")
    return loaded


def _load(text: str, *, is_yaml: bool) -> Any:
    try:
        return yaml.load(text, _YamlWithTextDates) if is_yaml else json.loads(text)  # noqa: S506
    except (ValueError, yaml.YAMLError) as error:
        raise errors.bad_request(
            f"the object provided is unrecognized: json parse error: {error}"
        ) from None


class _YamlWithTextDates(yaml.SafeLoader):
    """YAML as Kubernetes reads it: a date is text."""


_YamlWithTextDates.yaml_implicit_resolvers = {
    first: [(tag, rule) for tag, rule in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _check_kind(obj: Object, target: Target) -> None:
    resource = target.resource
    api_version, kind = resource.api_version, resource.kind
    if target.subresource == "scale":
        api_version, kind = SCALE_API_VERSION, SCALE_KIND
    if obj.get("apiVersion") != api_version:
        raise errors.bad_request(
            f"the API version in the data ({obj.get('apiVersion', '')}) does not match the "
            f"expected API version ({api_version})"
        )
    if obj.get("kind") == kind:
        return
    if resource.custom:
        words = f'Invalid value: "{obj.get("kind", "")}": must be {kind}'
        cause = errors.Cause("FieldValueInvalid", words, "kind")
        raise errors.invalid(resource, metadata(obj).get("name", ""), [cause])
    raise errors.bad_request(f"the kind in the data ({obj.get('kind')}) is not {kind}")


def _check_place(obj: Object, target: Target) -> None:
    """Fill in the URL's namespace and refuse another namespace or name."""
    meta = obj.setdefault("metadata", {})
    if target.namespace and meta.setdefault("namespace", target.namespace) != target.namespace:
        raise errors.bad_request(
            "the namespace of the provided object does not match the namespace sent on the request"
        )
    if target.name and meta.get("name") != target.name:
        raise errors.bad_request(
            f"the name of the object ({meta.get('name', '')}) does not match the name on the URL "
            f"({target.name})"
        )
    if not target.name and revision_of(obj):
        raise errors.ApiError(
            500, "InternalError", "resourceVersion should not be set on objects to be created"
        )
