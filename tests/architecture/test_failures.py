"""Every failure of docs/failures.md is proven by tests that exist and may fail."""

import pytest

from tests.architecture.named_tests import Suite
from tests.architecture.repository import ROOT
from tools.failures import PAGE, Row, Watch, ill_formed, rows, told, unproven

HEAD = "## Panel\n\n| # | a | b | c | d | e |\n| --- | --- | --- | --- | --- | --- |\n"
TEST = "tests/a/test_b.py::test_c"
ROW = Row(1, "Panel", ("it dies", "nothing", "guardian", "30 s"), (TEST,))
PARTS = (
    *("API server", "Poll of the cluster", "Account and rights", "KEDA", "Adapters and pods"),
    *("Panel process", "Browser", "Load and frontend", "Follow-up questions", "Corpus and models"),
    *("Share", "Prometheus", "Grafana", "Configuration", "Terraform and account", "Cost"),
    "The show",
)


def test_every_row_names_tests_that_exist_and_may_fail():
    page, suite = rows(PAGE.read_text(encoding="utf-8")), Suite(ROOT)
    items = {name: marks for row in page for test in row.tests
             for name, marks in suite.marks(test).items()}  # fmt: skip
    assert ill_formed(page) + unproven(page, Watch(items=items)) == []


MARKS = "import pytest\n\nWIP = pytest.mark.xfail(reason='not yet')\nSOME = ('one', 'two')\n"


@pytest.mark.parametrize(
    ("text", "marks"),
    [
        ("def test_c(): ...", set()),
        ("@pytest.mark.slow\nasync def test_c(): ...", {"slow"}),
        ("@pytest.mark.skip(reason='x')\ndef test_c(): ...", {"skip"}),
        ("pytestmark = [pytest.mark.slow, pytest.mark.xfail]\ndef test_c(): ...",
         {"slow", "xfail"}),
        ("later = pytest.mark.skip\n@later\ndef test_c(): ...", {"skip"}),
        ("from tests.a.marks import WIP as later\n@later\ndef test_c(): ...", {"xfail"}),
        ("from .marks import WIP\npytestmark = WIP\ndef test_c(): ...", {"xfail"}),
        ("@pytest.mark.parametrize('a', [pytest.param(1, marks=pytest.mark.skip)])\n"
         "def test_c(a): ...", {"parametrize", "skip"}),
        ("pytest.skip('x', allow_module_level=True)\ndef test_c(): ...", {"skip"}),
        ("def test_c_longer(): ...", None),
        ("def check():\n    def test_c(): ...", None),
        ("class TestC:\n    def test_c(self): ...", None),
    ],
)  # fmt: skip
def test_the_marks_of_a_test_are_read_wherever_they_stand(tmp_path, text, marks):
    suite = written(tmp_path, text)
    assert suite.marks(TEST) == ({} if marks is None else {TEST: marks})
    assert suite.marks("tests/a/test_none.py::test_c") == {}


@pytest.mark.parametrize(
    ("cases", "case", "there"),
    [
        ("['one', 'two']", "one", True),
        ("['one', 'two']", "three", False),
        ("SOME", "two", True),
        ("SOME", "three", False),
        ("[pytest.param(f, id=f.__name__) for f in (one, two)]", "two", True),
        ("[pytest.param(f, id=f.__name__) for f in (one,)]", "two", False),
    ],
)
def test_a_case_is_there_when_the_cases_of_its_test_hold_it(tmp_path, cases, case, there):
    text = (
        "from tests.a.marks import SOME\n\ndef one(): ...\n\ndef two(): ...\n\n"
        f"@pytest.mark.parametrize('a', {cases})\ndef test_c(a): ..."
    )
    assert bool(written(tmp_path, text).marks(f"{TEST}[{case}]")) == there


def written(root, text):
    """A repository of one test."""
    folder = root / "tests" / "a"
    folder.mkdir(parents=True)
    (folder / "marks.py").write_text(MARKS)
    (folder / "test_b.py").write_text(f"import pytest\n\n{text}\n")
    return Suite(root)


def test_no_part_is_without_a_row():
    found = rows(PAGE.read_text(encoding="utf-8"))
    assert tuple(dict.fromkeys(row.part for row in found)) == PARTS


def test_a_row_is_read_with_its_part_and_all_its_tests():
    line = f"| 1 | it dies | nothing | guardian | 30 s | `{TEST}` `{TEST}[x y]` |"
    assert rows(HEAD + line) == [Row(1, "Panel", ROW.cells, (TEST, f"{TEST}[x y]"))]


@pytest.mark.parametrize(
    "odd",
    ["`tests/a/test_b.py`", "`tests/a/test_b.py::TestC::test_c`", "`test_b.py::test_c`", "seen"],
)
def test_a_proof_that_is_no_name_of_a_test_is_refused(odd):
    row, *_ = rows(HEAD + f"| 1 | it dies | nothing | guardian | 30 s | {odd} `{TEST}` |")
    assert f"row 1: not the name of a test: {odd}" in ill_formed([row])


@pytest.mark.parametrize(
    ("marks", "said"),
    [
        ({}, [f"row 1: no such test: {TEST}"]),
        ({f"{TEST}_longer": set()}, [f"row 1: no such test: {TEST}"]),
        ({f"{TEST}[a]": {"xfail"}}, [f"row 1: marked xfail: {TEST}"]),
        ({f"{TEST}[a]": set(), f"{TEST}[b]": {"skip"}}, [f"row 1: marked skip: {TEST}"]),
        ({f"{TEST}[a]": {"slow", "skipif"}}, []),
    ],
)
def test_a_test_that_is_not_there_or_cannot_fail_is_named(marks, said):
    assert unproven([ROW], Watch(items=marks)) == said


def test_a_page_with_too_few_rows_a_gap_or_an_empty_cell_is_refused():
    page = [ROW, Row(3, "Panel", ("it dies", "", "guardian", "30 s"), ())]
    assert ill_formed(page) == [
        "2 rows, allowed: at least 60",
        "rows are not numbered 1, 2, 3 …",
        "row 3 has an empty or a missing cell",
        "row 3 names no test",
    ]


@pytest.mark.parametrize(
    ("came", "said"),
    [
        ({"passed": {f"{TEST}[a]"}, "skipped": {f"{TEST}[b]": "no server"}}, ("held", "")),
        ({"skipped": dict.fromkeys((f"{TEST}[a]", f"{TEST}[b]"), "no server")},
         ("not tried", "no server")),
        ({"passed": {f"{TEST}[a]"}, "failed": {f"{TEST}[b]": "oh"}},
         ("FAILED", f"{TEST}[b]: oh")),
        ({"passed": {f"{TEST}[a]"}}, ("FAILED", f"{TEST}[b] did not run")),
    ],
)  # fmt: skip
def test_a_row_is_held_when_each_of_its_tests_passed_somewhere_and_none_failed(came, said):
    assert told(ROW, Watch(items={f"{TEST}[a]": set(), f"{TEST}[b]": set()}, **came)) == said
