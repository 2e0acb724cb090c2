"""The report of `make chaos`: a miss is seen and said, and a part that dies is one."""

import time
from pathlib import Path

from tests.chaos.parts import Figure, at_least, at_most, equal
from tests.chaos.run import Result, markdown, run_group, table


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


def test_a_part_that_ended_without_figures_misses() -> None:
    assert not Result("soak", "", 1.0, (), "ended with 1").met


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
