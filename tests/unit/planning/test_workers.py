"""The laws of single workers: prefill queues and decode batches."""

import random
import statistics

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gtc_runtime.planning.workers import PrefillWorker, Request
from tests.unit.planning.bench import PROFILE, Decode, Prefills, every, poisson

DOCUMENT = 15_000
PREFILL_S = PROFILE.prefill_ms(DOCUMENT) / 1000


def mean_wait_s(prefills: Prefills) -> float:
    return statistics.fmean(wait_s for _, wait_s in prefills.waits_s)


# -- one request at a time (L2, L3) --------------------------------------------------------------


@pytest.mark.parametrize(
    ("tokens", "ms"), [(512, 59.9), (1024, 115.8), (4096, 445), (10_240, 1239), (20_480, 2921)]
)
def test_a_prefill_alone_takes_what_the_profile_says(tokens: int, ms: float) -> None:
    worker = PrefillWorker(PROFILE)
    worker.queue.append(Request("summarization", 0.0, tokens, 1))

    assert worker.next_s() == pytest.approx(ms / 1000, rel=0.05)


def test_a_cached_prefix_is_not_computed_again() -> None:
    worker = PrefillWorker(PROFILE)
    worker.queue.append(Request("chat_turn2plus", 0.0, 5300, 1, cached_tokens=5000))

    assert worker.next_s() == pytest.approx(PROFILE.prefill_ms(300, 5000) / 1000)


@pytest.mark.parametrize(
    ("batch", "context", "ms"), [(1, 1024, 20.7), (16, 4096, 24.3), (64, 4096, 33.0)]
)
def test_a_decode_step_takes_what_the_profile_says(batch: int, context: int, ms: float) -> None:
    decode = Decode()
    for _ in range(batch):
        decode.add(0.0, context, 20)

    decode.clock.run()

    assert decode.steps[0][1] == pytest.approx(ms / 1000, rel=0.05)


# -- prefill queues (L6, L7, L8) -----------------------------------------------------------------


@pytest.mark.parametrize("load", [0.5, 0.7, 0.85])
def test_documents_of_one_length_at_random_wait_as_in_m_d_1(load: float) -> None:
    prefills = Prefills(1)

    prefills.play(poisson(load / PREFILL_S, 20_000), lambda: DOCUMENT)

    expected_s = load * PREFILL_S / (2 * (1 - load))
    assert mean_wait_s(prefills) == pytest.approx(expected_s, rel=0.10)


@pytest.mark.parametrize("workers", [2, 4])
def test_documents_of_many_lengths_wait_as_allen_and_cunneen_say(workers: int) -> None:
    """M/G/c: the wait of M/M/c times half of one plus the squared spread of service."""
    lengths = random.Random(5)
    durations = [PROFILE.prefill_ms(lengths.randint(10_000, 20_000)) / 1000 for _ in range(4000)]
    mean_s = statistics.fmean(durations)
    spread = statistics.pvariance(durations) / mean_s**2
    load = 0.8
    prefills = Prefills(workers)

    arrivals = poisson(load * workers / mean_s, 10_000, seed=3)
    prefills.play(arrivals, lambda: lengths.randint(10_000, 20_000))

    expected_s = (1 + spread) / 2 * mean_wait_of_m_m_c(workers, load) * mean_s
    assert mean_wait_s(prefills) == pytest.approx(expected_s, rel=0.15)


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
    prefills = Prefills(1)

    prefills.play([*stress, *calm], lambda: DOCUMENT)

    at_the_end = next(wait for due, wait in reversed(prefills.waits_s) if due < stress_s)
    assert at_the_end / stress_s == pytest.approx(over - 1, rel=0.1)
    empty = next(due for due, wait in prefills.waits_s if due >= stress_s and wait <= 0.01)
    backlog_s = stress_s * (over - 1)
    assert empty - stress_s == pytest.approx(backlog_s / (1 - under), abs=2 * PREFILL_S / under)


def test_a_queue_is_served_in_the_order_of_arrival() -> None:
    prefills = Prefills(1)

    prefills.play([0.0, 0.1, 0.2, 0.3], lambda: DOCUMENT)

    assert [due for due, _ in prefills.waits_s] == [0.0, 0.1, 0.2, 0.3]


# -- decode admission (L4, L5) -------------------------------------------------------------------


