"""Whether docs/failures.md tells the truth: ``python -m tools.failures [--run] [ROW ...]``.

Every row of the page names the tests that prove it. Without ``--run`` they are collected: each has
to exist, and none may be marked as skipped or as expected to fail. With it they are run, and each
row is told as held, failed or not tried, which is so where something is absent that its tests need,
Chromium or a control plane. Numbers choose rows. Exit code 1 means that a row is not proven.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[1]
PAGE: Final = ROOT / "docs" / "failures.md"
ROWS_MIN: Final = 60
COLUMNS: Final = ("#", "what fails", "what you see", "who acts", "in what time", "proven by")
_TEST: Final = re.compile(r"`(tests/[\w/]+\.py::\w+(?:\[[^\]`]+\])?)`")
_CANNOT_FAIL: Final = ("skip", "xfail")
"""Marks of tests that prove nothing; ``skipif`` is another one, and told when it is run."""
_PYTEST: Final = ("-p", "no:cacheprovider", "--rootdir", str(ROOT))


@dataclass(frozen=True)
class Row:
    """One failure of the page.

    Attributes:
        number: As written in its first column.
        part: Heading above its table.
        cells: What fails, what is seen, who acts, in what time.
        tests: Node ids, without the parameters unless those are named.
        unread: What stands among them and is none; the page must not claim it.
    """

    number: int
    part: str
    cells: tuple[str, ...]
    tests: tuple[str, ...]
    unread: str = ""


@dataclass
class Watch:
    """What pytest has found and what came of it, by node id."""

    items: dict[str, set[str]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    passed: set[str] = field(default_factory=set)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note each test with the names of its marks."""
        self.items |= {each.nodeid: {m.name for m in each.iter_markers()} for each in session.items}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note what came of one step of a test."""
        if report.failed:
            self.failed[report.nodeid] = str(report.longrepr).strip().splitlines()[-1]
        elif report.skipped:
            where: Any = report.longrepr
            self.skipped[report.nodeid] = str(where[2] if isinstance(where, tuple) else where)
        elif report.when == "call":
            self.passed.add(report.nodeid)


def rows(text: str) -> list[Row]:
    """Every row of every table whose first column is a number."""
    found, part = [], ""
    for line in text.splitlines():
        if line.startswith("## "):
            part = line[3:]
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if line.startswith("| ") and cells[0].isdigit():
            tests = tuple(_TEST.findall(cells[-1]))
            unread = " ".join(_TEST.sub(" ", cells[-1]).split())
            found.append(Row(int(cells[0]), part, tuple(cells[1:-1]), tests, unread))
    return found


def belongs(item: str, test: str) -> bool:
    """Whether a collected test is the named one, or a case of it."""
    return item == test or item.startswith(f"{test}[")


def collected(chosen: Sequence[Row]) -> Watch:
    """Collect the files of the named tests; a file that is absent has no tests."""
    files = sorted({test.partition("::")[0] for row in chosen for test in row.tests})
    watch = Watch()
    there = [name for name in files if (ROOT / name).is_file()]
    if there:
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            ended = pytest.main([*_PYTEST, "--collect-only", *there], plugins=[watch])
        if ended != pytest.ExitCode.OK:
            print(said.getvalue())
    return watch


def ill_formed(page: Sequence[Row]) -> list[str]:
    """What is wrong with the page itself, before any test is looked for."""
    wrong = [] if len(page) >= ROWS_MIN else [f"{len(page)} rows, allowed: at least {ROWS_MIN}"]
    numbers = [row.number for row in page]
    if numbers != list(range(1, len(page) + 1)):
        wrong.append("rows are not numbered 1, 2, 3 …")
    for row in page:
        if len(row.cells) != len(COLUMNS) - 2 or not all(row.cells):
            wrong.append(f"row {row.number} has an empty or a missing cell")
        if not row.tests:
            wrong.append(f"row {row.number} names no test")
        if row.unread:
            wrong.append(f"row {row.number}: not the name of a test: {row.unread}")
    return wrong


def unproven(page: Sequence[Row], watch: Watch) -> list[str]:
    """Tests of rows that do not exist, or that are marked so that they cannot fail."""
    wrong = []
    for row in page:
        for test in row.tests:
            marks = [marks for item, marks in watch.items.items() if belongs(item, test)]
            if not marks:
                wrong.append(f"row {row.number}: no such test: {test}")
            wrong += [
                f"row {row.number}: marked {mark}: {test}"
                for mark in _CANNOT_FAIL
                if any(mark in each for each in marks)
            ]
    return wrong


def told(row: Row, watch: Watch) -> tuple[str, str]:
    """One word for a row that was run, and the reason where it is not ``held``."""
    ran = {test: [i for i in watch.items if belongs(i, test)] for test in row.tests}
    every = [item for items in ran.values() for item in items]
    for item in every:
        if item in watch.failed:
            return "FAILED", f"{item}: {watch.failed[item]}"
        if item not in watch.passed and item not in watch.skipped:
            return "FAILED", f"{item} did not run"
    for items in ran.values():
        if not any(item in watch.passed for item in items):
            return "not tried", ", ".join(sorted({watch.skipped[item] for item in items}))
    return "held", ""


def run(page: Sequence[Row], watch: Watch) -> int:
    """Run the tests of these rows and print what came of each; 1 when one failed."""
    wanted = {test for row in page for test in row.tests}
    items = [item for item in watch.items if any(belongs(item, test) for test in wanted)]
    plugins: list[object] = [watch]
    parallel = ("--numprocesses", "2", "--dist", "loadfile")
    pytest.main([*_PYTEST, *parallel, *items], plugins=plugins)
    verdicts = {row: told(row, watch) for row in page}
    for row, (word, why) in verdicts.items():
        print(f"{row.number:3} {word:9} {row.part}: {row.cells[0]}{': ' if why else ''}{why}")
    words = [word for word, _ in verdicts.values()]
    print(", ".join(f"{words.count(each)} {each}" for each in ("held", "not tried", "FAILED")))
    return int("FAILED" in words)


def main(arguments: Sequence[str] | None = None) -> int:
    """Check the page, and run what proves it when asked to."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition(":")[0])
    parser.add_argument("--run", action="store_true", help="run the tests of the rows")
    parser.add_argument("rows", nargs="*", type=int, metavar="ROW", help="only these rows")
    asked = parser.parse_args(arguments)
    page = rows(PAGE.read_text(encoding="utf-8"))
    wrong = ill_formed(page)
    chosen = [row for row in page if not asked.rows or row.number in asked.rows]
    watch = collected(chosen)
    wrong += unproven(chosen, watch)
    for each in wrong:
        print(each)
    if wrong or not asked.run:
        print(f"{len(chosen)} rows, {sum(len(row.tests) for row in chosen)} proofs")
        return int(bool(wrong))
    return run(chosen, watch)


if __name__ == "__main__":
    sys.exit(main())
