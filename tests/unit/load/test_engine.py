import asyncio
import socket
import time
from collections import Counter
from contextlib import asynccontextmanager
from itertools import pairwise

import pytest
from aiohttp import web

from gtc_runtime.load.engine import Engine
from gtc_runtime.load.followups import CannedFollowUps
from gtc_runtime.load.protocol import AsyncTransport
from gtc_runtime.load.stats import SliceBook
from gtc_spec.errors import UsageError
from gtc_spec.phases import WorkloadMix

REASONING = WorkloadMix(0, 0, 100)
CHAT = WorkloadMix(100, 0, 0)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
TOKEN = b'data: {"choices":[{"delta":{"content":"a"},"finish_reason":null}]}\n\n'


def chunk(payload):
    return b"%x\r\n%b\r\n" % (len(payload), payload)


class Run:
    """An engine, its records and its book."""

    def __init__(self, settings, followups=None):
        self.records = []
        self.book = SliceBook()
        transport = AsyncTransport(settings.url, settings.timeouts.connect_s)
        self.engine = Engine(
            settings, transport, followups or CannedFollowUps(), on_record=self.records.append
        )

    async def load(self, seconds, rps=40, mix=REASONING, pacing="constant"):
        self.engine.configure(rps, mix, pacing)
        await asyncio.sleep(seconds)

    async def until(self, condition, limit_s=4.0):
        async with asyncio.timeout(limit_s):
            while not condition():
                await asyncio.sleep(0.01)

    async def drain(self):
        self.engine.configure(0, REASONING, "constant")
        await self.until(lambda: self.snapshot().gauges.in_flight == 0)

    def snapshot(self):
        snapshot = self.engine.snapshot()
        self.book.add(snapshot)
        return snapshot

    def totals(self):
        self.snapshot()
        return self.book.totals()["all"]

    def outcomes(self):
        return Counter(str(each.outcome) for each in self.records)


@asynccontextmanager
async def running(settings, followups=None):
    run = Run(settings, followups)
    run.engine.start()
    try:
        yield run
    finally:
        await run.engine.stop()
    totals = run.totals()
    assert totals.due == totals.ok + totals.shed + totals.failed_total, "a request has no outcome"
    assert totals.due == len(run.records)


async def test_a_request_that_is_answered_in_full_is_ok(server, settings):
    async with running(settings(server.url)) as run:
        await run.load(0.5)
        await run.drain()
    assert set(run.outcomes()) == {"ok"}
    first = run.records[0]
    assert first.tokens == 5
    assert first.due_s <= first.send_s <= first.first_s <= first.last_s


async def test_the_offered_rate_is_kept_within_one_request(server, settings):
    async with running(settings(server.url)) as run:
        await run.load(1.0, rps=50)
        run.engine.configure(0, REASONING, "constant")
    assert 49 <= len(run.records) <= 51


async def test_connections_are_used_again(server, settings):
    async with running(settings(server.url)) as run:
        await run.load(0.6, rps=50)
        await run.drain()
    assert len(run.records) >= 28
    assert server.connections <= 6


async def test_chat_answers_may_end_where_the_model_ends_them(server, settings):
    async with running(settings(server.url)) as run:
        await run.load(0.1, mix=CHAT)
    assert "ignore_eos" not in server.bodies[0]
    assert len(run.records) > 0


async def test_reasoning_asks_for_an_exact_length_and_for_usage(server, settings):
    async with running(settings(server.url)) as run:
        await run.load(0.1)
    body = server.bodies[0]
    assert body["stream_options"] == {"include_usage": True}
    assert body["ignore_eos"] is True
    assert 20 <= body["max_tokens"] <= 50
    assert len(run.records) > 0


async def test_an_answer_that_ends_early_is_truncated(server, settings):
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


async def test_a_reset_connection_is_truncated(server, settings):
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


async def test_an_answer_that_stands_still_is_stalled(server, settings):
    async def stall(writer, body):
        writer.write(HEAD + chunk(TOKEN))
        await asyncio.sleep(3)

    server.script = stall
    async with running(settings(server.url)) as run:
        await run.load(0.1, rps=30)
        await run.drain()
    assert set(run.outcomes()) == {"stalled"}
    assert "0.3 s" in run.records[0].detail


async def test_a_first_byte_that_does_not_come_is_a_timeout(server, settings):
    async def sleep(writer, body):
        await asyncio.sleep(3)

    server.script = sleep
    async with running(settings(server.url)) as run:
        await run.load(0.1, rps=30)
        await run.drain()
    assert set(run.outcomes()) == {"timeout"}


