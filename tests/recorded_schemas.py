"""Holds what is synthesised against what the real providers say of their types, as recorded."""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from tools.terraform.record import SCHEMAS

Json = dict[str, Any]
OF_TERRAFORM = {"//", "count", "depends_on", "for_each", "lifecycle", "provider", "provisioner"}
"""What any resource may have, whatever its provider."""
KINDS: dict[str, type | tuple[type, ...]] = {
    "string": str, "number": (int, float), "bool": bool,
    "list": list, "set": list, "map": dict, "object": dict,
}  # fmt: skip


def faults(document: Json) -> list[str]:
    """What the providers would refuse of a stack; types that are not recorded are a fault, too."""
    found = []
    for kind, section in (("resources", "resource"), ("data", "data")):
        for type_, made in document.get(section, {}).items():
            schema = _types(kind).get(type_)
            for name, body in made.items():
                at = f"{type_}.{name}"
                found += [f"{at} is not recorded"] if schema is None else _of(body, schema, at)
    return found


@cache
def _types(kind: str) -> Json:
    recorded = [json.loads(path.read_text(encoding="utf-8")) for path in SCHEMAS.glob("*.json")]
    return {name: schema for each in recorded for name, schema in each.get(kind, {}).items()}


def _of(body: Json, schema: Json, at: str) -> Iterator[str]:
    attributes, blocks = schema.get("attributes", {}), schema.get("block_types", {})
    for name, value in body.items():
        if name in attributes:
            yield from _value(value, attributes[name], f"{at}.{name}")
        elif name in blocks:
            for each in value if isinstance(value, list) else [value]:
                yield from _of(each, blocks[name]["block"], f"{at}.{name}")
        elif name not in OF_TERRAFORM:
            yield f"{at} has no {name}"
    for name, attribute in attributes.items():
        if attribute.get("required") and name not in body:
            yield f"{at} needs {name}"
    for name, block in blocks.items():
        if block.get("min_items") and not body.get(name):
            yield f"{at} needs {name}"


def _value(value: Any, attribute: Json, at: str) -> Iterator[str]:
    if not (attribute.get("required") or attribute.get("optional")):
        yield f"{at} is the provider's to say"
    kind = attribute.get("type", "object")
    wanted = KINDS[kind if isinstance(kind, str) else kind[0]]
    reference = isinstance(value, str) and "${" in value
    right = isinstance(value, wanted) and not (wanted is not bool and isinstance(value, bool))
    if not (reference or right):
        yield f"{at} is {value!r}, not {kind}"
