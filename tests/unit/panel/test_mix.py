"""The three mix sliders."""

from hypothesis import given
from hypothesis import strategies as st

from gtc_panel.mix import Slide, rebalance
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


percents = st.integers(0, 100)
mixes = st.tuples(percents, percents).map(
    lambda ends: WorkloadMix(min(ends), max(ends) - min(ends), 100 - max(ends))
)


@given(mixes, st.sampled_from(WORKLOADS), st.lists(percents, min_size=1, max_size=20))
def test_a_slider_that_is_dragged_there_and_back_gives_the_same_mix(found, moved, way):
    slide, mix = Slide(), found

    for percent in [*way, found[moved]]:
        mix = slide.to(mix, moved, percent)

    assert mix == found


@given(mixes, st.sampled_from(WORKLOADS), percents, percents)
def test_only_where_a_drag_ends_counts_and_not_its_way(found, moved, between, end):
    slide = Slide()

    mix = slide.to(slide.to(found, moved, between), moved, end)

    assert mix == rebalance(found, moved, end)


def test_another_slider_begins_where_the_last_one_ended():
    slide = Slide()
    after_chat = slide.to(WorkloadMix(40, 30, 30), "chat", 60)

    assert slide.to(after_chat, "reasoning", 40) == rebalance(after_chat, "reasoning", 40)


def test_a_mix_that_came_from_elsewhere_is_where_the_drag_goes_on():
    slide, preset = Slide(), WorkloadMix(0, 100, 0)
    slide.to(WorkloadMix(40, 30, 30), "chat", 60)

    assert slide.to(preset, "chat", 20) == WorkloadMix(20, 80, 0)
