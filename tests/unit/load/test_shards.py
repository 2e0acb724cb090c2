"""Several load processes as one: one schedule, one set of figures, one fate."""

import asyncio
import contextlib
import itertools
import os
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from gtc_runtime.load.control import LoadControl
from gtc_runtime.load.demand.forms import Rate
from gtc_runtime.load.figures import request_log
from gtc_runtime.load.figures.slice_book import SliceBook
from gtc_runtime.load.figures.snapshot import Gauges, Quality, Snapshot
from gtc_runtime.load.figures.stats import Tally
from gtc_runtime.load.process import LoadProcess
from gtc_runtime.load.shard import combined
from gtc_spec.workloads import WorkloadMix

MIX = WorkloadMix(0, 60, 40)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"


async def until(condition, limit_s=15.0):
    async with asyncio.timeout(limit_s):
        while not condition():
            await asyncio.sleep(0.02)


async def hang(writer, body):
    writer.write(HEAD)
    await asyncio.sleep(20)


@contextlib.asynccontextmanager
async def three(settings):
    load, book, snapshots = LoadProcess(), SliceBook(), []
    load.on_snapshot(book.add)
    load.on_snapshot(snapshots.append)
    await load.start(settings)
    try:
        yield load, book, snapshots
    finally:
        await load.stop()


async def test_three_shards_keep_one_schedule_and_its_mix_over_any_twenty_slots(
    server, settings, tmp_path
):
    wanted = settings(server.url, shards=3, request_log=str(tmp_path))
    async with three(wanted) as (load, book, snapshots):
        assert len(set(load.pids)) == 3
        await load.set_load(Rate(rps=60, mix=MIX, pacing="constant"))
        await until(lambda: book.totals()["all"].due >= 90)
        assert snapshots[-1].gauges.offered_rps == 60
        await load.set_load(Rate(rps=0, mix=MIX, pacing="constant"))
        await until(lambda: snapshots[-1].gauges.in_flight == 0)
    total = book.totals()["all"]
    requests = sorted(
        itertools.chain.from_iterable(
            request_log.read(request_log.path_of(tmp_path, shard)) for shard in range(3)
        ),
        key=lambda each: each["due_s"],
    )
    assert len(requests) == total.due == total.ok + total.failed_total + total.shed
    gaps = [b["due_s"] - a["due_s"] for a, b in itertools.pairwise(requests)]
    assert all(abs(gap - 1 / 60) < 1e-4 for gap in gaps)
    for first in range(len(requests) - 19):
        seen = Counter(each["workload"] for each in requests[first : first + 20])
        assert (seen["summarization"], seen["reasoning"]) == (12, 8)


async def test_one_dead_shard_ends_them_all_and_all_are_started_again(
    server, settings, monkeypatch
):
    monkeypatch.setattr("gtc_runtime.load.control.RESTART_S", 0.05)
    server.script = hang
    limits = {"first_token_s": 30, "stall_s": 30, "whole_s": 30, "connect_s": 1}
    told = []
    load = LoadControl(settings(server.url, shards=2, timeouts=limits), 40, MIX, told.append)
    pids = []
    load.on_snapshot(lambda _: pids.append(load.pid))
    await load.start()
    keeper = asyncio.create_task(load.keep_alive())
    try:
        await load.set_load(Rate(rps=40, mix=MIX, pacing="constant"))
        await until(lambda: load.book.totals()["all"].due > 20)
        first = load.pid
        os.kill(first, 9)
        await until(lambda: told and load.pid not in (None, first))
        before = load.book.totals()["all"]
        assert "the load process died" in told[0]
        assert before.failed["cancelled"] > 10
        await until(lambda: load.book.totals()["all"].due > before.due + 5)
        await load.cancel()
        assert await load.drained(10)
        after = load.book.totals()["all"]
        assert after.due == after.ok + after.failed_total + after.shed
    finally:
        keeper.cancel()
        await load.stop()


def snapshot(at_s: float, light: str = "green", **gauges: int) -> Snapshot:
    tally = Tally(due=1)
    return Snapshot(
        at_s,
        {int(at_s): {"reasoning": tally}},
        Gauges(**gauges),
        Quality(light=light, reason=light, stamp_source="kernel", cpu_share=at_s / 10),
    )


def test_gauges_add_up_and_the_worst_light_counts():
    said = snapshot(2.0, "amber", in_flight=3, waiting=1, turns=4)
    both = combined(said, [said, snapshot(1.0, "green", in_flight=5, waiting=2, turns=1)])
    assert (both.gauges.in_flight, both.gauges.waiting, both.gauges.turns) == (8, 3, 5)
    assert (both.quality.light, both.quality.reason) == ("amber", "amber")
    assert both.quality.cpu_share == 0.2


def test_the_time_of_the_whole_is_that_of_the_shard_silent_for_longest():
    said = snapshot(9.0)
    assert combined(said, [snapshot(3.0), said]).at_s == 3.0


def test_arrival_times_are_only_as_good_as_the_worst_source():
    said = snapshot(1.0)
    other = Snapshot(1.0, quality=Quality(stamp_source="user"))
    assert combined(said, [said, other]).quality.stamp_source == "user"


@given(st.lists(st.integers(0, 4), min_size=1, max_size=30))
def test_however_shards_take_turns_each_increment_is_counted_once(turns):
    book, newest = SliceBook(), {}
    for second, shard in enumerate(turns):
        newest[shard] = said = snapshot(float(second))
        book.add(combined(said, list(newest.values())))
    assert book.totals()["all"].due == len(turns)
