"""The forms of load, carried out by the engine against a server on loopback."""

import asyncio
import time

import pytest

from gtc_runtime.load.demand.forms import NOTHING, Rate, Streams
from gtc_spec.workloads import WorkloadMix
from tests.unit.load.conftest import well

CHAT = WorkloadMix(100, 0, 0)
MIXED = WorkloadMix(40, 30, 30)
REASONING = WorkloadMix(0, 0, 100)


@pytest.mark.parametrize("mix", [CHAT, MIXED, REASONING])
async def test_so_many_requests_are_open_and_never_more(server, settings, running, mix):
    open_now, seen = 0, []

    async def slow(writer, body):
        nonlocal open_now
        open_now += 1
        seen.append(open_now)
        await asyncio.sleep(0.02)
        await well(writer, body)
        open_now -= 1

    server.script = slow
    async with running(settings(server.url)) as run:
        run.engine.set_load(Streams(streams=5, mix=mix))
        await asyncio.sleep(0.6)
        run.engine.set_load(NOTHING)
        await run.until(lambda: run.snapshot().gauges.in_flight == 0)
    assert max(seen) == 5
    assert len(run.records) > 25
    assert run.outcomes() == {"ok": len(run.records)}


async def test_conversations_go_on_in_a_closed_loop(server, settings, running):
    async with running(settings(server.url)) as run:
        run.engine.set_load(Streams(streams=4, mix=CHAT))
        await run.until(lambda: any(each.turn == 3 for each in run.records))
        run.engine.set_load(NOTHING)
        await run.until(lambda: run.snapshot().gauges.in_flight == 0)
    names = {each.conversation for each in run.records if each.turn == 3}
    turns = [each.turn for each in run.records if each.conversation in names]
    assert turns.count(1) == turns.count(2) == len(names) > 0


async def test_a_server_that_refuses_is_not_asked_in_a_frenzy(server, settings, running):
    async def refuse(writer, body):
        writer.write(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n")

    server.script = refuse
    async with running(settings(server.url)) as run:
        run.engine.set_load(Streams(streams=4, mix=REASONING))
        await asyncio.sleep(0.9)
        run.engine.set_load(NOTHING)
    assert 4 <= len(run.records) <= 4 * 5


@pytest.mark.parametrize("mix", [CHAT, MIXED, REASONING])
@pytest.mark.parametrize(
    "demand",
    [lambda mix: Rate(rps=100, mix=mix, requests=17),
     lambda mix: Streams(streams=3, mix=mix, requests=17)],
)  # fmt: skip
async def test_so_many_requests_are_sent_and_then_nothing(server, settings, running, demand, mix):
    async with running(settings(server.url)) as run:
        run.engine.set_load(demand(mix))
        await run.until(lambda: len(run.records) == 17)
        await asyncio.sleep(0.2)
    assert len(run.records) == 17
    assert run.snapshot().gauges.conversations == 0


async def test_a_ramp_begins_slowly(server, settings, running):
    async with running(settings(server.url)) as run:
        begin_s = time.monotonic()
        run.engine.set_load(Rate(rps=100, mix=REASONING, pacing="constant", ramp_s=1.0))
        await run.until(lambda: time.monotonic() > begin_s + 1.0)
        run.engine.set_load(NOTHING)
        await run.until(lambda: run.snapshot().gauges.in_flight == 0)
    first = [each for each in run.records if each.due_s < begin_s + 0.5]
    assert len(first) == pytest.approx(12.5, abs=2)
    assert len(run.records) == pytest.approx(50, abs=4)
