"""What every transport must do, told by the engine above it and a server whose bytes we choose."""

import asyncio
import fcntl
import socket
import struct
import termios
import time
from collections import Counter

import pytest
from aiohttp import web

from gtc_runtime.load.demand.forms import Rate
from gtc_runtime.load.settings import RequestGoals
from gtc_runtime.load.wire.asyncio_transport import AsyncTransport
from gtc_runtime.load.wire.kernel_transport import KernelTransport
from gtc_spec.workloads import WorkloadMix

REASONING = WorkloadMix(0, 0, 100)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
TOKEN = b'data: {"choices":[{"delta":{"content":"a"},"finish_reason":null}]}\n\n'
STOP = b'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\n'
DONE = b"data: [DONE]\n\n"


def chunk(payload):
    return b"%x\r\n%b\r\n" % (len(payload), payload)


END = chunk(STOP) + chunk(DONE) + b"0\r\n\r\n"


@pytest.fixture(params=[KernelTransport, AsyncTransport])
def transport(request, core):
    return request.param


async def test_a_request_that_is_answered_in_full_is_ok(server, settings, running):
    async with running(settings(server.url)) as run:
        await run.load(0.5)
        await run.drain()
    assert set(run.outcomes()) == {"ok"}
    first = run.records[0]
    assert first.tokens == 5
    assert first.due_s <= first.send_s <= first.first_s <= first.last_s


async def test_connections_are_used_again(server, settings, running):
    async with running(settings(server.url)) as run:
        await run.load(1.5, rps=50)
        await run.drain()
    assert len(run.records) >= 70
    assert server.connections < len(run.records) / 2  # five to spare, more where all is slow


