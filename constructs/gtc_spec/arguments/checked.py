"""Functions and classes that refuse arguments of a wrong type.

It must not know what a type is; that is `gtc_spec.arguments.misfit`.
"""

from __future__ import annotations

import functools
import inspect
import typing
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from gtc_spec.arguments.misfit import misfit
from gtc_spec.errors import UsageError

_Made = TypeVar("_Made", bound=Callable[..., Any])
Who = Callable[[Mapping[str, Any]], str]
"""Names whoever refuses an argument, from all arguments that were given."""


def checked(made: _Made) -> _Made:
    """Refuse arguments of a wrong type, to a function or to a class, as a `UsageError`.

    Arguments that do not fit the signature at all stay Python's own TypeError.
    """
    if isinstance(made, type):
        made.__init__ = checking(made.__init__, lambda _: made.__name__)  # type: ignore[misc]
        return made
    name = made.__qualname__
    return checking(made, lambda _: name)


def checking(function: _Made, who: Who) -> _Made:
    """The function, refusing arguments of a wrong type by the name that ``who`` gives."""
    signature = inspect.signature(function)

    @functools.wraps(function)
    def held(*given: Any, **named: Any) -> Any:
        try:
            arguments = signature.bind(*given, **named).arguments
        except TypeError:
            return function(*given, **named)  # Python says it better
        for name, hint in _hints(function).items():
            if name in arguments and (found := misfit(name, arguments[name], hint)):
                raise UsageError(f"{who(arguments)}: {found}", found.hint)
        return function(*given, **named)

    return typing.cast(_Made, held)


@functools.cache
def _hints(function: Callable[..., Any]) -> Mapping[str, Any]:
    """The declared types of the named parameters; none where they cannot be resolved."""
    named = {
        name
        for name, each in inspect.signature(function).parameters.items()
        if each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)
    }
    try:
        hints = typing.get_type_hints(function)
    except NameError:
        return {}
    return {name: hint for name, hint in hints.items() if name in named}
