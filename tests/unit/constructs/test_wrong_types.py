"""Every argument of the public face, given something that it cannot be."""

import inspect
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePath
from typing import Any, Literal

import pytest
from pydantic import BaseModel

import gtc_constructs
from gtc_constructs._bindings import Construct
from gtc_spec.errors import UsageError

SECRET = "SecretRef"
"""Says the same of whatever it is given, and repeats nothing: see the table of secrets."""


@dataclass(frozen=True)
class Taken:
    """A function or class, and one argument that it takes."""

    name: str
    made: Callable[..., Any]
    signature: inspect.Signature
    argument: str


def public() -> Iterator[tuple[str, Callable[..., Any], Callable[..., Any]]]:
    """Name, what is called, and whose signature it has.

    Functions, classes, what makes values of them, and the methods of constructs.
    """
    for name in gtc_constructs.__all__:
        found = getattr(gtc_constructs, name)
        if inspect.isfunction(found):
            yield name, found, found
        if not inspect.isclass(found) or not found.__module__.startswith("gtc_"):
            continue  # a class of cdktf itself says in its own words what it does not take
        if issubclass(found, StrEnum | Exception) or getattr(found, "_is_protocol", False):
            continue  # nobody makes one, or everything that fits it
        if name != SECRET:
            yield name, found, found if issubclass(found, BaseModel) else found.__init__
        makers = (classmethod, staticmethod)
        kinds = (*makers, types.FunctionType) if issubclass(found, Construct) else makers
        for each, method in vars(found).items():
            if not each.startswith("_") and isinstance(method, kinds):
                yield f"{name}.{each}", getattr(found, each), getattr(found, each)


def arguments() -> list[Taken]:
    return [
        Taken(f"{name}({argument})", made, inspect.signature(function), argument)
        for name, made, function in public()
        for argument, each in inspect.signature(function).parameters.items()
        if argument != "self" and each.kind is not each.VAR_KEYWORD
    ]


def example(hint: Any) -> Any:
    """Anything that fits a hint."""
    origin, inside = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return example(inside[0])
    if origin is Literal:
        return inside[0]
    if origin is not None:
        return {} if issubclass(origin, Mapping) else ()
    if inspect.isabstract(hint):
        return gtc_constructs.Vllm()
    if issubclass(hint, PurePath):
        return hint()
    return hint() if hint in (str, int, float, bool) else object.__new__(hint)


@pytest.mark.parametrize("taken", arguments(), ids=lambda taken: taken.name)
def test_an_argument_of_a_wrong_type_is_refused_in_one_line_by_its_name(stack, taken) -> None:
    function = taken.made.__init__ if inspect.isclass(taken.made) else taken.made
    hints = {**typing.get_type_hints(function), "self": Construct}
    given = {
        name: stack if hints[name] is Construct else example(hints[name])
        for name, each in taken.signature.parameters.items()
        if each.default is each.empty and name in hints and each.kind is not each.VAR_KEYWORD
    }
    if inspect.isclass(taken.made):
        given.pop("self", None)

    with pytest.raises(UsageError) as caught:
        taken.made(**given | {taken.argument: object()})

    line = next(each for each in caught.value.message.split("\n") if f"{taken.argument} is" in each)
    assert "object" in line
    assert "allowed: " in line
