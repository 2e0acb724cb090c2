"""Files, functions and folders stay small enough to be taken in at one go."""

import ast
from collections import Counter
from collections.abc import Iterator

from tests.architecture.repository import ROOT, files, name_of, product_code

FILE_LINES_MAX = 300
FUNCTION_LINES_MAX = 40
"""Without the docstring."""
FOLDER_FILES_MAX = 16
"""Tests excepted: there a folder mirrors what it tests, and a file is found by that name."""
MARKERS = ("__init__.py", "py.typed")
"""Make a folder a package; nobody opens them to find something."""

LONG_FILES: dict[str, str] = {}
"""File: why it has to be longer."""
LONG_FUNCTIONS: dict[str, str] = {}
"""file:function: why it has to be longer."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


def long_files() -> dict[str, int]:
    lengths = {
        name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in product_code()
    }
    return {name: lines for name, lines in lengths.items() if lines > FILE_LINES_MAX}


def long_functions() -> dict[str, int]:
    return {name: lines for name, lines in functions() if lines > FUNCTION_LINES_MAX}


def functions() -> Iterator[tuple[str, int]]:
    for path in product_code():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, Function):
                yield f"{name_of(path)}:{node.name}", length(node)


def length(function: Function) -> int:
    """Lines from `def` to the end, the docstring left out."""
    lines = (function.end_lineno or function.lineno) - function.lineno + 1
    first = function.body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        lines -= (first.end_lineno or first.lineno) - first.lineno + 1
    return lines


def test_files_have_at_most_300_lines():
    assert {name: n for name, n in long_files().items() if name not in LONG_FILES} == {}


def test_functions_have_at_most_40_lines():
    assert {name: n for name, n in long_functions().items() if name not in LONG_FUNCTIONS} == {}


def test_folders_hold_at_most_16_files():
    sizes = Counter(
        name_of(path.parent)
        for path in files()
        if path.name not in MARKERS and path.relative_to(ROOT).parts[0] != "tests"
    )

    assert {folder: n for folder, n in sizes.items() if n > FOLDER_FILES_MAX} == {}
    assert sizes["gtc_runtime"] > 1


def test_every_exception_is_still_needed():
    assert set(LONG_FILES) <= set(long_files())
    assert set(LONG_FUNCTIONS) <= set(long_functions())


def test_every_module_of_the_product_says_why_it_exists():
    silent = [
        name_of(path)
        for path in product_code()
        if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]

    assert silent == []


def test_there_is_product_code_to_measure():
    assert len(product_code()) > 100
    assert ROOT / "constructs/gtc_spec/phases.py" in product_code()
