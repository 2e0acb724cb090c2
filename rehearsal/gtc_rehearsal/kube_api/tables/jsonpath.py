"""The JSONPath that printer columns use: members, indices and one kind of filter."""

from __future__ import annotations

import re
from typing import Any

_STEP = re.compile(
    r"""\.(?P<member>(?:\\.|[^.\[\\])+)
      | \[(?P<index>\d+)\]
      | \[\?\(@\.(?P<field>\w+)\s*==\s*["'](?P<value>[^"']*)["']\)\]
    """,
    re.VERBOSE,
)


def first(obj: Any, path: str) -> Any:
    """The first value that a path finds; None when it finds nothing.

    Args:
        obj: A JSON value.
        path: Such as ``.status.conditions[?(@.type=="Ready")].status``.
    """
    position = 0
    while position < len(path):
        step = _STEP.match(path, position)
        if step is None:
            return None
        obj = _taken(obj, step)
        position = step.end()
    return obj


def _taken(obj: Any, step: re.Match[str]) -> Any:
    if step["member"] is not None:
        name = step["member"].replace("\\", "")
        return obj.get(name) if isinstance(obj, dict) else None
    if not isinstance(obj, list):
        return None
    if step["index"] is not None:
        index = int(step["index"])
        return obj[index] if index < len(obj) else None
    matching = (item for item in obj if _is(item, step["field"], step["value"]))
    return next(matching, None)


def _is(item: Any, field: str, value: str) -> bool:
    return isinstance(item, dict) and str(item.get(field)) == value
