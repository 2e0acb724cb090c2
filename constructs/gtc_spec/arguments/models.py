"""Models of pydantic that people make by hand.

It must not know which they are.
"""

from __future__ import annotations

import functools
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from gtc_spec.errors import UsageError

_Model = TypeVar("_Model", bound=BaseModel)


def plainly(model: type[_Model]) -> type[_Model]:
    """Let a model that people make by hand say in one line each what is wrong.

    Inside another model nothing changes: pydantic does not call what is replaced here.
    """
    init = model.__init__

    @functools.wraps(init)
    def made(self: _Model, /, **given: Any) -> None:
        try:
            init(self, **given)
        except ValidationError as error:
            told = [_told(model, each) for each in error.errors()]
            raise UsageError("\n".join(told)) from None

    model.__init__ = made  # type: ignore[assignment,method-assign]
    return model


def _told(model: type[BaseModel], problem: Any) -> str:
    name, key = model.__name__, ".".join(map(str, problem["loc"]))
    if problem["type"] == "extra_forbidden":
        return f"{name}: got {key}, allowed: {', '.join(model.model_fields)}"
    if problem["type"] == "missing":
        return f"{name}: {key} is missing, allowed: a value"
    allowed = problem["msg"].removeprefix("Input should be ")
    return f"{name}: {key} is {problem['input']!r}, allowed: {allowed[:1].lower()}{allowed[1:]}"
