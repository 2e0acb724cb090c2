import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtc_runtime.load.demand.forms import Rate, Replay, Streams, from_json, share_of
from gtc_spec.workloads import WorkloadMix

MIXES = st.sampled_from([None, WorkloadMix(40, 30, 30)])
COUNTS = st.none() | st.integers(1, 10_000)
DEMANDS = st.one_of(
    st.builds(
        Rate, rps=st.floats(0, 1e4), mix=MIXES, pacing=st.sampled_from(["poisson", "constant"]),
        ramp_s=st.floats(0, 600), requests=COUNTS,
    ),
    st.builds(Streams, streams=st.integers(1, 5000), mix=MIXES, ramp_s=st.floats(0, 600)),
    st.builds(Replay, speed=st.floats(0.01, 100), requests=COUNTS),
)  # fmt: skip


@given(DEMANDS)
def test_a_load_is_the_same_at_the_other_end_of_the_pipe(demand):
    assert from_json(json.loads(json.dumps(demand.model_dump(mode="json")))) == demand


@pytest.mark.parametrize("data", [{}, {"kind": "rate"}, {"kind": "other"}, [], None])
def test_what_is_no_load_is_refused(data):
    with pytest.raises(ValueError, match="validation error"):
        from_json(data)


@pytest.mark.parametrize("rps", [-1, float("nan"), float("inf"), "many"])
def test_a_rate_that_is_no_number_from_0_is_refused(rps):
    with pytest.raises(ValueError, match="validation error"):
        Rate(rps=rps, mix=None)


@given(st.integers(0, 100_000), st.integers(1, 64))
def test_the_parts_of_all_shards_add_up_and_differ_by_one_at_most(whole, shards):
    parts = [share_of(whole, shard, shards) for shard in range(shards)]
    assert sum(parts) == whole
    assert max(parts) - min(parts) <= 1
