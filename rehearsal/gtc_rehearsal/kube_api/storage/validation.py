"""What makes an object acceptable: known fields, sound metadata, the schema and its rules.

The words of each refusal follow a real API server, because people and tests read them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import jsonschema
from jsonschema.exceptions import ValidationError

from gtc_rehearsal.kube_api import errors, schemas
from gtc_rehearsal.kube_api.errors import Cause
from gtc_rehearsal.kube_api.objects import Object, key_of, metadata
from gtc_rehearsal.kube_api.resources import Resource
from gtc_rehearsal.kube_api.storage.rules import broken_rules
from gtc_rehearsal.kube_api.write import Write

_SUBDOMAIN = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"
_NAME = re.compile(_SUBDOMAIN)
_LABEL_KEY = re.compile(rf"({_SUBDOMAIN}/)?[A-Za-z0-9]([-A-Za-z0-9_.]{{0,61}}[A-Za-z0-9])?")
_LABEL_VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
_NAME_RULE = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or "
    "'.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used "
    f"for validation is '{_SUBDOMAIN}')"
)
_NAME_LIMIT = 253
_WRONG_TYPE = "FieldValueTypeInvalid"


def checked(resource: Resource, new: Object, old: Object | None, write: Write) -> Object:
    """Prune, default and check an object on its way in; changes and returns `new`.

    Raises:
        ApiError: 400 or 422 for unknown fields under strict validation, 422 for broken rules.
    """
    _handle_unknown(resource, schemas.prune(resource, new), write)
    schemas.fill_defaults(resource, new)
    name = key_of(new)[1]
    causes = [*_metadata_causes(new, old), *_schema_causes(resource, new)]
    causes += _scale_causes(resource, new)
    if not resource.custom:
        _refuse_undecodable(resource, causes)
    if not causes:
        causes = broken_rules(resource, new)
    if causes:
        raise errors.invalid(resource, name, causes)
    return new


def _handle_unknown(resource: Resource, unknown: list[str], write: Write) -> None:
    if not unknown or write.field_validation == "Ignore":
        return
    words = [f'unknown field "{path}"' for path in unknown]
    if write.field_validation == "Warn":
        write.warnings += words
        return
    why = f"strict decoding error: {', '.join(words)}"
    if write.patch:
        raise errors.invalid_patch(write.patch, why)
    raise errors.undecodable(resource, why)


def _refuse_undecodable(resource: Resource, causes: list[Cause]) -> None:
    """Built-in kinds are decoded into typed fields: a wrong type is 400 there, not 422."""
    for cause in causes:
        if cause.reason == _WRONG_TYPE or cause.field.endswith("Time"):
            why = f"json: cannot unmarshal {cause.field}: {cause.message}"
            raise errors.undecodable(resource, why)


def _metadata_causes(new: Object, old: Object | None) -> list[Cause]:
    meta = metadata(new)
    return [
        *(_name_causes(meta) if old is None else _moved_causes(meta, metadata(old))),
        *_string_map_causes(meta, "labels", _LABEL_VALUE),
        *_string_map_causes(meta, "annotations", None),
    ]


def _name_causes(meta: dict[str, Any]) -> Iterator[Cause]:
    name = meta.get("name") or ""
    if not name:
        yield Cause(
            "FieldValueRequired",
            "Required value: name or generateName is required",
            "metadata.name",
        )
    elif not _NAME.fullmatch(name) or len(name) > _NAME_LIMIT:
        yield Cause(
            "FieldValueInvalid", f"Invalid value: {json.dumps(name)}: {_NAME_RULE}", "metadata.name"
        )


def _moved_causes(meta: dict[str, Any], old: dict[str, Any]) -> Iterator[Cause]:
    for name in ("name", "namespace"):
        if meta.get(name) != old.get(name):
            yield Cause(
                "FieldValueInvalid",
                f"Invalid value: {json.dumps(meta.get(name))}: field is immutable",
                f"metadata.{name}",
            )


def _string_map_causes(
    meta: dict[str, Any], name: str, value_rule: re.Pattern[str] | None
) -> Iterator[Cause]:
    path = f"metadata.{name}"
    for key, value in (meta.get(name) or {}).items():
        if not _LABEL_KEY.fullmatch(key):
            yield Cause(
                "FieldValueInvalid", f"Invalid value: {json.dumps(key)}: not a qualified name", path
            )
        elif value_rule and not value_rule.fullmatch(value):
            yield Cause(
                "FieldValueInvalid",
                f"Invalid value: {json.dumps(value)}: not a valid label value",
                path,
            )


def _scale_causes(resource: Resource, obj: Object) -> Iterator[Cause]:
    """What the scale subresource of a custom resource adds to the words of its schema."""
    spec = obj.get("spec")
    if not resource.custom or "scale" not in resource.subresources or not isinstance(spec, dict):
        return
    replicas, path = spec.get("replicas", 0), ".spec.replicas"
    if isinstance(replicas, int) and not isinstance(replicas, bool):
        if replicas < 0:
            words = f"Invalid value: {replicas}: should be a non-negative integer"
            yield Cause("FieldValueInvalid", words, path)
    elif found := _GO_TYPES.get(type(replicas)):
        shown = str(replicas).lower() if isinstance(replicas, bool) else replicas
        why = f"{path} accessor error: {shown} is of the type {found}, expected int64"
        yield Cause("FieldValueInvalid", f"Invalid value: 0: {why}", path)


_GO_TYPES = {str: "string", bool: "bool", float: "float64"}
_formats = jsonschema.FormatChecker(formats=())
_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")


@_formats.checks("date-time")
def _is_date_time(value: object) -> bool:
    return not isinstance(value, str) or bool(_DATE_TIME.fullmatch(value))


@cache
def _validator(resource: Resource) -> jsonschema.Draft7Validator:
    schema = schemas.schema_of(resource)
    return jsonschema.Draft7Validator(schema, format_checker=_formats)


def _schema_causes(resource: Resource, obj: Object) -> list[Cause]:
    body = {key: value for key, value in obj.items() if key != "metadata"}
    return [
        cause
        for error in sorted(
            _validator(resource).iter_errors(body), key=lambda e: list(map(str, e.path))
        )
        for cause in _causes_of(error)
    ]


def _causes_of(error: ValidationError) -> list[Cause]:
    """A JSON schema error in the words of the API server."""
    path = _dotted(error)
    limit: Any = error.validator_value
    if error.validator == "required":
        present: Any = error.instance
        return [
            Cause("FieldValueRequired", "Required value", f"{path}.{name}".lstrip("."))
            for name in limit
            if name not in present
        ]
    value = json.dumps(error.instance)
    if error.validator == "enum":
        allowed = ", ".join(json.dumps(choice) for choice in limit)
        return [
            Cause(
                "FieldValueNotSupported",
                f"Unsupported value: {value}: supported values: {allowed}",
                path,
            )
        ]
    if error.validator == "type":
        kind = _json_type(error.instance)
        words = f"Invalid value: {kind}: {path} in body must be of type {limit}: {kind}"
        return [Cause(_WRONG_TYPE, words, path)]
    words = _LIMITS.get(str(error.validator), "is invalid").format(limit)
    return [Cause("FieldValueInvalid", f"Invalid value: {value}: {path} in body {words}", path)]


_LIMITS = {
    "minimum": "should be greater than or equal to {}",
    "maximum": "should be less than or equal to {}",
    "minLength": "should be at least {} chars long",
    "maxLength": "should be at most {} chars long",
    "minItems": "should have at least {} items",
    "maxItems": "should have at most {} items",
    "minProperties": "should have at least {} properties",
    "maxProperties": "should have at most {} properties",
    "pattern": "should match '{}'",
    "format": "must be of type {}",
}


def _dotted(error: ValidationError) -> str:
    path = ""
    for part in error.absolute_path:
        path += f"[{part}]" if isinstance(part, int) else f".{part}"
    return path.lstrip(".")


def _json_type(value: Any) -> str:
    names = {str: "string", bool: "boolean", int: "integer", float: "number", list: "array"}
    return f'"{names.get(type(value), "null" if value is None else "object")}"'