def test_a_full_pool_admits_nobody_and_evicts_nobody() -> None:
    """Ten requests of 1,000 tokens in a pool of 4,000: four at a time, each without a pause."""
    decode = Decode(pool_tokens=4000)
    requests = [decode.add(0.0, 900, 100) for _ in range(10)]
    most = 0

    def look() -> None:
        nonlocal most
        most = max(most, len(decode.first_s) - len(decode.done_s))

    for tick in range(600):
        decode.clock.at(tick * 0.02, look)
    decode.clock.run()

    assert most == 4
    assert len(decode.done_s) == 10
    for request in requests:
        streamed_s = decode.done_s[request] - decode.first_s[request]
        assert streamed_s == pytest.approx(99 * PROFILE.decode_step_ms(4, 4 * 950) / 1000, rel=0.02)


def test_past_the_cap_itl_stays_and_the_first_token_waits() -> None:
    itl, ttft = {}, {}
    for streams in (8, 16, 32, 64):
        decode = Decode(pool_tokens=16 * 1100)
        requests = [decode.add(0.0, 1000, 100) for _ in range(streams)]
        decode.clock.run()
        weights = [(step_s, tokens) for _, step_s, tokens in decode.steps]
        itl[streams] = sum(s * n for s, n in weights) / sum(n for _, n in weights)
        ttft[streams] = max(decode.first_s[request] for request in requests)

    assert itl[32] == pytest.approx(itl[16], rel=0.01)
    assert itl[64] == pytest.approx(itl[16], rel=0.01)
    assert itl[8] < itl[16]
    assert ttft[16] < 0.1
    assert ttft[64] > 2 * ttft[32] > 4.0


def test_a_request_larger_than_the_pool_runs_alone_instead_of_never() -> None:
    decode = Decode(pool_tokens=1000)
    small, large = decode.add(0.0, 100, 50), decode.add(0.0, 2000, 50)

    decode.clock.run()

    assert decode.first_s[large] > decode.done_s[small]


def test_the_throughput_of_a_worker_is_its_batch_over_its_step() -> None:
    batch, prompt, answer = 64, 500, 400
    decode = Decode()
    for _ in range(batch):
        decode.add(0.0, prompt, answer)

    decode.clock.run()

    tokens = sum(tokens for _, _, tokens in decode.steps)
    step_s = PROFILE.decode_step_ms(batch, batch * (prompt + answer / 2)) / 1000
    last_s = max(decode.done_s.values())
    assert tokens / last_s == pytest.approx(batch / step_s, rel=0.02)


# -- joining and leaving (L1, L12, L15) ----------------------------------------------------------


def test_the_first_token_leaves_after_the_first_step() -> None:
    decode = Decode()
    request = decode.add(5.0, 1000, 10)

    decode.clock.run()

    assert decode.first_s[request] == pytest.approx(5.0 + PROFILE.decode_step_ms(1, 1000) / 1000)


def test_a_newcomer_joins_at_the_end_of_the_running_step_and_not_of_the_stretch() -> None:
    decode = Decode()
    decode.add(0.0, 1000, 500)
    late = decode.add(1.0, 1000, 10)

    decode.clock.run()

    one_step_s = PROFILE.decode_step_ms(2, 2100) / 1000
    assert 0 < decode.first_s[late] - 1.0 < 2.1 * one_step_s


def test_littles_law_holds_in_a_decode_worker() -> None:
    """Streams seen by a look every 50 ms are the arrival rate times the mean stay."""
    decode, lengths = Decode(), random.Random(2)
    requests = [decode.add(at, 140, lengths.randint(500, 2000)) for at in poisson(2.0, 400, seed=4)]
    seen: list[int] = []

    def look() -> None:
        seen.append(decode.worker.streams)

    for tick in range(20 * 60):
        decode.clock.at(60 + tick * 0.05, look)
    decode.clock.run()

    window = (60.0, 120.0)
    stays = [overlap(request.due_s, decode.done_s[request], window) for request in requests]
    assert statistics.fmean(seen) == pytest.approx(sum(stays) / 60, rel=0.01)


def overlap(start: float, end: float, window: tuple[float, float]) -> float:
    return max(0.0, min(end, window[1]) - max(start, window[0]))


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(st.floats(0, 5), st.integers(1, 3000), st.integers(1, 120)),
        min_size=1,
        max_size=40,
    ),
    st.integers(500, 20_000),
)
def test_every_token_of_every_request_leaves_and_nothing_is_left_behind(
    asked: list[tuple[float, int, int]], pool_tokens: int
) -> None:
    decode = Decode(pool_tokens)
    requests = [decode.add(*each) for each in asked]

    decode.clock.run()

    assert set(decode.done_s) == set(decode.first_s) == set(requests)
    later = sum(tokens for _, _, tokens in decode.steps)
    assert later + len(requests) == sum(request.output_tokens for request in requests)
    assert (decode.worker.streams, decode.worker.load_tokens) == (0, 0)