async def test_an_answer_without_end_is_a_timeout(server, settings):
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


async def test_an_error_inside_the_stream_is_its_own_class(server, settings):
    async def fail(writer, body):
        writer.write(HEAD + chunk(TOKEN) + chunk(b'data: {"error":{"message":"kaput"}}\n\n'))

    server.script = fail
    async with running(settings(server.url)) as run:
        await run.load(0.2)
        await run.drain()
    assert set(run.outcomes()) == {"error_in_stream"}
    assert run.records[0].detail == "kaput"


async def test_bytes_that_are_no_http_are_malformed(server, settings):
    async def noise(writer, body):
        writer.write(b"\x00\x01\x02 hello\r\n\r\n")

    server.script = noise
    async with running(settings(server.url)) as run:
        await run.load(0.2)
        await run.drain()
    assert set(run.outcomes()) == {"malformed"}


async def test_a_503_is_refused_and_the_schedule_keeps_its_time(server, settings):
    async def busy(writer, body):
        writer.write(b"HTTP/1.1 503 Busy\r\nRetry-After: 9\r\nContent-Length: 4\r\n\r\nbusy")

    server.script = busy
    async with running(settings(server.url)) as run:
        await run.load(0.5, rps=40)
        run.engine.configure(0, REASONING, "constant")
        assert run.snapshot().gauges.last_failure == "refused: 503: busy"
    assert set(run.outcomes()) == {"refused"}
    assert 19 <= len(run.records) <= 21
    assert run.records[0].detail == "503: busy"


async def test_load_starts_when_a_server_that_was_away_appears(server, settings):
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


async def test_requests_beyond_the_cap_are_shed_and_counted(server, settings):
    async def sleep(writer, body):
        await asyncio.sleep(3)

    server.script = sleep
    async with running(settings(server.url, in_flight_max=5)) as run:
        await run.load(0.3, rps=50)
        totals = run.totals()
        assert run.snapshot().gauges.in_flight == 5
    assert totals.shed == totals.due - 5


