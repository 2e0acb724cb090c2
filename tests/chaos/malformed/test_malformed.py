"""What counts as an answer to malformed input, and as a fault."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

import pytest

from gtc_spec.errors import UsageError
from tests.chaos.malformed.damage import damaged, spoilt
from tests.chaos.malformed.kinds import Kind, Try
from tests.chaos.malformed.run import attempts


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def kind_that(attempt: Try) -> Kind:
    @contextmanager
    def prepared() -> Iterator[Try]:
        yield attempt

    return Kind("example", prepared)


def test_an_error_that_is_no_line_for_a_person_is_a_fault() -> None:
    def attempt(random: Random) -> str:
        raise KeyError("rps")

    assert "KeyError" in attempts(kind_that(attempt), [0], seed=1).faults[0][1]


def test_a_line_for_a_person_is_an_answer() -> None:
    def attempt(random: Random) -> str:
        raise UsageError("rate 'x' is not a number")

    report = attempts(kind_that(attempt), [0, 1], seed=1)
    assert (report.outcomes["refused"], report.faults) == (2, [])


def test_what_hangs_is_stopped_and_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.chaos.malformed.run.LIMIT_S", 0.05)

    def attempt(random: Random) -> str:
        while True:
            pass

    assert "Hang" in attempts(kind_that(attempt), [0], seed=1).faults[0][1]


def test_what_hangs_once_and_not_again_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.chaos.malformed.run.LIMIT_S", 0.05)
    tries = []

    def attempt(random: Random) -> str:
        tries.append(1)
        if len(tries) == 1:
            time.sleep(5)
        return "taken"

    report = attempts(kind_that(attempt), [0, 1], seed=1)
    assert [number for number, _ in report.faults] == [0]


def test_time_without_a_core_is_no_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.chaos.malformed.run.LIMIT_S", 0.05)
    from_s = time.monotonic()
    monkeypatch.setattr(
        "tests.chaos.malformed.run._waited_s", lambda: min(0.2, time.monotonic() - from_s)
    )

    def attempt(random: Random) -> str:
        time.sleep(0.1)
        return "taken"

    assert attempts(kind_that(attempt), [0], seed=1).outcomes == {"taken": 1}


def test_a_number_is_the_same_input_for_ever() -> None:
    value = {"phases": [{"name": "BALANCED", "rps": 4}]}
    for number in range(50):
        first, again = Random(number), Random(number)
        assert repr(spoilt(first, value, deepest=50)) == repr(spoilt(again, value, deepest=50))
        assert damaged(first, b"[nodes]\nsize = 1\n") == damaged(again, b"[nodes]\nsize = 1\n")
