"""Engine steps: what the packaged tables say of one (L2, L3)."""

from dataclasses import replace

import pytest

from gtc_runtime.planning.hardware import Hardware
from gtc_runtime.planning.serving.requests import Conversation
from gtc_spec.environment import load
from tests.unit.planning.bench import HARDWARE, PROFILE, WHOLE, Decode, Prefills, document, turn

PREFILLS = [
    *((512, 0, 59.9), (1024, 0, 115.8), (4096, 0, 445.0), (10_240, 0, 1239.0)),
    *((15_360, 0, 2034.0), (18_432, 0, 2554.0), (20_480, 0, 2921.0)),
]
PREFILLS_8B = [(512, 12.7), (1024, 23.5), (4096, 97.5), (10_240, 259.0), (18_432, 541.0)]
DECODES = [
    *((1, 1024, 20.7), (1, 4096, 20.9), (1, 12_288, 21.4), (16, 1024, 22.2), (16, 4096, 24.3)),
    *((16, 12_288, 29.1), (64, 1024, 25.8), (64, 4096, 33.0), (128, 1024, 30.1)),
    *((256, 1024, 44.5),),
]
DECODES_8B = [(1, 1024, 6.6), (16, 4096, 9.7), (64, 1024, 10.0), (64, 4096, 18.2)]
EIGHT = Hardware.of(load("dev"))


def prefill_ms(hardware: Hardware, tokens: int, cached: int = 0) -> float:
    prefills = Prefills(1, hardware)
    talk = Conversation(1, cached)
    if cached:
        prefills.send(turn(talk))
        prefills.events.run()
    talk.prompt_tokens = tokens + cached
    request = prefills.send(turn(talk, prefills.events.now_s))
    prefills.events.run()
    return (request.prefilled_s - request.begun_s) * 1000


def step_ms(hardware: Hardware, batch: int, context: int) -> float:
    wide = replace(hardware, max_sequences=1024)
    decode = Decode(pool_tokens=10_000_000, hardware=wide)
    for _ in range(batch):
        decode.add(0.0, context, 20)
    decode.run()
    return decode.steps[0][1] * 1000


@pytest.mark.parametrize(("tokens", "cached", "ms"), PREFILLS)
def test_a_prefill_alone_takes_what_the_table_says(tokens: int, cached: int, ms: float) -> None:
    assert prefill_ms(WHOLE, tokens, cached) == pytest.approx(ms, rel=0.05)


@pytest.mark.parametrize(("tokens", "ms"), PREFILLS_8B)
def test_a_prefill_of_the_small_model_takes_what_its_table_says(tokens: int, ms: float) -> None:
    whole = replace(EIGHT, step_tokens=32_768)

    assert prefill_ms(whole, tokens) == pytest.approx(ms, rel=0.05)


@pytest.mark.parametrize(("batch", "context", "ms"), DECODES)
def test_a_decode_step_takes_what_the_table_says(batch: int, context: int, ms: float) -> None:
    assert step_ms(HARDWARE, batch, context) == pytest.approx(ms, rel=0.05)


@pytest.mark.parametrize(("batch", "context", "ms"), DECODES_8B)
def test_a_decode_step_of_the_small_model_takes_what_its_table_says(
    batch: int, context: int, ms: float
) -> None:
    assert step_ms(EIGHT, batch, context) == pytest.approx(ms, rel=0.05)


def test_a_prefill_grows_faster_than_its_prompt_and_hardly_with_what_is_cached() -> None:
    assert prefill_ms(WHOLE, 20_480) > 2.2 * prefill_ms(WHOLE, 10_240)
    assert prefill_ms(WHOLE, 300, 8192) < 1.3 * prefill_ms(WHOLE, 300)
    assert prefill_ms(WHOLE, 300, 8192) < prefill_ms(WHOLE, 8492) / 15


def test_a_decode_step_grows_evenly_with_its_context_and_faster_beyond_128_sequences() -> None:
    steps = [step_ms(HARDWARE, 64, context) for context in (1024, 2048, 3072)]
    few, some, many = (step_ms(HARDWARE, batch, 512) for batch in (64, 128, 192))

    assert steps[2] - steps[1] == pytest.approx(steps[1] - steps[0], rel=0.15)
    assert many - some > 1.3 * (some - few)


# -- chunks ----------------------------------------------------------------------------------------


def test_chunks_of_a_prompt_cost_what_the_prompt_costs() -> None:
    """The table says 3 % less for 70B in chunks of 8,192 tokens."""
    whole, chunked = prefill_ms(WHOLE, 15_000), prefill_ms(HARDWARE, 15_000)

    assert 0.95 < chunked / whole < 1.0


def test_the_last_chunk_of_one_prompt_shares_its_step_with_the_next_prompt() -> None:
    """Five documents of 12,500 tokens are 7.6 steps of 8,192 and not ten."""
    prefills = Prefills(1, HARDWARE)
    for _ in range(5):
        prefills.send(document(0.0, 12_500))
    prefills.events.run()
    ended = [request.prefilled_s for request in prefills.done]

    begun = [request.begun_s for request in prefills.done]
    assert begun[1] < ended[0]
    assert begun[1] == pytest.approx(PROFILE.prefill_ms(8192) / 1000)
    assert prefills.meter.busy_s == pytest.approx(ended[-1])


def test_packing_prefills_more_than_whole_prompts_one_after_the_other() -> None:
    prefills = Prefills(1, HARDWARE)
    for _ in range(20):
        prefills.send(document(0.0, 15_000))
    prefills.events.run()

    alone_s = 20 * PROFILE.prefill_ms(15_000) / 1000
    assert 0.93 < prefills.done[-1].prefilled_s / alone_s < 0.99


def test_dynamos_simulator_forgets_attention_to_earlier_chunks() -> None:
    """Its file of times knows new tokens alone: the last of five documents had its first token
    7.4 s after they were sent, where whole prompts in a row would need 7.9 s."""
    forgetful = replace(HARDWARE, prefix_attention=False)
    prefills = Prefills(1, forgetful)
    for _ in range(5):
        prefills.send(document(0.0, 12_500))
    prefills.events.run()

    transfer_s = 12_500 * PROFILE.kv_bytes_per_token / 20e9
    first_s = prefills.done[-1].prefilled_s + transfer_s + PROFILE.decode_step_ms(1, 12_500) / 1000
    assert first_s == pytest.approx(7.4, rel=0.02)
