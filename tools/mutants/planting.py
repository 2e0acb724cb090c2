"""A module with a fault in it, judged by tests, each fault in a process of its own.

A child is forked from a process that has imported everything but the project, so that a fault costs
little more than the tests that judge it; it imports the module from the changed syntax tree.
"""

from __future__ import annotations

import ast
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
ROOTS = ("constructs", "dashboards", "rehearsal", "ui", ".")
SLOWEST_S = 15.0
"""A test that takes longer judges no fault."""
FAST = "not slow and not cluster and not control_plane"
OPTIONS = [
    "-x", "-q", "--tb=no", "--timeout=0", "-m", FAST,
    "-p", "no:cacheprovider", "-p", "no:unraisableexception",
]  # fmt: skip
"""What only tells more, or collects garbage at the end, costs as much as the tests that judge."""


@dataclass
class Watched:
    """What the tests do without any fault.

    Attributes:
        calls: Functions of the module that each test calls, by qualified name.
        at_import: Those that run before the first test, when the module is imported.
        seconds: How long each test takes.
        modules: Everything imported that is not ours.
    """

    calls: dict[str, list[str]] = field(default_factory=dict)
    at_import: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    modules: list[str] = field(default_factory=list)


class _Quick:
    """Judges fast: no search for a smaller example, and the same examples each time."""

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self) -> None:
        from hypothesis import Phase, settings

        settings.register_profile(
            "mutants",
            deadline=None,
            derandomize=True,
            database=None,
            phases=(Phase.explicit, Phase.generate),
        )
        settings.load_profile("mutants")


class _Chosen(_Quick):
    """Runs these tests in this order."""

    def __init__(self, order: list[str]) -> None:
        self._place = {test: place for place, test in enumerate(order)}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [item for item in items if item.nodeid in self._place]
        items.sort(key=lambda item: self._place[item.nodeid])


class _Watch(_Quick):
    """Notes which functions of some files each test calls, and how long it takes."""

    def __init__(self, files: list[str]) -> None:
        self._files = {str(ROOT / file) for file in files}
        self._called: set[str] = set()
        self.seen = Watched()

    @pytest.hookimpl(wrapper=True)
    def pytest_collection(self) -> Iterator[Any]:
        sys.settrace(self._trace)
        result = yield
        sys.settrace(None)
        self.seen.at_import = sorted(self._called)
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[Any]:
        self._called = set()
        begun_s = time.perf_counter()
        threading.settrace(self._trace)
        sys.settrace(self._trace)
        result = yield
        sys.settrace(None)
        threading.settrace(None)
        self.seen.seconds[item.nodeid] = time.perf_counter() - begun_s
        self.seen.calls[item.nodeid] = sorted(self._called)
        return result

    def _trace(self, frame: FrameType, *_: object) -> None:
        if frame.f_code.co_filename in self._files:
            name = frame.f_code.co_qualname.replace(".<locals>", "")
            self._called.add(name.split(".<")[0])


class _Loader(SourceFileLoader):
    """Loads a module from code that is given."""

    def __init__(self, name: str, path: str, code: CodeType) -> None:
        super().__init__(name, path)
        self._code = code

    def get_code(self, _: str) -> CodeType:
        return self._code


class _Finder(MetaPathFinder):
    """Finds one module with other code in it."""

    def __init__(self, name: str, code: CodeType) -> None:
        self._name, self._code = name, code

    def find_spec(self, fullname: str, path: Any, _: Any = None) -> ModuleSpec | None:
        spec = PathFinder.find_spec(fullname, path) if fullname == self._name else None
        if spec is not None and spec.origin is not None:
            spec.loader = _Loader(fullname, spec.origin, self._code)
        return spec


def watch(files: list[str], tests: list[str], told: Path) -> Callable[[], int]:
    """What a child does to watch the tests of a module; it writes what it saw to a file."""

    def run() -> int:
        watching = _Watch(files)
        code = pytest.main([*OPTIONS, *tests], plugins=[watching])
        watching.seen.modules = [
            name
            for name, module in sys.modules.items()
            if "site-packages" in (getattr(module, "__file__", None) or "")
        ]
        told.write_text(json.dumps(vars(watching.seen)))
        return int(code)

    return run


def judge(file: str, tree: ast.Module, tests: list[str], order: list[str]) -> Callable[[], int]:
    """What a child does to judge a changed module: 0 when no test notices."""

    def run() -> int:
        name = module_of(file)
        code = compile(tree, str(ROOT / file), "exec")
        sys.meta_path.insert(0, _Finder(name, code))
        return int(pytest.main([*OPTIONS, *tests], plugins=[_Chosen(order)]))

    return run


def module_of(file: str) -> str:
    """The name by which a file of the project is imported."""
    path = Path(file)
    for root in ROOTS:
        if path.is_relative_to(root) and (root != "." or path.parts[0] not in ROOTS):
            return ".".join(path.relative_to(root).with_suffix("").parts)
    raise ValueError(f"{file} is under none of {', '.join(ROOTS)}")


def forked(run: Callable[[], int], output: Path) -> int:
    """Run something in a child with a process group of its own; returns its id."""
    pid = os.fork()
    if pid:
        return pid
    os.setpgid(0, 0)
    with output.open("wb") as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)
    code = 70
    try:
        code = run()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
