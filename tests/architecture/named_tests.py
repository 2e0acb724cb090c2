"""The tests of a file and their marks, read from its text: importing them all takes a core 14 s.

What a mark or a case is made of may be named elsewhere: in the file, or in one of ours that it
imports. Names are followed there, so that a mark under another name is found as well.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

Named = tuple[Path, ast.AST]
"""A piece of a file."""


class Suite:
    """Every test of a repository, by its name.

    Args:
        root: Where the repository is.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._module = cache(_module)

    def marks(self, name: str) -> dict[str, set[str]]:
        """The marks of a test by its node id, cases included; nothing when there is none such.

        Args:
            name: ``tests/a/test_b.py::test_c``, or with a case: ``…::test_c[d]``.
        """
        file, _, rest = name.partition("::")
        function, bracket, case = rest.partition("[")
        path = self._root / file
        found = _tests(self._module(path)).get(function) if path.is_file() else None
        if found is None or not path.name.startswith("test_"):
            return {}
        ways = [(path, way) for way in found.decorator_list]
        if bracket and case.removesuffix("]") not in self._cases(ways):
            return {}
        module = self._module(path)
        every = [*_assigned(module, "pytestmark"), *_skips(module)]
        return {name: self._marks_in([*ways, *((path, each) for each in every)])}

    def _marks_in(self, pieces: list[Named]) -> set[str]:
        reached = [node for piece in pieces for node in self._reached(piece)]
        return {
            node.attr
            for node in reached
            if isinstance(node, ast.Attribute)
            and (ast.unparse(node.value) in ("pytest.mark", "mark"))
        }

    def _cases(self, ways: list[Named]) -> set[str]:
        """What may be the name of a case: a text, or a name of something, that its cases hold."""
        reached = [
            node
            for path, way in ways
            if isinstance(way, ast.Call) and ast.unparse(way.func).endswith("parametrize")
            for each in (*way.args[1:], *(keyword.value for keyword in way.keywords))
            for node in self._reached((path, each))
        ]
        texts = {str(node.value) for node in reached if isinstance(node, ast.Constant)}
        return texts | {node.id for node in reached if isinstance(node, ast.Name)}

    def _reached(self, piece: Named) -> Iterator[ast.AST]:
        """Everything in a piece, and in what the names in it were assigned, wherever that is."""
        waiting, seen = [piece], set()
        while waiting:
            path, top = waiting.pop()
            for node in ast.walk(top):
                yield node
                if isinstance(node, ast.Name) and (path, node.id) not in seen:
                    seen.add((path, node.id))
                    waiting += self._named(path, node.id)

    def _named(self, path: Path, name: str) -> list[Named]:
        module = self._module(path)
        if values := _assigned(module, name):
            return [(path, value) for value in values]
        for node in module.body:
            if isinstance(node, ast.ImportFrom):
                there = self._imported(path, node)
                for alias in node.names if there else ():
                    if there and (alias.asname or alias.name) == name:
                        return self._named(there, alias.name)
        return []

    def _imported(self, path: Path, node: ast.ImportFrom) -> Path | None:
        base = path.parents[node.level - 1] if node.level else self._root
        file = base.joinpath(*(node.module or "").split(".")).with_suffix(".py")
        return file if file.is_file() else None


def _module(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _skips(module: ast.Module) -> list[ast.expr]:
    """The mark of a file that skips all of itself, at its top level."""
    calls = [ast.unparse(node) for node in module.body if isinstance(node, ast.Expr)]
    skips = any(call.startswith(("pytest.skip(", "skip(")) for call in calls)
    return [ast.parse("pytest.mark.skip", mode="eval").body] if skips else []


def _tests(module: ast.Module) -> dict[str, ast.FunctionDef | ast.AsyncFunctionDef]:
    """Functions that pytest takes for tests; a later one of the same name hides the one before."""
    return {
        node.name: node
        for node in module.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
    }


def _assigned(module: ast.Module, name: str) -> list[ast.expr]:
    """What a name of a module is assigned to, at its top level."""
    found = []
    for node in module.body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        if isinstance(node, ast.AnnAssign):
            targets = [node.target]
        if any(isinstance(each, ast.Name) and each.id == name for each in targets):
            value = getattr(node, "value", None)
            found += [value] if value is not None else []
    return found
