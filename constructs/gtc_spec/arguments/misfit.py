"""A value held against a type hint.

Understood is what our signatures use; whatever else a hint may be, every value fits. A text is no
list of its letters, True is no number, and an iterator is no list: it could be read only once. This
module must not know whose argument it is.
"""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Literal, Union

from gtc_spec.arguments.words import hints_for, is_secret, item_of, one, words_for

_PLAIN: Final = (str, int, float, type(None))
"""Values that are short enough to be repeated."""


@dataclass(frozen=True)
class Misfit:
    """A value that is not what its hint says."""

    place: str
    value: Any
    expected: Any
    secret: bool = False

    def __str__(self) -> str:
        return f"{self.place} is {self._shown()}, allowed: {words_for(self.expected)}"

    @property
    def hint(self) -> str:
        """How to do better."""
        item = item_of(self.expected)
        if item is not None and misfit("", self.value, item) is None:
            return f"a list of one is {self.place}=[...]"
        return hints_for(self.expected)

    def _shown(self) -> str:
        if self.secret and isinstance(self.value, str | bytes):
            return "text"
        parts = self.value if isinstance(self.value, tuple) else [self.value]
        if all(isinstance(each, _PLAIN) for each in parts) and not self.secret:
            return repr(self.value)
        if isinstance(self.value, type):
            return f"the class {self.value.__name__}"
        return one(type(self.value))


def misfit(place: str, value: Any, hint: Any, *, secret: bool = False) -> Misfit | None:
    """What does not fit, as deep inside as it is found; None when everything does."""
    if hint is Any:
        return None
    secret = secret or is_secret(hint)
    wrong = Misfit(place, value, hint, secret)
    origin = typing.get_origin(hint)
    if origin in (Union, types.UnionType):
        return _of_none(wrong, [misfit(place, value, each) for each in typing.get_args(hint)])
    if origin is Literal:
        return None if value in typing.get_args(hint) else wrong
    if origin is tuple:
        return _tuple(wrong)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return _mapping(wrong)
    if origin is Callable:
        return None if callable(value) else wrong
    if isinstance(origin, type) and issubclass(origin, Iterable):
        return _listed(wrong)
    return wrong if isinstance(hint, type) and not _is(value, hint) else None


def _of_none(wrong: Misfit, found: Sequence[Misfit | None]) -> Misfit | None:
    """What to say of a union: nothing, or what is wrong inside the kind that was meant."""
    inside = [each for each in found if each is not None and each.place != wrong.place]
    return None if None in found else next(iter(inside), wrong)


def _tuple(wrong: Misfit) -> Misfit | None:
    kinds = typing.get_args(wrong.expected)
    if not isinstance(wrong.value, tuple):
        return wrong
    if kinds[-1:] == (...,):
        kinds = kinds[:1] * len(wrong.value)
    fits = len(kinds) == len(wrong.value) and not any(
        misfit("", each, kind) for each, kind in zip(wrong.value, kinds, strict=True)
    )
    return None if fits else wrong


def _mapping(wrong: Misfit) -> Misfit | None:
    if not isinstance(wrong.value, Mapping):
        return wrong
    key_kind, kind = typing.get_args(wrong.expected)
    for key, each in wrong.value.items():
        if misfit("", key, key_kind):
            return Misfit(f"a key of {wrong.place}", key, key_kind, wrong.secret)
        if found := misfit(f"{wrong.place}[{key!r}]", each, kind, secret=wrong.secret):
            return found
    return None


def _listed(wrong: Misfit) -> Misfit | None:
    no_list = isinstance(wrong.value, str | bytes | Iterator)
    if no_list or not isinstance(wrong.value, typing.get_origin(wrong.expected) or Collection):
        return wrong
    (kind,) = typing.get_args(wrong.expected)
    for number, each in enumerate(wrong.value):
        if found := misfit(f"{wrong.place}[{number}]", each, kind, secret=wrong.secret):
            return found
    return None


def _is(value: Any, kind: type) -> bool:
    if getattr(kind, "_is_protocol", False):
        return all(_has(value, name) for name in _members(kind))
    if kind in (int, float):
        return isinstance(value, int if kind is int else int | float) and type(value) is not bool
    if issubclass(kind, StrEnum):
        return isinstance(value, str) and value in [str(each) for each in kind]
    return isinstance(value, kind)


def _has(value: Any, name: str) -> bool:
    """Whether it has an attribute; looks at no property, which may refuse."""
    return hasattr(type(value), name) or name in getattr(value, "__dict__", {})


def _members(protocol: type) -> set[str]:
    kinds = [each for each in protocol.__mro__ if getattr(each, "_is_protocol", False)]
    names = {name for each in kinds for name in (*vars(each), *inspect.get_annotations(each))}
    return {name for name in names if not name.startswith("_")}
