"""Where a name of the constructs is defined: the files are parsed, none is run."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CONSTRUCTS = ROOT / "constructs"
FACE = "gtc_constructs"
CDKTF = "gtc_constructs._bindings"
"""What comes from here is not ours."""

Definition = ast.ClassDef | ast.FunctionDef | ast.Assign | ast.AnnAssign


def public_names() -> dict[str, str]:
    """Every name of the public face and the module that it comes from, as type checkers see it."""
    return {
        each.name: node.module
        for node in ast.walk(tree(FACE))
        if isinstance(node, ast.ImportFrom) and node.module and _ours(node.module)
        for each in node.names
        if each.asname == each.name
    }


@cache
def tree(module: str) -> ast.Module:
    """A module as it is written.

    Raises:
        FileNotFoundError: There is none in constructs/.
    """
    return ast.parse(file_of(module).read_text(encoding="utf-8"))


def file_of(module: str) -> Path:
    """The file of a module."""
    path = CONSTRUCTS / module.replace(".", "/")
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def find(name: str, module: str) -> tuple[Definition, str] | None:
    """What defines a name that a module has, and where; None for what is not ours."""
    if module == CDKTF or not _ours(module):
        return None
    for node in tree(module).body:
        if isinstance(node, Definition) and name in _names(node):
            return node, module
    for at in ast.walk(tree(module)):
        if isinstance(at, ast.ImportFrom) and at.module:
            for each in at.names:
                if name == (each.asname or each.name):
                    return find(each.name, at.module)
    return None


def lineage(node: ast.ClassDef, module: str) -> Iterator[tuple[ast.ClassDef, str]]:
    """A class and those of ours that it inherits from, nearest first."""
    yield node, module
    for base in node.bases:
        found = find(ast.unparse(base).partition("[")[0], module)
        if found and isinstance(found[0], ast.ClassDef):
            yield from lineage(found[0], found[1])


def text_after(body: list[ast.stmt], at: int) -> str:
    """The string below a statement, which describes it."""
    following = body[at + 1] if at + 1 < len(body) else None
    if isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant):
        return str(following.value.value)
    return ""


def _names(node: Definition) -> list[str]:
    if isinstance(node, ast.ClassDef | ast.FunctionDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return [each.id for each in targets if isinstance(each, ast.Name)]


def _ours(module: str) -> bool:
    return module.partition(".")[0] in (FACE, "gtc_spec")
