"""The search for the border of what a server takes, against servers whose border is known."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gtc_cli.load.curve.knee import verdict
from gtc_cli.load.curve.search import AGREE, MEASUREMENTS_MAX, TOLERANCE, Search


def searched(search, holds):
    while (load := search.next()) is not None:
        search.record(load, holds(load))
    return search


@given(st.floats(0.1, 5000), st.floats(0.5, 100))
def test_a_border_is_found_whatever_it_is_and_wherever_the_search_begins(border, begin):
    found = searched(Search(begin, 10_000), lambda load: load <= border)
    if found.low is None:
        assert border < begin / 2**9
    else:
        assert found.low <= border < found.high <= found.low * TOLERANCE
        assert len(found.results[found.low]) >= AGREE <= len(found.results[found.high])
    assert found.surprises == []


@given(st.integers(1, 3000), st.integers(1, 64))
def test_open_requests_are_whole_numbers(border, begin):
    found = searched(Search(begin, 4000, whole=True), lambda load: load <= border)
    assert all(load == int(load) >= 1 for load in found.results)
    assert found.low <= border < found.high
    assert found.high - found.low == 1 or found.high <= found.low * TOLERANCE


def test_a_server_that_never_fails_is_tried_up_to_the_highest_load():
    found = searched(Search(3, 100), lambda _: True)
    assert (found.low, found.high) == (100, None)


def test_a_server_that_always_fails_ends_the_search():
    found = searched(Search(8, 100), lambda _: False)
    assert found.low is None
    assert len(found.results) < MEASUREMENTS_MAX


def test_the_search_stops_below_a_load_that_the_client_cannot_send():
    search = Search(1, 10_000)
    while (load := search.next()) is not None:
        if load > 300:
            search.record_limited(load)
        else:
            search.record(load, True)
    assert search.low <= 300 < search.ceiling <= search.low * TOLERANCE
    assert search.high is None


@given(st.integers(0, 10_000), st.floats(2, 500))
@settings(max_examples=60)
def test_noise_near_the_border_moves_the_result_by_little_and_is_told(seed, border):
    chance = random.Random(seed)

    def holds(load):
        return load <= border * chance.uniform(0.97, 1.03)

    found = searched(Search(1, 10_000), holds)
    assert found.low == pytest.approx(border, rel=0.07)
    contradictions = [load for load, seen in found.results.items() if len(set(seen)) > 1]
    assert set(contradictions) <= set(found.surprises)


@pytest.mark.parametrize(
    ("results", "ceiling", "says"),
    [
        (
            {1: [True, True], 1.02: [False, False]},
            None,
            "met up to 1 requests/s and missed at 1.02",
        ),
        ({1: [True]}, 2, "met at 1 requests/s; at 2 the client was the limit"),
        ({1: [True]}, 1, "met at 1 requests/s, where the client began to be the limit"),
        ({1: [True]}, None, "met at 1 requests/s, the highest load that was tried"),
        ({1: [False]}, None, "no load that was tried meets the goals"),
        ({1: [True, False, True]}, None, "noise: results at 1 contradict others"),
    ],
)
def test_what_was_found_is_said_in_a_sentence(results, ceiling, says):
    search = Search(1, 100, results=results, ceiling=ceiling)
    assert says in verdict(search, "rps", interrupted=False)["words"]
