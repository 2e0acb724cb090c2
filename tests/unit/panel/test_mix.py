"""The three mix sliders."""

from hypothesis import given
from hypothesis import strategies as st

from gtc_panel.mix import rebalance
from gtc_spec.workloads import WORKLOADS, WorkloadMix

moves = st.lists(st.tuples(st.sampled_from(WORKLOADS), st.integers(0, 100)), max_size=30)


@given(moves)
def test_any_drag_keeps_whole_shares_that_add_up_with_the_moved_one_exact(moves):
    mix = WorkloadMix(40, 30, 30)

    for workload, percent in moves:
        mix = rebalance(mix, workload, percent)

        shares = [mix[each] for each in WORKLOADS]
        assert sum(shares) == 100
        assert all(isinstance(share, int) and share >= 0 for share in shares)
        assert mix[workload] == percent


def test_the_others_give_in_proportion_to_what_they_had():
    assert rebalance(WorkloadMix(40, 40, 20), "chat", 70) == WorkloadMix(70, 20, 10)


def test_others_that_had_nothing_share_the_rest_evenly():
    assert rebalance(WorkloadMix(100, 0, 0), "chat", 40) == WorkloadMix(40, 30, 30)


@given(st.floats(allow_nan=False))
def test_a_share_beyond_the_ends_is_clamped(percent):
    mix = rebalance(WorkloadMix(40, 30, 30), "reasoning", percent)

    assert mix["reasoning"] == round(min(100, max(0, percent)))


def test_a_drag_to_where_it_stands_changes_nothing():
    mix = WorkloadMix(35, 15, 50)

    assert rebalance(mix, "reasoning", 50) == mix
