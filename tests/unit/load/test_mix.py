from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from gtc_runtime.load.demand.mix import MixSequence
from gtc_spec.workloads import WorkloadMix


@st.composite
def mixes(draw, step=1):
    parts = 100 // step
    chat = draw(st.integers(0, parts))
    summarization = draw(st.integers(0, parts - chat))
    return WorkloadMix(chat * step, summarization * step, (parts - chat - summarization) * step)


@settings(deadline=None, max_examples=60)
@given(mixes(step=5), st.integers(0, 40))
def test_any_twenty_requests_have_the_exact_mix(mix, skipped):
    sequence = MixSequence(mix)
    for _ in range(skipped):
        sequence.next()
    seen = Counter(sequence.next() for _ in range(20))
    assert {workload: seen[workload] * 5 for workload in mix} == mix


@settings(deadline=None, max_examples=60)
@given(mixes())
def test_a_hundred_requests_have_any_mix_exactly(mix):
    sequence = MixSequence(mix)
    seen = Counter(sequence.next() for _ in range(100))
    assert seen["chat"] == mix["chat"]
    assert seen["summarization"] == mix["summarization"]


@settings(deadline=None, max_examples=60)
@given(mixes(), mixes(), st.integers(0, 30))
def test_a_workload_without_share_is_not_chosen_after_a_change(before, after, used):
    sequence = MixSequence(before)
    for _ in range(used):
        sequence.next()
    sequence.change(after)
    for _ in range(20):
        assert after[sequence.next()] > 0


def test_setting_the_same_mix_again_does_not_restart_the_sequence():
    steady, repeated = MixSequence(WorkloadMix(40, 30, 30)), MixSequence(WorkloadMix(40, 30, 30))
    expected = [steady.next() for _ in range(20)]
    seen = []
    for _ in range(20):
        repeated.change(WorkloadMix(40, 30, 30))
        seen.append(repeated.next())
    assert seen == expected
