"""Label and field selectors: the two filters of list and watch."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from gtc_rehearsal.kube_api.errors import bad_request
from gtc_rehearsal.kube_api.objects import Object, labels_of
from gtc_rehearsal.kube_api.resources import EVENT, POD, Resource

Predicate = Callable[[Object], bool]

_SET = re.compile(r"^\s*(?P<key>\S+)\s+(?P<op>in|notin)\s*\((?P<values>[^)]*)\)\s*$")
_EQUAL = re.compile(r"^\s*(?P<key>[^\s!=]+)\s*(?P<op>==|=|!=)\s*(?P<value>[^\s=!]*)\s*$")
_EXISTS = re.compile(r"^\s*(?P<no>!?)\s*(?P<key>[A-Za-z0-9][\w./-]*)\s*$")
_BETWEEN_TERMS = re.compile(r",(?![^(]*\))")

_FIELDS: dict[Resource, tuple[str, ...]] = {
    POD: ("spec.nodeName", "status.phase", "status.podIP"),
    EVENT: (
        "involvedObject.kind",
        "involvedObject.name",
        "involvedObject.namespace",
        "involvedObject.uid",
        "reason",
        "type",
    ),
}
"""Field selectors beside metadata.name and metadata.namespace."""


def everything(_obj: Object) -> bool:
    """The selector that selects all."""
    return True


def by_labels(wanted: Mapping[str, str] | None) -> Predicate:
    """Objects that carry every given label with its value."""
    if not wanted:
        return everything
    items = wanted.items()
    return lambda obj: items <= labels_of(obj).items()


def parse(resource: Resource, labels: str, fields: str) -> Predicate:
    """The filter that a list or watch request asks for.

    Raises:
        ApiError: 400 for a selector that cannot be parsed or a field that is not selectable.
    """
    tests = [_label_term(term) for term in _terms(labels)]
    tests += [_field_term(resource, term) for term in _terms(fields)]
    if not tests:
        return everything
    return lambda obj: all(test(obj) for test in tests)


def _terms(selector: str) -> list[str]:
    return [term for term in _BETWEEN_TERMS.split(selector) if term.strip()]


def _label_term(term: str) -> Predicate:
    if found := _SET.match(term):
        values = {value.strip() for value in found["values"].split(",")}
        return _in(found["key"], values, found["op"] == "in")
    if found := _EQUAL.match(term):
        return _in(found["key"], {found["value"]}, found["op"] != "!=")
    if found := _EXISTS.match(term):
        key, wanted = found["key"], not found["no"]
        return lambda obj: (key in labels_of(obj)) == wanted
    raise bad_request(f"unable to parse requirement: found '{term}', expected: a label selector")


def _in(key: str, values: set[str], wanted: bool) -> Predicate:
    return lambda obj: (labels_of(obj).get(key) in values) == wanted


def _field_term(resource: Resource, term: str) -> Predicate:
    found = _EQUAL.match(term)
    if not found:
        raise bad_request(f"invalid selector: '{term}'; can't understand '{term}'")
    path, value, wanted = found["key"], found["value"], found["op"] != "!="
    if path not in ("metadata.name", "metadata.namespace", *_FIELDS.get(resource, ())):
        raise bad_request(
            f'Unable to find "{resource.api_version}, Resource={resource.plural}" that match '
            f'label selector "", field selector "{term}": field label not supported: {path}'
        )
    return lambda obj: (_text_at(obj, path) == value) == wanted


def _text_at(obj: Object, path: str) -> str:
    value: Any = obj
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return "" if value is None else str(value)
