from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gtc_runtime.load.demand.forms import NOTHING, Rate, Replay, Streams
from gtc_runtime.load.demand.schedule import Change, Schedule
from gtc_spec.workloads import WorkloadMix

EVEN = WorkloadMix(40, 30, 30)
CHAT = WorkloadMix(100, 0, 0)


def change(at_s, rps, mix, pacing="constant", ramp_s=0.0):
    return Change(at_s, Rate(rps=rps, mix=mix, pacing=pacing, ramp_s=ramp_s))


def slots(changes, end_s=30.0, *, shard=0, shards=1, looks=(30.0,)):
    """What one shard sends when it looks at its schedule at some moments."""
    schedule = Schedule(7, 0.0, shard, shards)
    for change in changes:
        schedule.change(change)
    taken = []
    for now_s in (*looks, end_s):
        while (slot := schedule.next(now_s)) is not None:
            taken.append(slot)
    return taken


changes = st.lists(
    st.builds(
        change,
        st.floats(0.0, 25.0),
        st.sampled_from([0.0, 1.0, 7.5, 40.0]),
        st.sampled_from([EVEN, CHAT, WorkloadMix(0, 50, 50)]),
        st.sampled_from(["constant", "paced", "poisson"]),
        st.sampled_from([0.0, 0.0, 3.0]),
    ),
    max_size=4,
).map(lambda found: sorted(found, key=lambda change: change.at_s))


@given(changes, st.integers(1, 4), st.lists(st.floats(0.0, 30.0), max_size=5).map(sorted))
@settings(max_examples=60, deadline=None)
def test_shards_together_send_every_slot_exactly_once(changes, shards, looks):
    whole = slots(changes)
    parts = [slots(changes, shard=i, shards=shards, looks=looks) for i in range(shards)]
    together = sorted((slot for part in parts for slot in part), key=lambda slot: slot.due_s)
    assert Counter(together) == Counter(whole)


def test_every_shard_has_the_mix_of_the_whole():
    wanted = change(0.0, 20.0, WorkloadMix(50, 0, 50))
    for shard in (0, 1):
        seen = Counter(slot.workload for slot in slots([wanted], shard=shard, shards=2))
        assert abs(seen["chat"] - seen["reasoning"]) <= 1


def test_a_change_comes_into_force_at_its_time_and_not_before():
    taken = slots([change(0.0, 10.0, CHAT), change(10.0, 100.0, CHAT)])
    before = [slot for slot in taken if slot.due_s <= 10.0]
    after = [slot for slot in taken if 10.0 < slot.due_s <= 11.0]
    assert (len(before), len(after)) == (pytest.approx(100, abs=1), pytest.approx(100, abs=2))


def test_a_change_to_rate_zero_ends_the_slots():
    taken = slots([change(0.0, 10.0, CHAT), change(2.0, 0.0, CHAT)])
    assert max(slot.due_s for slot in taken) <= 2.0


def test_the_next_moment_is_a_slot_or_a_change_whichever_is_first():
    schedule = Schedule(1, 0.0)
    assert schedule.wake_s is None
    schedule.change(change(5.0, 1.0, CHAT))
    assert schedule.wake_s == 5.0
    assert schedule.next(5.0) is None
    assert 5.0 < schedule.wake_s <= 6.5


def test_a_change_told_later_does_not_come_earlier():
    told = [change(9.0, 10.0, CHAT), change(3.0, 1.0, CHAT)]
    assert min(slot.due_s for slot in slots(told)) > 9.0


def test_changes_that_are_forgotten_do_not_happen():
    schedule = Schedule(1, 0.0)
    schedule.change(change(5.0, 1.0, CHAT))
    schedule.forget_changes()
    assert schedule.wake_s is None


def test_whoever_owns_the_schedule_hears_of_a_change_when_it_happens():
    heard = []
    schedule = Schedule(1, 0.0, on_change=heard.append)
    wanted = change(5.0, 1.0, CHAT)
    schedule.change(wanted)
    schedule.next(4.9)
    assert heard == []
    schedule.next(5.1)
    assert heard == [wanted]


def streams(at_s, count, mix=CHAT, ramp_s=0.0):
    return Change(at_s, Streams(streams=count, mix=mix, ramp_s=ramp_s))


def taken_at(schedule, now_s):
    found = []
    while (slot := schedule.next(now_s)) is not None:
        found.append(slot)
    return found


def test_a_schedule_that_shares_with_nobody_sends_every_slot():
    schedule = Schedule(7, 0.0)
    schedule.change(change(0.0, 10.0, CHAT))
    assert [slot.number for slot in taken_at(schedule, 10.0)][:90] == list(range(90))


