"""Figures over several seeds: middle and spread of one, and of whole structures."""

import statistics

import pytest

from gtc_runtime.planning.answers.spread import Spread, folded, quantile


def test_a_spread_tells_the_middle_and_what_one_in_ten_passes() -> None:
    found = Spread.of([float(each) for each in range(11)])

    assert found == Spread(1.0, 5.0, 9.0)


def test_figures_that_are_missing_do_not_count_and_none_at_all_is_no_spread() -> None:
    assert Spread.of([None, 3.0, None]) == Spread(3.0, 3.0, 3.0)
    assert Spread.of([None, None]) is None
    assert Spread.of([]) is None


@pytest.mark.parametrize(("q", "found"), [(0, 1.0), (0.5, 2.5), (1, 4.0), (0.1, 1.3)])
def test_a_quantile_lies_between_its_neighbours(q: float, found: float) -> None:
    assert quantile([4.0, 1.0, 3.0, 2.0], q) == pytest.approx(found)


def test_equal_structures_fold_number_by_number_and_words_are_kept() -> None:
    same = [
        {"name": "BALANCED", "ttft": {"p50": 1.0, "p95": None}, "pools": [1, 2], "cut": True},
        {"name": "BALANCED", "ttft": {"p50": 5.0, "p95": 2.0}, "pools": [3], "cut": False},
        {"name": "BALANCED", "ttft": {"p50": 3.0, "p95": None}, "pools": [4], "more": 7},
    ]

    assert folded(same, statistics.median) == {
        "name": "BALANCED",
        "ttft": {"p50": 3.0, "p95": 2.0},
        "pools": [1, 2],
        "cut": True,
        "more": 7,
    }


def test_what_one_seed_knows_nothing_of_is_folded_over_the_others():
    same = [{"chat": {"p95": 1.0}}, {"chat": None}, {"chat": {"p95": 3.0}}]

    assert folded(same, statistics.median) == {"chat": {"p95": 2.0}}
    assert folded(same[1:2], statistics.median) == {"chat": None}
