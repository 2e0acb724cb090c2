"""Queues before a prefill: M/D/1, M/G/c, overload, order (L6, L7, L8)."""

import random
import statistics

import pytest

from tests.unit.planning.bench import HARDWARE, PROFILE, OneAtATime, Prefills, every, poisson

DOCUMENT = 15_000
PREFILL_S = PROFILE.prefill_ms(DOCUMENT) / 1000


def mean_wait_s(prefills: Prefills) -> float:
    return statistics.fmean(wait_s for _, wait_s in prefills.waits_s)


@pytest.mark.parametrize("load", [0.5, 0.7, 0.85])
def test_documents_of_one_length_at_random_wait_as_in_m_d_1(load: float) -> None:
    prefills = Prefills(kind=OneAtATime)

    prefills.play(poisson(load / PREFILL_S, 8_000), lambda: DOCUMENT)

    expected_s = load * PREFILL_S / (2 * (1 - load))
    assert mean_wait_s(prefills) == pytest.approx(expected_s, rel=0.10)


@pytest.mark.parametrize(("workers", "load"), [(1, 0.5), (1, 0.85), (2, 0.8), (4, 0.8)])
def test_documents_of_many_lengths_wait_as_allen_and_cunneen_say(workers: int, load: float) -> None:
    """M/G/c: the wait of M/M/c times half of one plus the squared spread of service."""
    expected_s = expected_wait_s(workers, load)
    prefills = Prefills(workers, kind=OneAtATime)

    play_many_lengths(prefills, workers, load)

    assert mean_wait_s(prefills) == pytest.approx(expected_s, rel=0.15)


def test_packed_steps_begin_a_prompt_earlier_and_end_none_before_its_turn() -> None:
    """A prompt waits less for its first chunk, and its last one ends as late or later."""
    packed, alone = Prefills(1, HARDWARE), Prefills(kind=OneAtATime)
    for prefills in (packed, alone):
        play_many_lengths(prefills, 1, 0.7, requests=4000)

    def mean_stay_s(prefills: Prefills) -> float:
        return statistics.fmean(each.prefilled_s - each.due_s for each in prefills.done)

    assert mean_wait_s(packed) < mean_wait_s(alone)
    assert mean_stay_s(packed) > 0.97 * mean_stay_s(alone)


def play_many_lengths(
    prefills: Prefills, workers: int, load: float, requests: int = 10_000
) -> None:
    lengths = random.Random(5)
    mean_s, _ = service()
    arrivals = poisson(load * workers / mean_s, requests, seed=3)
    prefills.play(arrivals, lambda: lengths.randint(10_000, 20_000))


def service() -> tuple[float, float]:
    """Mean and squared spread of the service of one document."""
    lengths = random.Random(5)
    durations = [PROFILE.prefill_ms(lengths.randint(10_000, 20_000)) / 1000 for _ in range(4000)]
    mean_s = statistics.fmean(durations)
    return mean_s, statistics.pvariance(durations) / mean_s**2


def expected_wait_s(workers: int, load: float) -> float:
    mean_s, spread = service()
    return (1 + spread) / 2 * mean_wait_of_m_m_c(workers, load) * mean_s


def mean_wait_of_m_m_c(servers: int, load: float) -> float:
    """Mean wait in units of the mean service, by Erlang's C."""
    offered = servers * load
    terms = [1.0]
    for each in range(1, servers + 1):
        terms.append(terms[-1] * offered / each)
    last = terms[-1] / (1 - load)
    return last / (sum(terms[:-1]) + last) / (servers * (1 - load))


def test_an_overloaded_queue_grows_by_the_excess_and_drains_by_what_is_left() -> None:
    """At load 1.3 the wait grows 0.3 s a second; at 0.5 afterwards it shrinks 0.5 s a second."""
    over, under = 1.3, 0.5
    stress_s = 90.0
    stress = list(every(PREFILL_S / over, int(stress_s * over / PREFILL_S)))
    calm = [stress_s + at for at in every(PREFILL_S / under, 100)]
    prefills = Prefills(kind=OneAtATime)

    prefills.play([*stress, *calm], lambda: DOCUMENT)

    waits_s = prefills.waits_s
    at_the_end = next(wait for due, wait in reversed(waits_s) if due < stress_s)
    assert at_the_end / stress_s == pytest.approx(over - 1, rel=0.1)
    empty = next(due for due, wait in waits_s if due >= stress_s and wait <= 0.01)
    backlog_s = stress_s * (over - 1)
    assert empty - stress_s == pytest.approx(backlog_s / (1 - under), abs=2 * PREFILL_S / under)


def test_a_queue_is_served_in_the_order_of_arrival() -> None:
    prefills = Prefills(1, HARDWARE)

    prefills.play([0.0, 0.1, 0.2, 0.3], lambda: DOCUMENT)

    assert [request.due_s for request in prefills.done] == [0.0, 0.1, 0.2, 0.3]
