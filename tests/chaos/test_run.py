"""The report of `make chaos`: a miss is seen and said, and a part that dies is one."""

import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.chaos.parts import Figure, Part, at_least, at_most, equal
from tests.chaos.run import Result, main, markdown, run_apart, run_group, table


def test_figures_know_their_limits() -> None:
    assert [at_least("x", found, 5).met for found in (4, 5, 6)] == [False, True, True]
    assert [at_most("x", found, 5).met for found in (4, 5, 6)] == [True, True, False]
    assert [equal("x", found, 5).met for found in (4, 5, 6)] == [False, True, False]


def test_a_figure_that_is_only_told_cannot_miss() -> None:
    assert Result("p", "", 1.0, (Figure("rss", "40 MB"),)).met


def test_one_missed_figure_misses_the_part_and_is_marked() -> None:
    result = Result("soak", "", 1.0, (at_most("lost", 0, 0), at_most("leaked", 3, 0)))

    assert not result.met
    assert "MISS leaked" in table([result])
    assert "ok   lost" in table([result])
    assert "| soak | leaked | 3 | <= 0 | **miss** |" in markdown([result])


@pytest.mark.parametrize(
    ("work", "limit_s", "said"),
    [
        ("[]", 60.0, "no figures"),
        ("1 / 0", 60.0, "ended with 1"),
        ("time.sleep(60)", 2.0, "not done after 2 s"),
    ],
)
def test_a_part_that_ended_without_figures_misses_and_says_how_to_repeat_it(
    work: str, limit_s: float, said: str, planted: Callable[[str], Part]
) -> None:
    result = run_apart(replace(planted(work), slice_s=limit_s), "slice", 7)

    assert (result.met, result.figures) == (False, ())
    assert result.problem == f"{said}; repeat with: make chaos PART=planted SEED=7 SIZE=slice"


def test_the_figures_of_a_part_are_those_of_its_size_and_seed(
    planted: Callable[[str], Part],
) -> None:
    result = run_apart(planted("[Figure(size, str(seed))]"), "full", 7)

    assert (result.met, result.figures) == (True, (Figure("full", "7"),))


@pytest.mark.parametrize(("found", "code"), [(2, 0), (3, 1)])
def test_the_command_fails_when_a_figure_misses(
    found: int, code: int, planted: Callable[[str], Part], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.chaos.run.PARTS", (planted(f"[at_most('x', {found}, 2)]"),))
    monkeypatch.setattr("signal.signal", lambda *_: None)

    assert main([]) == code


@pytest.fixture
def planted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Part]:
    """A part that does what a test wants."""

    def plant(work: str) -> Part:
        lines = ("import time", "from tests.chaos.parts import Figure, at_most")
        text = "\n".join([*lines, "def run(size, seed):", f"    return {work}", ""])
        (tmp_path / "planted_part.py").write_text(text)
        return Part("planted", "", "planted_part", full_s=60.0, slice_s=60.0)

    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    return plant


def test_nothing_of_a_part_is_left_behind_when_it_ends_or_is_cut(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    begin = f"sleep 600 & echo $! > {pid}"

    assert run_group(["sh", "-c", begin], 30.0, str(tmp_path)) == ""
    assert _ended(int(pid.read_text()))

    pid.unlink()
    assert run_group(["sh", "-c", f"{begin}; wait"], 2.0, str(tmp_path)) == "not done after 2 s"
    assert _ended(int(pid.read_text()))


def _ended(pid: int) -> bool:
    """Whether a process is gone, or dead and only not yet waited for, within a moment."""
    stat = Path(f"/proc/{pid}/stat")
    for _ in range(100):
        try:
            if stat.read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.05)
    return False
