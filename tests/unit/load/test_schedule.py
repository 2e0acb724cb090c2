from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gtc_runtime.load.demand.forms import Rate
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
