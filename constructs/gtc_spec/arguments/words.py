"""How errors speak of types: what people call one, and how they get one.

What belongs to a type is introduced beside the type. This module must not know how a value is held
against its type.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Literal, Union


@dataclass(frozen=True)
class _Introduced:
    """What errors say of a type: what people call it, how they get one, whether it is secret."""

    words: str
    hint: str = ""
    secret: bool = False


_INTRODUCED: Final[dict[Any, _Introduced]] = {
    str: _Introduced("text"),
    int: _Introduced("a whole number"),
    float: _Introduced("a number"),
    bool: _Introduced("True or False"),
    type(None): _Introduced("None"),
    Path: _Introduced("a Path", "pathlib.Path(...)"),
    timedelta: _Introduced("a timedelta", "datetime.timedelta(minutes=...)"),
}


def introduce(kind: type, words: str, hint: str = "", *, secret: bool = False) -> None:
    """Say how errors speak of a type.

    Args:
        kind: The type.
        words: What people call one of it.
        hint: How to get one, where something else was given. Default: nothing.
        secret: Whether what is given in its place must not be repeated. Default: no.
    """
    _INTRODUCED[kind] = _Introduced(words, hint, secret)


def words_for(hint: Any) -> str:
    """What is allowed, for people."""
    arguments = typing.get_args(hint)
    origin = typing.get_origin(hint)
    if origin in (Union, types.UnionType):
        *some, last = dict.fromkeys(map(words_for, arguments))
        return f"{', '.join(some)} or {last}" if some else last
    if origin is Literal:
        return ", ".join(map(repr, arguments))
    if origin is tuple:
        return f"({', '.join(words_for(each) for each in arguments if each is not ...)})"
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return "a mapping" if arguments[1] is Any else f"a mapping to {words_for(arguments[1])}"
    if item_of(hint) is not None:
        return f"a list, each {words_for(arguments[0])}"
    if origin is not None:
        return "a function"
    if isinstance(hint, type) and hint in _INTRODUCED:
        return _INTRODUCED[hint].words
    if hint is None:
        return "None"
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return ", ".join(repr(str(each)) for each in hint)
    return one(hint) if isinstance(hint, type) else "anything"


def one(kind: type) -> str:
    """One of a type, with its article."""
    name = kind.__name__.lstrip("_")
    return f"{'an' if name[:1] in 'AEIOaeio' else 'a'} {name}"


def item_of(hint: Any) -> Any:
    """What a list holds; None for what is no list."""
    origin = typing.get_origin(hint)
    lists = isinstance(origin, type) and issubclass(origin, Iterable)
    return typing.get_args(hint)[0] if lists and not issubclass(origin, Mapping | tuple) else None


def _parts(hint: Any) -> Iterator[Any]:
    """The hint and every kind inside it."""
    if isinstance(hint, type):
        yield hint
    for each in typing.get_args(hint):
        yield from _parts(each)


def is_secret(hint: Any) -> bool:
    """Whether what is given in its place must not be repeated."""
    return any(each in _INTRODUCED and _INTRODUCED[each].secret for each in _parts(hint))


def hints_for(hint: Any) -> str:
    """How to get what is allowed; empty when nobody has said it."""
    hints = [_INTRODUCED[each].hint for each in _parts(hint) if each in _INTRODUCED]
    return "; ".join(dict.fromkeys(each for each in hints if each))