async def test_what_comes_before_the_first_token_is_acknowledged_at_once(server, settings, running):
    """A server that waits for that (Nagle's algorithm) would hold the first token back, by 40 ms
    on a connection that has just ended another answer."""
    not_acknowledged = []

    async def head_first(writer, body):
        raw = writer.get_extra_info("socket")
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 0)
        writer.write(HEAD)
        await asyncio.sleep(0.015)
        not_acknowledged.append(waiting_bytes(raw))
        for _ in range(5):
            writer.write(chunk(TOKEN))
            await asyncio.sleep(0.001)
        writer.write(END)

    server.script = head_first
    async with running(settings(server.url)) as run:
        await run.load(1.2)
        await run.drain()
    later = not_acknowledged[len(not_acknowledged) // 2 :]
    assert len(later) >= 10
    assert later.count(0) > 0.8 * len(later)


def waiting_bytes(raw: socket.socket) -> int:
    """Bytes that the other side has not acknowledged."""
    (number,) = struct.unpack("i", fcntl.ioctl(raw.fileno(), termios.TIOCOUTQ, b"\0" * 4))
    return number


async def test_an_answer_that_ends_early_is_truncated(server, settings, running):
    async def cut(writer, body):
        writer.write(HEAD + chunk(TOKEN) + chunk(TOKEN))
        await writer.drain()
        writer.close()

    server.script = cut
    async with running(settings(server.url)) as run:
        await run.load(0.2)
        await run.drain()
    assert set(run.outcomes()) == {"truncated"}
    assert run.records[0].tokens == 2


async def test_a_reset_connection_is_truncated(server, settings, running):
    async def reset(writer, body):
        writer.write(HEAD + chunk(TOKEN))
        await writer.drain()
        raw = writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        writer.transport.abort()

    server.script = reset
    async with running(settings(server.url)) as run:
        await run.load(0.2)
        await run.drain()
    assert set(run.outcomes()) == {"truncated"}


async def test_an_answer_that_stands_still_is_stalled(server, settings, running):
    async def stall(writer, body):
        writer.write(HEAD + chunk(TOKEN))
        await asyncio.sleep(3)

    server.script = stall
    async with running(settings(server.url)) as run:
        await run.load(0.1, rps=30)
        await run.drain()
    assert set(run.outcomes()) == {"stalled"}
    assert "0.3 s" in run.records[0].detail


async def test_a_first_byte_that_does_not_come_is_a_timeout(server, settings, running):
    async def sleep(writer, body):
        await asyncio.sleep(3)

    server.script = sleep
    async with running(settings(server.url)) as run:
        await run.load(0.1, rps=30)
        await run.drain()
    assert set(run.outcomes()) == {"timeout"}


async def test_an_answer_without_end_is_a_timeout(server, settings, running):
    async def drip(writer, body):
        writer.write(HEAD)
        while not writer.is_closing():
            writer.write(chunk(TOKEN))
            await writer.drain()
            await asyncio.sleep(0.1)

    server.script = drip
    async with running(settings(server.url)) as run:
        await run.load(0.05, rps=30)
        await run.drain()
    assert set(run.outcomes()) == {"timeout"}
    assert run.records[0].tokens > 10


async def test_an_error_inside_the_stream_is_its_own_class(server, settings, running):
    async def fail(writer, body):
        writer.write(HEAD + chunk(TOKEN) + chunk(b'data: {"error":{"message":"kaput"}}\n\n'))

    server.script = fail
    async with running(settings(server.url)) as run:
        await run.load(0.2)
        await run.drain()
    assert set(run.outcomes()) == {"error_in_stream"}
    assert run.records[0].detail == "kaput"


async def test_bytes_that_are_no_http_are_malformed(server, settings, running):
    async def noise(writer, body):
        writer.write(b"\x00\x01\x02 hello\r\n\r\n")

    server.script = noise
    async with running(settings(server.url)) as run:
        await run.load(0.2)
        await run.drain()
    assert set(run.outcomes()) == {"malformed"}


async def test_a_503_is_refused_and_the_schedule_keeps_its_time(server, settings, running):
    async def busy(writer, body):
        writer.write(b"HTTP/1.1 503 Busy\r\nRetry-After: 9\r\nContent-Length: 4\r\n\r\nbusy")

    server.script = busy
    async with running(settings(server.url)) as run:
        begin_s = time.monotonic()
        await run.load(0.5, rps=40)
        due = 40 * (time.monotonic() - begin_s)
        run.engine.set_load(Rate(rps=0, mix=REASONING, pacing="constant"))
        await run.drain()
        assert run.snapshot().gauges.last_failure == "refused: 503: busy"
    assert set(run.outcomes()) == {"refused"}
    assert abs(len(run.records) - due) <= 1.5
    assert run.records[0].detail == "503: busy"


async def test_load_starts_when_a_server_that_was_away_appears(server, settings, running):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    async with running(settings(f"http://127.0.0.1:{port}")) as run:
        await run.load(0.2)
        late = await asyncio.start_server(server.serve, "127.0.0.1", port)
        await run.until(lambda: run.outcomes()["ok"] > 3)
        late.close()
    assert run.outcomes()["refused"] > 3
    assert "refused" in run.records[0].detail


async def test_a_closed_idle_connection_costs_no_request(server, settings, running):
    served = Counter()

    async def once(writer, body):
        served[writer] += 1
        if served[writer] > 1:  # the request meets a server that is just closing
            writer.transport.abort()
            return
        writer.write(HEAD + chunk(TOKEN) + END)

    server.script = once
    async with running(settings(server.url)) as run:
        await run.load(0.3, rps=30)
        await run.drain()
    assert set(run.outcomes()) == {"ok"}


async def test_cancel_ends_open_streams_and_counts_them(server, settings, running):
    async def sleep(writer, body):
        writer.write(HEAD + chunk(TOKEN))
        await asyncio.sleep(3)

    server.script = sleep
    async with running(settings(server.url)) as run:
        await run.load(0.15, rps=30)
        run.engine.set_load(Rate(rps=0, mix=REASONING, pacing="constant"))
        run.engine.cancel()
        assert run.snapshot().gauges.in_flight == 0
    assert set(run.outcomes()) == {"cancelled"}


async def test_rate_zero_lets_open_streams_finish_and_starts_nothing(server, settings, running):
    async def slow(writer, body):
        writer.write(HEAD + chunk(TOKEN))
        await asyncio.sleep(0.2)
        writer.write(chunk(TOKEN) + END)

    server.script = slow
    async with running(settings(server.url)) as run:
        await run.load(0.2)
        run.engine.set_load(Rate(rps=0, mix=REASONING, pacing="constant"))
        due = run.totals().due
        await asyncio.sleep(0.4)
        assert run.totals().due == due
    assert set(run.outcomes()) == {"ok"}


async def test_an_aiohttp_server_is_understood(settings, running):
    async def complete(request):
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for _ in range(4):
            await response.write(TOKEN)
        await response.write(STOP)
        await response.write(DONE)
        return response

    app = web.Application(client_max_size=2**20)
    app.router.add_post("/v1/chat/completions", complete)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = site._server.sockets[0].getsockname()[1]
    async with running(settings(f"http://127.0.0.1:{port}/v1")) as run:
        await run.load(0.5)
        await run.drain()
    await runner.cleanup()
    assert set(run.outcomes()) == {"ok"}
    assert {each.tokens for each in run.records} == {4}


async def test_an_answer_cut_at_every_byte_is_counted_exactly(server, settings, running):
    frames = [chunk(TOKEN) for _ in range(3)] + [END]

    async def drip(writer, body):
        for byte in HEAD + b"".join(frames):
            writer.write(bytes([byte]))
            await asyncio.sleep(0)

    server.script = drip
    async with running(settings(server.url)) as run:
        await run.load(0.1, rps=20)
        await run.drain()
    assert set(run.outcomes()) == {"ok"}
    assert {each.tokens for each in run.records} == {3}


async def test_arrivals_are_kept_when_asked_for(server, settings, running):
    async def slow(writer, body):
        writer.write(HEAD)
        for _ in range(4):
            writer.write(chunk(TOKEN))
            await asyncio.sleep(0.02)
        writer.write(END)

    server.script = slow
    async with running(settings(server.url, keep_arrivals=True)) as run:
        await run.load(0.1, rps=20)
        await run.drain()
    first = run.records[0]
    assert sum(first.arrivals_tokens) == first.tokens == 4
    assert first.arrivals_s[0] == first.first_s
    assert first.arrivals_s[-1] == first.last_s


@pytest.mark.parametrize(
    ("goals", "good"), [((5.0, 5.0), True), ((5.0, 0.001), False), ((1e-6, 5.0), False)]
)
async def test_a_request_is_good_when_it_meets_both_goals(server, settings, running, goals, good):
    async def slow(writer, body):
        writer.write(HEAD + chunk(TOKEN))
        await asyncio.sleep(0.03)
        writer.write(chunk(TOKEN) + END)

    server.script = slow
    slo = RequestGoals(ttft_s=goals[0], itl_s=goals[1])
    async with running(settings(server.url, slo=slo)) as run:
        await run.load(0.1, rps=20)
        await run.drain()
        totals = run.totals()
    assert totals.good == (totals.ok if good else 0)
    assert totals.good_answers == totals.good
    assert totals.tpot.n == totals.ok > 0


async def test_a_name_is_looked_up(server, settings, running):
    async with running(settings(f"http://localhost:{server.port}")) as run:
        await run.load(0.2, rps=20)
        await run.drain()
    assert set(run.outcomes()) == {"ok"}


async def test_a_name_that_nobody_has_is_refused(settings, running):
    async with running(settings("http://nobody.invalid:1")) as run:
        await run.load(0.2, rps=20)
        await run.until(lambda: run.outcomes()["refused"] > 0)
