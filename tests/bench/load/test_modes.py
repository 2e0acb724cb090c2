"""The engine against a server that cuts, decorates, breaks off and refuses: counts and classes.

The server is a C program that knows what it sent; nothing here depends on speed.
"""

import asyncio

import pytest

from gtc_runtime.load.conversations.followups import CannedFollowUps
from gtc_runtime.load.demand.forms import Rate
from gtc_runtime.load.engine import Engine
from gtc_runtime.load.records import Outcome
from gtc_runtime.load.settings import Timeouts
from gtc_runtime.load.wire.asyncio_transport import AsyncTransport
from gtc_runtime.load.wire.transports import transport_for
from tests.bench.load import build, shape
from tests.bench.load.server import MockServer
from tests.bench.load.shape import MIX, Shape
from tests.bench.load.truth import serial_of

pytestmark = [pytest.mark.slow, pytest.mark.alone]

QUICK = Shape(ttft_ms=5, itl_ms=2, tokens=20)
LIMITS = Timeouts(connect_s=20, first_token_s=20, stall_s=20, whole_s=20)
IMPATIENT = LIMITS.model_copy(update={"stall_s": 0.4})
RPS, SECONDS = 60.0, 0.3

WELL = {
    "cut at any byte": {"cut": 1},
    "lines end with crlf": {"crlf": 1},
    "comments between frames": {"ping": 2},
    "all of these": {"cut": 1, "crlf": 1, "ping": 3, "role": 1},
    "an empty first frame": {"role": 1},
    "long frames": {"pad": 2000},
    "long frames, cut": {"pad": 2000, "cut": 1},
    "as fast as it goes": {"itl": 0, "burst": 8, "ntok": 200},
    "as fast as it goes, cut": {"itl": 0, "burst": 8, "ntok": 200, "cut": 1},
    "all streams in one step": {"sync": 1},
    "several tokens in a frame": {"pack": 3},
    "several tokens in a frame, cut": {"pack": 3, "cut": 1},
    "usage in every frame": {"usage": 2},
    "usage in every frame, several tokens": {"usage": 2, "pack": 4},
    "no usage": {"usage": 0},
    "one connection for each answer": {"close": 1},
    "no chunks, the connection ends the body": {"plain": 1},
}
BADLY = {
    "compressed although not asked for": ({"gzip": 1}, Outcome.MALFORMED),
    "stands still": ({"stall": 5}, Outcome.STALLED),
    "an error as data": ({"error": 5}, Outcome.ERROR_IN_STREAM),
    "an error as an event": ({"event": 5}, Outcome.ERROR_IN_STREAM),
    "an error in pieces": ({"error": 5, "cut": 1}, Outcome.ERROR_IN_STREAM),
    "breaks off": ({"truncate": 5}, Outcome.TRUNCATED),
    "breaks off without chunks": ({"truncate": 5, "plain": 1}, Outcome.TRUNCATED),
    "401": ({"status": 401}, Outcome.REFUSED),
    "404": ({"status": 404}, Outcome.REFUSED),
    "429": ({"status": 429}, Outcome.REFUSED),
    "503": ({"status": 503}, Outcome.REFUSED),
}


@pytest.fixture(scope="module")
def server():
    try:
        build.program("server")
    except build.NoCompilerError as error:
        pytest.skip(str(error))
    with MockServer() as running:
        yield running


async def ended_requests(server, limits=LIMITS):
    """A moment of load over both transports; every request that was sent, when all have ended."""
    kernel = transport_for(server.url, limits)
    user = AsyncTransport(server.url, limits.connect_s)
    assert (kernel.stamp_source, user.stamp_source) == ("kernel", "user")
    lists = await asyncio.gather(*(over(each, server.url, limits) for each in (kernel, user)))
    # What a busy machine takes up a second late is never sent.
    return [each for records in lists for each in records if each.outcome is not Outcome.SHED]


async def over(transport, url, limits):
    settings = shape.settings(url, QUICK, timeouts=limits)
    records = []
    engine = Engine(settings, transport, CannedFollowUps(), on_record=records.append)
    engine.start()
    engine.set_load(Rate(rps=RPS, mix=MIX, pacing="constant"))
    await asyncio.sleep(SECONDS)
    engine.set_load(Rate(rps=0, mix=MIX, pacing="constant"))
    async with asyncio.timeout(20):
        while engine.snapshot().gauges.in_flight:
            await asyncio.sleep(0.02)
    await engine.stop()
    return records


def answer_with(server, **mode):
    server.answer_with(**QUICK.server_settings() | mode)


@pytest.mark.parametrize("mode", WELL.values(), ids=WELL)
async def test_every_token_is_counted_when_the_server_answers(server, mode):
    answer_with(server, **mode)

    records = await ended_requests(server)

    sent = {answer.serial: answer for answer in await asyncio.to_thread(server.log)}
    assert len(records) == len(sent) > 0
    assert {record.outcome for record in records} == {Outcome.OK}
    assert {serial_of(record.answer_id): record.tokens for record in records} == {
        serial: answer.tokens for serial, answer in sent.items()
    }


@pytest.mark.parametrize(("mode", "outcome"), BADLY.values(), ids=BADLY)
async def test_every_failure_gets_its_class(server, mode, outcome):
    answer_with(server, **mode)

    records = await ended_requests(server, IMPATIENT if "stall" in mode else LIMITS)

    requests = (await asyncio.to_thread(server.stats))["requests"]
    assert {record.outcome for record in records} == {outcome}
    assert len(records) == requests > 0


async def test_without_usage_frames_are_counted_as_tokens(server):
    answer_with(server, usage=0, pack=4)

    records = await ended_requests(server)

    assert {record.tokens for record in records} == {5}