async def test_a_closed_idle_connection_costs_no_request(server, settings):
    served = Counter()

    async def once(writer, body):
        served[writer] += 1
        if served[writer] > 1:  # the request meets a server that is just closing
            writer.transport.abort()
            return
        writer.write(HEAD + chunk(TOKEN) + chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n")

    server.script = once
    async with running(settings(server.url)) as run:
        await run.load(0.3, rps=30)
        await run.drain()
    assert set(run.outcomes()) == {"ok"}


async def test_cancel_ends_open_streams_and_counts_them(server, settings):
    async def sleep(writer, body):
        writer.write(HEAD + chunk(TOKEN))
        await asyncio.sleep(3)

    server.script = sleep
    async with running(settings(server.url)) as run:
        await run.load(0.15, rps=30)
        run.engine.configure(0, REASONING, "constant")
        run.engine.cancel()
        assert run.snapshot().gauges.in_flight == 0
    assert set(run.outcomes()) == {"cancelled"}


async def test_rate_zero_lets_open_streams_finish_and_starts_nothing(server, settings):
    async def slow(writer, body):
        writer.write(HEAD + chunk(TOKEN))
        await asyncio.sleep(0.2)
        writer.write(chunk(TOKEN) + chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n")

    server.script = slow
    async with running(settings(server.url)) as run:
        await run.load(0.2)
        run.engine.configure(0, REASONING, "constant")
        due = run.totals().due
        await asyncio.sleep(0.4)
        assert run.totals().due == due
    assert set(run.outcomes()) == {"ok"}


async def test_the_rate_is_clamped_to_its_cap(server, settings):
    async with running(settings(server.url, rps_max=20)) as run:
        await run.load(0.5, rps=1e9)
        assert run.snapshot().gauges.offered_rps == 20
    assert len(run.records) <= 11


@pytest.mark.parametrize("rps", [float("nan"), float("inf")])
async def test_a_rate_that_is_no_number_is_refused(server, settings, rps):
    async with running(settings(server.url)) as run:
        with pytest.raises(UsageError, match="not a number"):
            run.engine.configure(rps, REASONING, "constant")


async def test_a_conversation_repeats_itself_and_grows(server, settings):
    async with running(settings(server.url)) as run:
        await run.load(1.0, rps=10, mix=CHAT)
    first = server.bodies[0]["messages"]
    turns = [b["messages"] for b in server.bodies if b["messages"][0] == first[0]]
    assert 3 <= len(turns) <= 5
    for before, after in pairwise(turns):
        assert after[: len(before)] == before
        assert [m["role"] for m in after[len(before) :]] == ["assistant", "user"]
    assert turns[1][2]["content"] == "w0 w1 w2 w3 w4 "


async def test_starts_and_follow_ups_together_keep_to_the_chat_share(server, settings):
    async with running(settings(server.url)) as run:
        await run.load(2.0, rps=40, mix=WorkloadMix(50, 0, 50))
        run.engine.configure(0, CHAT, "constant")
    seen = Counter(each.workload for each in run.records)
    assert abs(seen["chat"] - 40) <= 5
    assert Counter(each.key for each in run.records)["chat_turn2plus"] > seen["chat"] / 2


async def test_a_follow_up_is_due_at_the_end_of_the_answer_plus_think_time(server, settings):
    async with running(settings(server.url)) as run:
        await run.load(0.6, rps=5, mix=CHAT)
    first = next(each for each in run.records if each.turn == 1)
    second = next(each for each in run.records if each.turn == 2)
    assert 0.02 <= second.due_s - first.last_s <= 0.08


async def test_without_a_chat_share_no_further_turn_becomes_due(server, settings):
    async with running(settings(server.url)) as run:
        await run.load(0.3, rps=40, mix=CHAT)
        await run.load(0.3, rps=20, mix=REASONING)
        late = [each for each in run.records if each.workload == "chat"][-1]
        assert run.snapshot().gauges.conversations == 0
        assert late.due_s < run.records[-1].due_s


async def test_a_question_that_comes_too_late_is_replaced(server, settings):
    class Slow:
        async def ask(self, context, last_answer):
            await asyncio.sleep(5)
            return "never"

        async def close(self):
            pass

    async with running(settings(server.url), Slow()) as run:
        await run.load(0.5, rps=10, mix=CHAT)
    assert any(each.turn >= 2 for each in run.records)
    assert not any(b["messages"][-1]["content"] == "never" for b in server.bodies)


async def test_documents_share_no_prefix_and_have_the_length_asked_for(server, settings):
    async with running(settings(server.url)) as run:
        await run.load(0.5, rps=40, mix=WorkloadMix(0, 100, 0))
    texts = [body["messages"][0]["content"] for body in server.bodies]
    assert len({text[:20] for text in texts}) == len(texts)
    assert all(450 <= len(text.split()) <= 1050 for text in texts)  # 1,000-2,000 tokens
    assert len(run.records) > 10


async def test_the_ratio_of_tokens_to_words_is_learned_from_usage(server, settings):
    start = settings(server.url, tokens_per_word=1.5)
    async with running(start) as run:
        await run.load(1.0, rps=60, mix=WorkloadMix(0, 100, 0))
        assert 1.9 < run.snapshot().gauges.tokens_per_word < 2.1


async def test_a_blocked_event_loop_turns_the_light_red_and_makes_no_burst(server, settings):
    async with running(settings(server.url)) as run:
        await run.load(0.3, rps=40)
        time.sleep(1.5)
        await asyncio.sleep(0.1)
        quality = run.snapshot().quality
    assert quality.light == "red"
    assert "late" in quality.reason
    assert run.outcomes()["shed"] >= 15


async def test_an_aiohttp_server_is_understood(settings):
    async def complete(request):
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for _ in range(4):
            await response.write(TOKEN)
        await response.write(b"data: [DONE]\n\n")
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


async def test_a_change_can_be_told_before_its_time(server, settings):
    async with running(settings(server.url)) as run:
        at_s = time.monotonic() + 0.3
        run.engine.configure(50, REASONING, "constant", at_s=at_s)
        await asyncio.sleep(0.6)
        run.engine.configure(0, REASONING, "constant")
    assert len(run.records) > 5
    assert all(each.due_s > at_s for each in run.records)


async def test_shards_divide_requests_and_the_cap_on_open_ones(server, settings):
    async def sleep(writer, body):
        await asyncio.sleep(3)

    server.script = sleep
    shards = [settings(server.url, in_flight_max=5, shard=i, shards=2) for i in (0, 1)]
    async with running(shards[0]) as first, running(shards[1]) as second:
        at_s = time.monotonic() + 0.1
        for run in (first, second):
            run.engine.configure(40, REASONING, "constant", at_s=at_s)
        await asyncio.sleep(0.5)
        gauges = [run.snapshot().gauges for run in (first, second)]
    assert [each.in_flight for each in gauges] == [3, 2]
    assert [each.offered_rps for each in gauges] == [20, 20]
    assert not {each.due_s for each in first.records} & {each.due_s for each in second.records}
