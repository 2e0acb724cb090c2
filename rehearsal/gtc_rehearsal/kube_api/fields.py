"""Sets of field paths: what a writer named, and how managedFields spell it.

Lists count as one field each (atomic). A real server tracks the items of some lists one by one;
none of the lists that this demo applies needs that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

Path = tuple[str, ...]

_ABSENT = object()
_NOT_OWNED = {
    ("apiVersion",),
    ("kind",),
    *(
        ("metadata", name)
        for name in (
            "name",
            "namespace",
            "generateName",
            "uid",
            "creationTimestamp",
            "deletionTimestamp",
            "deletionGracePeriodSeconds",
            "resourceVersion",
            "generation",
            "managedFields",
            "selfLink",
        )
    ),
}


def leaves(obj: dict[str, Any]) -> set[Path]:
    """The paths of every value that somebody can own: scalars, lists and empty maps."""
    return set(_walk(obj, ()))


def _walk(value: Any, path: Path) -> Iterator[Path]:
    if path in _NOT_OWNED:
        return
    if isinstance(value, dict) and (value or not path):
        for key, item in value.items():
            yield from _walk(item, (*path, key))
    elif path != ("metadata",):
        yield path


def value_at(obj: Any, path: Path) -> Any:
    """The value at a path, or a marker that equals nothing else when there is none."""
    for part in path:
        if not isinstance(obj, dict) or part not in obj:
            return _ABSENT
        obj = obj[part]
    return obj


def differing(old: Any, new: Any, paths: Iterable[Path]) -> set[Path]:
    """The paths whose values differ between two objects."""
    return {path for path in paths if value_at(old, path) != value_at(new, path)}


def remove(obj: dict[str, Any], path: Path) -> None:
    """Remove a value and the maps that it leaves empty; changes `obj`."""
    trail = [obj]
    for part in path[:-1]:
        step = trail[-1].get(part)
        if not isinstance(step, dict):
            return
        trail.append(step)
    for holder, part in zip(reversed(trail), reversed(path), strict=True):
        if part in holder and (len(holder[part]) == 0 if holder is not trail[-1] else True):
            del holder[part]
        else:
            return


def encode(paths: Iterable[Path]) -> dict[str, Any]:
    """Paths in the form of `fieldsV1`."""
    tree: dict[str, Any] = {}
    for path in sorted(paths):
        node = tree
        for part in path:
            node = node.setdefault(f"f:{part}", {})
    return tree


def decode(tree: dict[str, Any]) -> set[Path]:
    """The inverse of `encode`."""
    paths: set[Path] = set()

    def visit(node: dict[str, Any], path: Path) -> None:
        for key, child in node.items():
            here = (*path, key.removeprefix("f:"))
            if child:
                visit(child, here)
            else:
                paths.add(here)

    visit(tree, ())
    return paths


def dotted(path: Path) -> str:
    """A path as conflict messages print it: ".spec.replicas"."""
    return "".join(f".{part}" for part in path)
