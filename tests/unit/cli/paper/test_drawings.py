"""Drawings on white paper: well-formed, escaped, with gaps where nothing is known."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from gtc_cli.paper.bars import Bars
from gtc_cli.paper.lines import HEIGHT, Line, Lines
from gtc_cli.paper.sheet import Drawing, Sheet
from gtc_cli.paper.table import Table
from gtc_runtime.formats import number
from gtc_runtime.verdict import Verdict
from gtc_spec.errors import UsageError

LINE = Line("<a & b>", "blue", [(0, 1.0), (1, None), (2, 4.0), (3, 2.0)], stepped=True, marked=True)
LINES = Lines("<load>", [LINE], (0, 3), [(1, "<1>")], number, goal=(3.0, "<3>"), legend=True)
BARS = Bars("<tail>", ["<mix>", "b"], [("one", [1.0, None]), ("two", [0.0, 2.0])], number)


@pytest.mark.parametrize("drawing", [LINES, BARS])
def test_a_drawing_is_xml_whatever_its_words_are(drawing: Lines | Bars) -> None:
    assert ElementTree.fromstring(drawing.svg()).tag == "svg"


def test_a_step_holds_its_value_until_the_next_one() -> None:
    (path,) = re.findall(r"<path d='([^']*)'", LINES.svg())

    assert path.count("M") == 2
    fourth = path.split("M")[2].split("L")
    assert fourth[0].split()[1] == fourth[1].split()[1] != fourth[2].split()[1]


def test_the_highest_value_or_the_goal_sets_the_axis() -> None:
    tops = [float(y) for y in re.findall(r"cy='([\d.]+)'", LINES.svg())]

    assert min(tops) == 34
    assert max(tops) < HEIGHT


def test_a_bar_without_a_figure_has_no_height_and_says_so() -> None:
    bars = r"height='([\d.]+)' fill='(?:#0b62c4|url\(#hatched\))'/><text[^>]*>([^<]*)"
    heights = re.findall(bars, BARS.svg())

    assert ("0.0", "–") in heights
    assert len([told for height, told in heights if height != "12"]) == 4


def test_a_page_stands_alone_and_escapes_its_words(tmp_path: Path) -> None:
    sheet = Sheet(
        "What <if>",
        "of prod",
        [Verdict("DECODE_STRESS", "red", "1.1 <b>", "more")],
        [Drawing("load", LINES.svg())],
        [Table("figures", ["phase", "p95"], [["BALANCED", "1 s\n0.9–1.1"]], note="a note")],
        ["a model"],
        "rps = 1 # <",
    )
    sheet.write(tmp_path / "page.html")

    page = (tmp_path / "page.html").read_text()
    assert re.findall(r"(?:src|href|url)\s*[=(](?!#)", page) == []
    assert "<script" not in page
    assert "<b>" not in page
    assert "1.1 &lt;b&gt;; expected: more" in page
    assert page.count("<svg") == 1


def test_a_page_that_cannot_be_written_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot write .*no such file or directory"):
        Sheet("a", "b").write(tmp_path / "no" / "page.html")
