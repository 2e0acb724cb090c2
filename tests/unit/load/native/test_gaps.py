"""Gaps are counted alike in C and in Python."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtc_runtime.load.figures.gaps import NativeGaps
from gtc_runtime.load.figures.histogram import CEILING_S, GROWTH, SCALE, bucket_of
from gtc_runtime.load.figures.recorder import Gaps

GAPS_S = st.one_of(
    st.floats(0, 2 * CEILING_S),
    st.integers(0, 2400).map(lambda power: 1e-6 * GROWTH**power),  # the borders of buckets
    st.sampled_from([0.0, -0.0, -1.0, 1e-6, 1e-300, 1e300]),
)


@given(st.lists(st.tuples(st.integers(0, 4), st.floats(0, 0.999), GAPS_S), max_size=60))
def test_both_move_the_same_into_the_same_slices(native_core, arrivals):
    python, native = Gaps(), NativeGaps(native_core.Gaps)
    for second, within_s, gap_s in arrivals:
        python.add(second + within_s, gap_s)
        native.add(second + within_s, gap_s)
    slices: tuple[dict, dict] = ({}, {})
    python.move_to(slices[0], "reasoning")
    native.move_to(slices[1], "reasoning")
    assert slices[0] == slices[1]
    assert native.counts.take() == {}


@given(GAPS_S, st.integers(1, 9))
def test_several_tokens_share_their_gap(native_core, gap_s, tokens):
    gaps = native_core.Gaps(*SCALE)
    gaps.add(7.5, gap_s, tokens)
    assert gaps.take() == {7: (tokens, {bucket_of(gap_s): 1}, {bucket_of(gap_s / tokens): tokens})}


def test_what_is_no_scale_or_no_arrival_is_refused(native_core):
    for last in (0, -1, 10**9):
        with pytest.raises(ValueError, match="buckets"):
            native_core.Gaps(*SCALE[:3], last)
    with pytest.raises(ValueError, match="token"):
        native_core.Gaps(*SCALE).add(1.0, 1.0, 0)
