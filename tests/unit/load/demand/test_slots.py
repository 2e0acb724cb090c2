from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtc_runtime.load.demand.arrivals import Arrivals
from gtc_runtime.load.demand.forms import NOTHING, Rate, Replay, Streams
from gtc_runtime.load.demand.schedule import Change, Schedule
from gtc_runtime.load.demand.slots import PAUSE_S
from gtc_spec.workloads import WorkloadMix

MIX = WorkloadMix(50, 0, 50)


def taken(schedule, now_s):
    found = []
    while (slot := schedule.next(now_s)) is not None:
        found.append(slot)
    return found


def asked(demand, at_s=0.0, **place):
    schedule = Schedule(1, 0.0, **place)
    schedule.change(Change(at_s, demand))
    return schedule


@given(st.floats(0, 60), st.floats(0.1, 60), st.floats(0.5, 20), st.floats(0, 30))
def test_a_ramp_passes_as_many_intervals_as_the_area_under_it(ramp_s, until_s, rps, before_rps):
    arrivals = Arrivals(1, 0.0)
    arrivals.set_rate(before_rps, "constant", 0.0)
    arrivals.set_rate(rps, "constant", 0.0, ramp_s)
    due = 0
    while (next_s := arrivals.next_due_s) is not None and next_s <= until_s:
        arrivals.pop()
        due += 1
    within_s = min(until_s, ramp_s)
    reached = before_rps + (rps - before_rps) * (within_s / ramp_s if ramp_s else 1)
    area = within_s * (before_rps + reached) / 2 + (until_s - within_s) * rps
    assert due == pytest.approx(area, abs=1.01)


@given(st.lists(st.floats(0, 20), min_size=1, max_size=20).map(sorted))
def test_looking_at_a_ramp_again_and_again_changes_nothing(looks):
    once, often = asked(Rate(rps=5, mix=MIX, ramp_s=10)), asked(Rate(rps=5, mix=MIX, ramp_s=10))
    seen = [slot for look in [*looks, 20.0] for slot in taken(often, look)]
    assert seen == taken(once, 20.0)


def test_so_many_streams_begin_and_no_more_until_one_is_free():
    schedule = asked(Streams(streams=3, mix=MIX))
    assert len(taken(schedule, 0.0)) == 3
    assert taken(schedule, 100.0) == []
    assert schedule.ended(100.0, well=True)
    assert [slot.due_s for slot in taken(schedule, 100.0)] == [100.0]


def test_a_stream_whose_request_failed_pauses():
    schedule = asked(Streams(streams=1, mix=MIX))
    taken(schedule, 0.0)
    schedule.ended(1.0, well=False)
    assert taken(schedule, 1.0) == []
    assert schedule.wake_s == 1.0 + PAUSE_S


def test_streams_begin_evenly_over_the_ramp_whoever_has_them():
    demand = Streams(streams=4, mix=MIX, ramp_s=8)
    for shards in (1, 2, 3, 4):
        parts = [taken(asked(demand, shard=i, shards=shards), 100.0) for i in range(shards)]
        together = sorted(slot.due_s for part in parts for slot in part)
        assert together == [0.0, 2.0, 4.0, 6.0]


def test_streams_keep_the_mix():
    schedule = asked(Streams(streams=20, mix=MIX))
    assert Counter(slot.workload for slot in taken(schedule, 0.0)) == {"chat": 10, "reasoning": 10}


def test_nothing_is_due_after_streams_were_ended_though_requests_end():
    schedule = asked(Streams(streams=2, mix=MIX))
    taken(schedule, 0.0)
    schedule.change(Change(1.0, NOTHING))
    assert taken(schedule, 1.0) == []
    assert not schedule.ended(2.0, well=True)
    assert taken(schedule, 3.0) == []


@given(
    st.lists(st.floats(0, 100), min_size=1, max_size=40).map(sorted), st.integers(1, 4),
    st.floats(0.1, 10),
)  # fmt: skip
def test_every_row_of_a_trace_is_due_once_at_its_time_over_all_shards(offsets_s, shards, speed):
    parts = [
        asked(Replay(speed=speed), at_s=5.0, shard=i, shards=shards, offsets_s=offsets_s)
        for i in range(shards)
    ]
    slots = [slot for part in parts for slot in taken(part, 5000.0)]
    assert sorted(slot.number for slot in slots) == list(range(len(offsets_s)))
    assert all(slot.due_s == pytest.approx(5.0 + offsets_s[slot.number] / speed) for slot in slots)
    assert {slot.workload for slot in slots} == {"own"}


@given(st.integers(1, 4))
def test_own_prompts_are_numbered_without_a_gap_over_all_shards(shards):
    rate = Rate(rps=10, mix=None, pacing="constant")
    parts = [taken(asked(rate, shard=i, shards=shards), 3.0) for i in range(shards)]
    numbers = sorted(slot.number for part in parts for slot in part)
    assert numbers == list(range(len(numbers)))
    assert len(numbers) in (29, 30, 31)
