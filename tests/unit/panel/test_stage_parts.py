"""What the tiles of the stage page decide, without a page."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtc_panel import stage_text
from gtc_panel.components.stage.head import alarm
from gtc_panel.components.stage.numbers import activity, reuse
from gtc_panel.components.stage.timeline import headline
from gtc_panel.components.stage.verdicts import verdict
from gtc_panel.components.stage.workers import limit, slots
from gtc_runtime.view import LoadView, PhaseView, PoolView, WorkersView
from gtc_spec.environment import load
from tests.browser.still_demo import StillDemo

CALM = StillDemo().now


@pytest.mark.parametrize(
    ("share", "held"), [(None, "idle"), (1.0, "yes"), (0.95, "yes"), (0.949, "no"), (0.0, "no")]
)
def test_a_goal_holds_when_95_percent_are_inside_and_idle_is_no_miss(share, held):
    assert verdict(share) == held


def test_cached_tokens_are_shown_when_they_are_known():
    assert reuse(0.73, 1000.0, 200.0) == ("tokens", 0.73)


def test_without_cached_tokens_the_saved_wait_stands_in_and_says_so():
    assert reuse(None, 1000.0, 200.0) == ("turns", pytest.approx(0.8))


@pytest.mark.parametrize(("first", "later"), [(None, 1.0), (1.0, None), (0.0, 1.0)])
def test_reuse_that_cannot_be_known_is_no_number(first, later):
    assert reuse(None, first, later)[1] is None


def test_gpus_speak_for_the_pools_where_there_are_some():
    workers = WorkersView(prefill_tensor_active=0.6, prefill_in_flight=3, decode_in_flight=9)

    assert activity(workers) == ("gpu", (0.6, None))


def test_requests_inside_the_workers_stand_in_for_gpus():
    assert activity(WorkersView(decode_in_flight=9)) == ("requests", (None, 9))


def test_activity_without_any_source_is_unknown():
    assert activity(WorkersView()) == ("none", (None, None))


@pytest.mark.parametrize(("env", "limits"), [("prod", (4, 5)), ("dev", (2, 2))])
def test_the_scale_of_a_pool_ends_at_the_most_that_keda_or_the_show_gives_it(env, limits):
    environment = load(env)

    assert (limit(environment, "prefill"), limit(environment, "decode")) == limits


def test_ready_workers_are_solid_and_starting_ones_are_ghosts():
    states = slots(PoolView("prefill", desired=4, ready=2, pending=2), 5)

    assert states == ["ready", "ready", "pending", "pending", "free"]


def test_a_pool_that_is_not_known_has_unknown_places():
    assert slots(PoolView("prefill"), 3) == ["unknown"] * 3


workers = st.integers(0, 9)


@given(workers, workers, workers, st.integers(1, 8))
def test_no_worker_is_ever_left_out(ready, pending, draining, most):
    states = slots(PoolView("decode", ready, ready, pending, draining), most)

    assert states.count("ready") == ready
    assert len(states) == max(most, ready + pending + draining)


def test_nothing_alarms_while_both_sources_speak():
    assert alarm(CALM) == ""


@pytest.mark.parametrize(
    ("ages", "words"),
    [
        ({"cluster_age_s": 23.4}, "No data from the cluster for 23 s"),
        ({"cluster_age_s": None}, "No data from the cluster"),
        ({"load_age_s": 16.0}, "No data from the load client for 16 s"),
    ],
)
def test_old_data_alarm_with_their_source_and_age(ages, words):
    assert alarm(replace(CALM, **ages)) == words


def test_the_headline_is_the_phase_or_who_drives():
    phase = PhaseView("FULL_LOAD", index=8, narration="All GPUs work.")

    assert headline(replace(CALM, phase=phase)) == ("Full load", "All GPUs work.")
    assert headline(CALM)[0] == stage_text.BY_HAND
    assert headline(replace(CALM, load=LoadView()))[0] == stage_text.IDLE
