"""What only the transport with kernel stamps does."""

import asyncio
import threading
import time

import pytest

from gtc_runtime.load.demand.forms import Rate
from gtc_runtime.load.figures.quality import QualityMeter
from gtc_runtime.load.figures.recorder import SliceRecorder
from gtc_runtime.load.records import Outcome, RequestRecord
from gtc_runtime.load.settings import Timeouts
from gtc_runtime.load.wire.asyncio_transport import AsyncTransport
from gtc_runtime.load.wire.exchange import Exchange
from gtc_runtime.load.wire.kernel_calls import stamps_work
from gtc_runtime.load.wire.kernel_clock import KernelClock
from gtc_runtime.load.wire.kernel_transport import KernelTransport
from gtc_runtime.load.wire.transports import transport_for
from gtc_spec.workloads import WorkloadMix

pytestmark = pytest.mark.usefixtures("core")

REASONING = WorkloadMix(0, 0, 100)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
STOP = b'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\n'
DONE = b"%x\r\n%b\r\ne\r\ndata: [DONE]\n\n\r\n0\r\n\r\n" % (len(STOP), STOP)


def token(text="a"):
    frame = b'data: {"choices":[{"delta":{"content":"%b"},"finish_reason":null}]}\n\n'
    payload = frame % text.encode()
    return b"%x\r\n%b\r\n" % (len(payload), payload)


def test_this_kernel_stamps_what_arrives():
    assert stamps_work()


def test_the_kernels_clock_is_the_monotonic_one_once_converted():
    clock = KernelClock()
    before_s = time.monotonic()
    wall_ns = time.time_ns()
    after_s = time.monotonic()
    seconds, nanoseconds = divmod(wall_ns, 10**9)
    at_s = seconds - clock.offset_whole_s + (nanoseconds - clock.offset_ns) * 1e-9
    assert before_s - 0.001 < at_s < after_s + 0.001


def test_plain_http_gets_stamps_of_the_kernel_and_tls_says_why_not():
    plain = transport_for("http://127.0.0.1:1", Timeouts())
    assert isinstance(plain, KernelTransport)
    assert (plain.stamp_source, plain.stamp_reason) == ("kernel", "")
    tls = transport_for("https://127.0.0.1:1", Timeouts())
    assert isinstance(tls, AsyncTransport)
    assert (tls.stamp_source, tls.stamp_reason) == ("user", "the connection is encrypted")


async def test_connections_are_open_before_the_first_request_is_due(server, settings, running):
    async with running(settings(server.url)) as run:
        run.engine.set_load(
            Rate(rps=100, mix=REASONING, pacing="constant"), at_s=time.monotonic() + 0.3
        )
        await asyncio.sleep(0.2)
        assert not run.records
        assert server.connections == 7  # two, and what is due in 50 ms


async def test_no_more_connections_are_opened_than_may_be_in_use(server, settings, running):
    async with running(settings(server.url, in_flight_max=3)) as run:
        run.engine.set_load(
            Rate(rps=100, mix=REASONING, pacing="constant"), at_s=time.monotonic() + 0.2
        )
        await asyncio.sleep(0.1)
        assert server.connections == 3


async def test_the_light_names_the_source_of_the_stamps_and_the_core(
    server, settings, running, core
):
    async with running(settings(server.url)) as run:
        await run.load(0.2)
        await run.until(lambda: run.records)
        quality = run.snapshot().quality
    assert quality.stamp_source == "kernel"
    assert quality.core == core
    assert quality.stamp_reason == ""
    assert quality.reader_stall_p99_ms is not None


async def test_usage_counts_when_frames_bring_two_tokens_each(server, settings, running):
    usage = b'data: {"choices":[],"usage":{"completion_tokens":8,"prompt_tokens":1}}\n\n'

    async def pairs(writer, body):
        writer.write(HEAD)
        for _ in range(4):
            writer.write(token())
            await asyncio.sleep(0.005)
        writer.write(b"%x\r\n%b\r\n" % (len(usage), usage) + DONE)

    server.script = pairs
    async with running(settings(server.url)) as run:
        await run.load(0.3, rps=20)
        await run.drain()
    assert {each.tokens for each in run.records} == {8}


async def test_a_busy_thread_leaves_arrival_times_alone(server, settings, running):
    stop = threading.Event()

    def burn():
        while not stop.is_set():
            sum(range(1000))

    sent_s = {}

    async def slow(writer, body):
        mine = sent_s[body["messages"][0]["content"]] = []
        writer.write(HEAD)
        for _ in range(5):
            mine.append(time.monotonic())
            writer.write(token())
            await asyncio.sleep(0.03)
        writer.write(DONE)

    server.script = slow
    thread = threading.Thread(target=burn)
    thread.start()
    try:
        async with running(settings(server.url, keep_arrivals=True)) as run:
            await run.load(0.1, rps=20)
            await run.drain()
    finally:
        stop.set()
        thread.join()
    gaps = zip(sorted(run.records[0].arrivals_s), next(iter(sent_s.values())), strict=True)
    late_s = sorted(at_s - before_s for at_s, before_s in gaps)
    assert late_s[len(late_s) // 2] < 0.01


async def test_a_request_that_the_kernel_takes_in_parts_arrives_whole():
    body = bytes(range(256)) * 40_000
    got = bytearray()

    async def read_slowly(reader, writer):
        while len(got) < len(body):
            got.extend(await reader.read(2**18))
            await asyncio.sleep(0)
        writer.write(HEAD + token() + DONE)

    listener = await asyncio.start_server(read_slowly, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    transport = KernelTransport(f"http://127.0.0.1:{port}", 1.0)
    meter = QualityMeter("kernel", 0.0)
    transport.start(meter)
    ended = asyncio.Event()
    record = RequestRecord("reasoning", 1, time.monotonic())
    transport.send(Exchange(record, body, SliceRecorder(), meter, lambda _: ended.set()))
    async with asyncio.timeout(5):
        await ended.wait()
    await transport.close()
    listener.close()
    assert record.outcome is Outcome.OK
    assert got == body
