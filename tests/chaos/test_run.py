"""The report of `make chaos`: a miss is seen and said, and a part that dies is one."""

from tests.chaos.parts import Figure, at_least, at_most, equal
from tests.chaos.run import Result, markdown, table


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