def test_a_slot_is_taken_in_the_moment_in_which_it_is_due():
    schedule = Schedule(7, 0.0)
    schedule.change(change(0.0, 1.0, CHAT))
    assert schedule.next(0.0) is None
    due_s = schedule.wake_s
    assert schedule.next(due_s).due_s == due_s


def test_a_slot_before_a_change_wakes_first_and_a_change_before_a_slot_too():
    schedule = Schedule(7, 0.0)
    schedule.change(change(0.0, 1.0, CHAT))
    assert schedule.next(0.0) is None
    slot_s = schedule.wake_s
    schedule.change(change(slot_s + 1.0, 1.0, CHAT))
    assert schedule.wake_s == slot_s
    schedule.forget_changes()
    schedule.change(change(slot_s / 2, 1.0, CHAT))
    assert schedule.wake_s == slot_s / 2


def test_changes_come_one_after_the_other_in_the_order_in_which_they_were_told():
    heard = []
    schedule = Schedule(7, 0.0, on_change=heard.append)
    for at_s in (5.0, 9.0, 7.0):
        schedule.change(change(at_s, at_s, CHAT))
    assert schedule.wake_s == 5.0
    schedule.next(6.0)
    assert [each.at_s for each in heard] == [5.0]
    taken_at(schedule, 9.0)
    assert [(each.at_s, each.demand.rps) for each in heard] == [(5.0, 5.0), (9.0, 9.0), (9.0, 7.0)]


def test_each_shard_keeps_its_part_of_the_streams_open():
    schedule = Schedule(7, 0.0, shard=1, shards=2)
    schedule.change(streams(1.0, 5))
    assert [(slot.due_s, slot.number) for slot in taken_at(schedule, 1.0)] == [(1.0, 1), (1.0, 3)]
    assert schedule.wake_s is None
    assert schedule.ended(2.0, well=True) is True
    assert [(slot.due_s, slot.number) for slot in taken_at(schedule, 2.0)] == [(2.0, 5)]


def test_a_request_that_ended_makes_another_one_due_only_where_streams_are_kept_open():
    schedule = Schedule(7, 0.0)
    schedule.change(change(0.0, 1.0, CHAT))
    schedule.next(0.0)
    assert schedule.ended(0.5, well=True) is False


def test_streams_that_are_asked_for_again_go_on_and_are_heard_of():
    heard = []
    schedule = Schedule(7, 0.0, on_change=heard.append)
    schedule.change(streams(0.0, 2))
    assert len(taken_at(schedule, 0.0)) == 2
    schedule.change(streams(1.0, 2, ramp_s=4.0))
    assert taken_at(schedule, 1.0) == []
    assert [each.at_s for each in heard] == [0.0, 1.0]


@pytest.mark.parametrize("other", [streams(1.0, 3), streams(1.0, 2, EVEN)])
def test_other_streams_begin_anew(other):
    heard = []
    schedule = Schedule(7, 0.0, on_change=heard.append)
    schedule.change(streams(0.0, 2))
    assert len(taken_at(schedule, 0.0)) == 2
    schedule.change(other)
    assert len(taken_at(schedule, 1.0)) == other.demand.streams
    assert [each.at_s for each in heard] == [0.0, 1.0]


def test_a_rate_after_streams_is_a_rate():
    schedule = Schedule(7, 0.0)
    schedule.change(streams(0.0, 2))
    assert len(taken_at(schedule, 0.0)) == 2
    schedule.change(change(1.0, 10.0, CHAT))
    assert len(taken_at(schedule, 2.05)) == pytest.approx(10, abs=1)
    assert schedule.ended(2.1, well=True) is False


def test_each_shard_replays_its_rows_at_their_times():
    schedule = Schedule(7, 0.0, shard=1, shards=2, offsets_s=(0.0, 1.0, 2.0, 3.0))
    schedule.change(Change(10.0, Replay(speed=2.0)))
    rows = [(slot.due_s, slot.number) for slot in taken_at(schedule, 99.0)]
    assert rows == [(10.5, 1), (11.5, 3)]
    assert schedule.wake_s is None


@pytest.mark.parametrize("running", [change(0.0, 10.0, CHAT), streams(0.0, 2)])
def test_after_a_stop_nothing_is_due_and_nothing_comes_into_force(running):
    heard = []
    schedule = Schedule(7, 0.0, on_change=heard.append)
    schedule.change(running)
    schedule.next(0.0)
    schedule.change(change(5.0, 1.0, CHAT))
    schedule.stop()
    assert schedule.wake_s is None
    assert taken_at(schedule, 99.0) == []
    assert heard == [running, Change(0.0, NOTHING)]
