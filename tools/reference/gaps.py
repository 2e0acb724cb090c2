"""What a reader of the reference would miss: inputs that nobody describes, and the like.

A gap is a sentence; `gaps` gives none when everything public is described.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tools.reference.pages import unit
from tools.reference.things import Method, Parameter, Thing, common, things

_NUMBER = re.compile(r"\b(int|float)\b")


def gaps() -> list[str]:
    """Every gap in what is public."""
    return [gap for thing in [common(), *things().values()] for gap in _of(thing)]


def _of(thing: Thing) -> Iterator[str]:
    if thing.sort == "cdktf":
        return
    if not thing.doc.summary:
        yield f"{thing.name}: nothing is said of it"
    for each in thing.inputs:
        yield from _of_input(f"{thing.name}({each.name})", each)
    for method in thing.methods:
        yield from _of_method(thing, method)
    if thing.raises and not thing.doc.errors and not any(m.doc.errors for m in thing.methods):
        yield f"{thing.name}: raises an error, and no Raises: says when"
    known = {each.name for each in thing.inputs}
    for name in thing.doc.inputs:
        if name not in known and thing.sort != "protocol":
            yield f"{thing.name}: describes {name}, which is no input"


def _of_input(place: str, each: Parameter) -> Iterator[str]:
    if not each.text:
        yield f"{place}: nothing is said of it"
        return
    if each.default is not None and "Default" not in each.text:
        yield f"{place}: may be left out, and no Default: says what happens then"
    if _NUMBER.search(each.kind) and not unit(each):
        yield f"{place}: a number, and nothing says what it counts or its unit"


def _of_method(thing: Thing, method: Method) -> Iterator[str]:
    place = f"{thing.name}.{method.name}"
    if not method.doc.summary:
        yield f"{place}: nothing is said of it"
    said = " ".join([method.doc.summary, method.doc.body, *method.doc.errors.values()])
    described = {*method.doc.inputs, *_names(thing.inputs), "scope", "id", "after"}
    for each in method.inputs:
        name = each.name.lstrip("*")
        if name not in described and not re.search(rf"\b{name}\b", said):
            yield f"{place}({name}): nothing is said of it"
    for name in method.doc.inputs:
        if name not in {each.lstrip("*") for each in _names(method.inputs)}:
            yield f"{place}: describes {name}, which is no input"


def _names(inputs: Iterable[Parameter]) -> list[str]:
    return [each.name for each in inputs]
