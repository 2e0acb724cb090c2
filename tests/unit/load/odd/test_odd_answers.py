"""The engine against answers as servers in the wild give them."""

import asyncio

import pytest

from gtc_runtime.load.asking.dialect import Dialect
from gtc_runtime.load.settings import RequestGoals, Timeouts
from gtc_runtime.load.wire.asyncio_transport import AsyncTransport
from gtc_spec.workloads import WorkloadMix
from tests.unit.load.odd.answers import CHUNKED, ODD, Odd, Piece, frame, words

GOALS = RequestGoals(ttft_s=1.0, itl_s=0.05)
PATIENT = Timeouts(connect_s=5, first_token_s=10, stall_s=2, whole_s=20)


async def say(writer: asyncio.StreamWriter, odd: Odd) -> None:
    """Give an answer."""
    writer.write(odd.head)
    for piece in odd.says:
        if isinstance(piece, float):
            await writer.drain()
            await asyncio.sleep(piece)
        else:
            writer.write(b"%x\r\n%b\r\n" % (len(piece), piece) if odd.chunked else piece)
    writer.write(odd.end)
    await writer.drain()
    if odd.closes:
        writer.close()


def answering(odd: Odd):
    async def script(writer, body):
        await say(writer, odd)

    return script


async def measured(server, settings, running, odd, **more):
    """A few requests that all get the same answer: their records and what was counted."""
    server.script = answering(odd)
    made = settings(server.url, slo=GOALS, timeouts=PATIENT, **more)
    async with running(made) as run:
        await run.load(0.06, rps=40)
        await run.drain()
        return run.records, run.totals()


def assert_right(odd, records, totals):
    for record in records:
        assert (str(record.outcome), record.tokens) == (odd.outcome, odd.tokens)
        assert odd.words in record.detail
        if record.tokens:
            counted = "chunks" if odd.by == "chunks" else "usage"
            basis = "token" if odd.by == "usage" else "frame"
            assert (record.counted_by, record.itl_basis) == (counted, basis)
    assert totals.tokens == odd.tokens * len(records)
    assert totals.itl.n == max(0, odd.tokens - 1) * len(records)
    assert totals.counted == (len(records) if odd.tokens else 0)
    assert totals.ok == (len(records) if odd.outcome == "ok" else 0)
    if not odd.good:
        assert totals.good == 0


@pytest.mark.parametrize("name", ODD)
async def test_an_odd_answer_is_understood(server, settings, running, name):
    odd = ODD[name]
    assert_right(odd, *await measured(server, settings, running, odd))


@pytest.mark.parametrize("name", ["several-tokens-a-frame", "running-usage"])
async def test_the_pace_is_that_of_tokens_and_not_of_frames(server, settings, running, name):
    records, totals = await measured(server, settings, running, ODD[name])
    assert totals.itl.quantile(0.5) == pytest.approx(totals.stall.quantile(0.5) / 4, rel=0.3)
    for record in records:
        assert record.tpot_s == pytest.approx((record.last_s - record.first_s) / 20, rel=0.01)


@pytest.mark.parametrize("name", ["several-tokens-a-frame", "lines-ended-by-cr", "finish-abort"])
async def test_without_the_kernels_stamps_it_is_the_same(server, settings, running, name):
    odd = ODD[name]
    server.script = answering(odd)
    made = settings(server.url, slo=GOALS, timeouts=PATIENT)
    from tests.unit.load.conftest import Run

    run = Run(made, AsyncTransport)
    run.engine.start()
    try:
        await run.load(0.06, rps=40)
        await run.drain()
        assert_right(odd, run.records, run.totals())
    finally:
        await run.engine.stop()


async def test_where_a_server_gives_no_finish_reasons_done_is_the_end(server, settings, running):
    odd = ODD["done-without-finish"]
    records, totals = await measured(
        server, settings, running, odd, dialect=Dialect(finish_reasons=False)
    )
    assert totals.ok == len(records) > 0


async def test_an_answer_without_output_is_fine_when_none_was_asked_for():
    from gtc_runtime.load.figures.quality import QualityMeter
    from gtc_runtime.load.figures.recorder import SliceRecorder
    from gtc_runtime.load.records import Outcome, RequestRecord
    from gtc_runtime.load.wire.exchange import Exchange

    for asked, outcome in ((0, Outcome.OK), (16, Outcome.EMPTY)):
        record = RequestRecord("reasoning", 1, 0.0, max_tokens=asked)
        exchange = Exchange(record, b"", SliceRecorder(), QualityMeter("user", 0.0), lambda _: None)
        exchange.sent(0.0)
        odd = ODD["empty-stop"]
        pieces = [p for p in odd.says if isinstance(p, bytes)]
        exchange.received(odd.head + b"".join(b"%x\r\n%b\r\n" % (len(p), p) for p in pieces), 0.1)
        assert record.outcome is outcome


async def test_a_model_that_only_thinks_is_never_sent_an_empty_message(server, settings, running):
    thinking: tuple[Piece, ...] = (*words(6, "reasoning_content"), frame({}, "length"))
    refused = b'{"message":"an assistant message needs content"}'

    async def strict(writer, body):
        if any(not each["content"] for each in body["messages"]):
            head = b"HTTP/1.1 400 Bad Request\r\n" + CHUNKED + b"\r\n"
            await say(writer, Odd((refused,), head=head))
        else:
            await say(writer, Odd((*thinking, b"data: [DONE]\n\n")))

    server.script = strict
    async with running(settings(server.url, timeouts=PATIENT)) as run:
        await run.load(0.8, rps=30, mix=WorkloadMix(100, 0, 0))
        await run.drain()
    assert set(run.outcomes()) == {"ok"}
    assert any(record.turn > 1 for record in run.records)


async def test_a_conversation_ends_when_an_answer_has_no_words_at_all(server, settings, running):
    server.script = answering(ODD["tool-calls"])
    async with running(settings(server.url, timeouts=PATIENT)) as run:
        await run.load(0.5, rps=30, mix=WorkloadMix(100, 0, 0))
        await run.drain()
    assert {record.turn for record in run.records} == {1}
    assert set(run.outcomes()) == {"ok"}
