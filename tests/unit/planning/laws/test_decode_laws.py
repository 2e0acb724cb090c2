"""Decode batches: admission, throughput, joining, conservation (L4, L5, L12, L15)."""

import random
import statistics

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.planning.bench import PROFILE, Decode, poisson


def test_a_full_pool_admits_nobody_and_evicts_nobody() -> None:
    """Ten requests of 1,000 tokens in a pool of 4,000: four at a time, each without a pause."""
    decode = Decode(pool_tokens=4000)
    requests = [decode.add(0.0, 900, 100) for _ in range(10)]
    most = 0

    def look() -> None:
        nonlocal most
        most = max(most, len(decode.first_s) - len(decode.done_s))

    for tick in range(600):
        decode.events.at(tick * 0.02, look)
    decode.run()

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
        decode.run()
        itl[streams] = decode.itl_s
        ttft[streams] = max(decode.first_s[request] for request in requests)

    assert itl[32] == pytest.approx(itl[16], rel=0.01)
    assert itl[64] == pytest.approx(itl[16], rel=0.01)
    assert itl[8] < itl[16]
    assert ttft[16] < 0.1
    assert ttft[64] > 2 * ttft[32] > 4.0


def test_a_request_larger_than_the_pool_runs_alone_instead_of_never() -> None:
    decode = Decode(pool_tokens=1000)
    small, large = decode.add(0.0, 100, 50), decode.add(0.0, 2000, 50)

    decode.run()

    assert decode.first_s[large] > decode.done_s[small]


@pytest.mark.parametrize(("batch", "prompt", "answer"), [(64, 500, 400), (8, 4000, 300)])
def test_the_throughput_of_a_worker_is_its_batch_over_its_step(
    batch: int, prompt: int, answer: int
) -> None:
    decode = Decode()
    for _ in range(batch):
        decode.add(0.0, prompt, answer)

    decode.run()

    tokens = sum(tokens for _, _, tokens in decode.steps)
    step_s = PROFILE.decode_step_ms(batch, batch * (prompt + answer / 2)) / 1000
    last_s = max(decode.done_s.values())
    assert tokens / last_s == pytest.approx(batch / step_s, rel=0.02)


def test_the_first_token_leaves_after_the_first_step() -> None:
    decode = Decode()
    request = decode.add(5.0, 1000, 10)

    decode.run()

    assert decode.first_s[request] == pytest.approx(5.0 + PROFILE.decode_step_ms(1, 1000) / 1000)


def test_a_newcomer_joins_at_the_end_of_the_running_step_and_not_of_the_stretch() -> None:
    decode = Decode()
    decode.add(0.0, 1000, 500)
    late = decode.add(1.0, 1000, 10)

    decode.run()

    one_step_s = PROFILE.decode_step_ms(2, 2100) / 1000
    assert 0 < decode.first_s[late] - 1.0 < 2.1 * one_step_s


def test_littles_law_holds_in_a_decode_worker() -> None:
    """Streams seen by a look every 50 ms are the arrival rate times the mean stay."""
    decode, lengths = Decode(), random.Random(2)
    requests = [decode.add(at, 140, lengths.randint(500, 2000)) for at in poisson(2.0, 400, seed=4)]
    seen: list[int] = []

    def look() -> None:
        now_s = decode.events.now_s
        arrived = sum(request.due_s <= now_s for request in requests)
        seen.append(arrived - len(decode.done_s))

    for tick in range(20 * 60):
        decode.events.at(60 + tick * 0.05, look)
    decode.run()

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

    decode.run()

    assert set(decode.done_s) == set(decode.first_s) == set(requests)
    later = sum(tokens for _, _, tokens in decode.steps)
    assert later + len(requests) == sum(request.output_tokens for request in requests)
    assert decode.worker.idle
    assert decode.worker.cost == 0
