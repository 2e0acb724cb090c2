"""Bracketing: the band of rates between too little to see and too much to take back."""

from collections.abc import Callable

import pytest

from gtc_runtime.planning.answers.fit.search import Margins, band, first, rates

GRID = rates(0.5, 3.0)


def plays(asked: list[float], low: float, high: float) -> Callable[[float], Margins]:
    def play(rps: float) -> Margins:
        asked.append(rps)
        return Margins(shows=rps - low, recovers=high - rps)

    return play


@pytest.mark.parametrize(("near", "found"), [(0.6, 1.3), (1.6, 1.6), (9.0, 1.9)])
def test_the_rate_in_the_band_next_to_the_present_one_is_taken(near: float, found: float) -> None:
    best = band(plays([], 1.1, 2.1), GRID, 0.2, near)

    assert best.band is not None
    assert best.margins.least >= 0.2 - 1e-9
    assert best.rps == pytest.approx(found, abs=0.35)


def test_each_rate_is_played_once_and_few_are() -> None:
    asked: list[float] = []
    band(plays(asked, 1.1, 2.1), GRID, 0.2, 1.0)

    assert len(asked) == len(set(asked)) <= 12


def test_without_a_band_the_best_of_both_is_told_and_its_other_end_is_not_looked_for() -> None:
    best = band(plays([], 2.0, 1.9), GRID, 0.2, 1.0)

    assert best.band is None
    assert best.margins.least < 0.2


@pytest.mark.parametrize("place", range(6))
def test_halving_finds_the_first_place(place: int) -> None:
    assert first(lambda at: at >= place, 5) == min(place, 5)


def test_rates_are_those_that_a_person_writes_down() -> None:
    assert rates(1.9, 2.3) == [1.9, 1.95, 2.0, 2.1, 2.2, 2.3]
    assert rates(4.9, 5.5) == [4.9, 5.0, 5.25, 5.5]
    assert rates(0.0, 0.1) == [0.05, 0.1]
