"""The one rule on old figures: named and greyed after 15 s, blank after 60 s."""

from dataclasses import fields, replace

import pytest

from gtc_runtime.telling.freshness import judged, older, without
from gtc_runtime.told import ClaimView, ControlView, NextView, SentenceView
from gtc_runtime.view import PodView, PoolView, Quantiles, StaleView, WorkersView, freshness
from gtc_spec.environment import load
from tests.browser.still_demo import calm_view

CALM = replace(
    calm_view(load("prod")),
    pods=(PodView("p-0", "prefill", "ready"),),
    workers=WorkersView(kv_reuse=0.4),
    workers_age_s=2.0,
    ending="ends in 15 min",
    ending_age_s=3.0,
)
MEASURED = ClaimView("RECOVERY", "measuring", "TTFT", "2.0x", "at most half", 0.5, 0.5)
AGES = {
    "cluster": "cluster_age_s",
    "load": "load_age_s",
    "prometheus": "workers_age_s",
    "end date": "ending_age_s",
}


@pytest.mark.parametrize(
    ("age_s", "expected"),
    [(0, "fresh"), (15, "fresh"), (15.1, "stale"), (60, "stale"), (60.1, "gone"), (None, "gone")],
)
def test_figures_go_stale_after_15_s_and_are_gone_after_60_s(age_s, expected):
    assert freshness(age_s) == expected


def test_a_view_of_fresh_sources_is_told_as_it_is():
    assert judged(CALM) is CALM


@pytest.mark.parametrize("source", AGES)
def test_a_source_over_15_s_is_named_with_its_age_and_keeps_its_figures(source):
    aged = replace(CALM, **{AGES[source]: 15.1})
    light = "unknown" if source == "load" else aged.load.light
    told = replace(aged, stale=(StaleView(source, 15.1),), load=replace(aged.load, light=light))
    assert judged(aged) == told
    assert judged(replace(CALM, **{AGES[source]: 15.0})).stale == ()


def test_of_a_cluster_over_60_s_no_worker_and_no_scaler_is_told():
    told = judged(replace(CALM, cluster_age_s=60.1))
    assert told.pools == (PoolView("prefill"), PoolView("decode"))
    assert (told.pods, told.keda, told.control.scaler) == ((), "unknown", None)
    assert told.stale == (StaleView("cluster", 60.1),)
    assert told.workloads == CALM.workloads


def test_of_a_load_process_over_60_s_no_figure_is_left_and_none_is_0():
    told = judged(replace(CALM, load_age_s=60.1))
    for workload in told.workloads.values():
        for each in fields(workload):
            found = getattr(workload, each.name)
            assert found is None or found == Quantiles(), each.name
    assert set(told.workloads) == set(CALM.workloads)
    figures = ("sent_rps", "in_flight", "waiting", "streaming", "conversations", "output_tokens_s")
    assert [getattr(told.load, name) for name in figures] == [None] * len(figures)
    assert (told.load.light, told.load.dots, told.load.answer) == ("unknown", (), None)
    assert (told.load.rps, told.load.mix) == (CALM.load.rps, CALM.load.mix)
    assert told.pools == CALM.pools


def test_of_a_prometheus_over_60_s_nothing_of_the_inside_is_told():
    assert judged(replace(CALM, workers_age_s=60.1)).workers == WorkersView()


def test_an_end_date_over_60_s_is_not_told():
    assert judged(replace(CALM, ending_age_s=60.1)).ending == ""


def test_what_nobody_has_told_yet_is_not_called_old():
    assert judged(replace(CALM, workers_age_s=None, ending_age_s=None)).stale == ()


def test_a_view_that_is_not_made_anew_ages_with_all_its_sources():
    assert [each.age_s for each in older(CALM, 20.0).stale] == [20.4, 20.3, 22.0, 23.0]
    assert older(CALM, 20.0).pools == CALM.pools
    gone = older(CALM, 61.0)
    assert gone.pools == (PoolView("prefill"), PoolView("decode"))
    assert gone.workers == WorkersView()
    assert gone.load.in_flight is None


def test_a_view_that_nobody_makes_anew_says_no_word_of_now_and_runs_no_countdown():
    claims = tuple(replace(MEASURED, state=state) for state in ("held", "measuring"))
    control = ControlView(next=NextView("RECOVERY", 12.0), resume_s=8.0)
    phase = replace(CALM.phase, sentence=SentenceView("Both goals hold.", "holds"), ends_in_s=9.0)
    view = replace(CALM, claims=claims, control=control, phase=phase)

    young, old = older(view, 15.0), older(view, 15.1)

    assert (young.phase, young.control, young.problem) == (phase, control, CALM.problem)
    assert old.phase == replace(phase, sentence=SentenceView(), ends_in_s=None)
    assert old.control == ControlView(next=NextView("RECOVERY", None))
    assert [each.state for each in old.claims] == ["held"]
    assert old.problem == "this panel has not looked at anything for 15 s"


def test_what_is_measured_so_far_is_not_told_of_a_load_process_that_is_stale():
    claims = tuple(replace(MEASURED, state=state) for state in ("failed", "measuring"))
    told = judged(replace(CALM, claims=claims, load_age_s=15.1))
    assert [each.state for each in told.claims] == ["failed"]


def test_words_may_be_chosen_without_what_is_stale():
    aged = replace(CALM, cluster_age_s=20.0)
    assert without(aged, 15.0).keda == "unknown"
    assert without(aged, 60.0) is aged
