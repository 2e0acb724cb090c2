"""What the tiles of the stage page decide, without a page."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtc_panel import stage_text, text
from gtc_panel.components.stage.answer import ending
from gtc_panel.components.stage.head import alarm
from gtc_panel.components.stage.numbers import activity, reuse
from gtc_panel.components.stage.path import queue_jams, streams_jam
from gtc_panel.components.stage.timeline import AUDIENCE, remaining
from gtc_panel.components.stage.verdicts import share_in_goal, verdict
from gtc_panel.components.stage.workers import limit, slots
from gtc_panel.headline import PRESENTER, headline
from gtc_runtime.told import ControlView, SentenceView
from gtc_runtime.view import LoadView, PhaseView, PoolView, Quantiles, WorkersView
from gtc_spec.cloud.nodes import hardware
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
    workers = WorkersView(prefill_tensor_active=0.6, decode_in_flight=9)

    assert activity(replace(CALM, workers=workers)) == ("gpu", ("60 %", "–"))


def test_without_gpus_the_requests_that_met_every_goal_stand_there():
    assert activity(CALM) == ("good", ("–", "95 %"))
    assert activity(replace(CALM, workloads={})) == ("good", ("–", "–"))


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
    assert headline(CALM, AUDIENCE).title == stage_text.BY_HAND
    assert headline(replace(CALM, load=LoadView()), AUDIENCE).title == stage_text.IDLE


@pytest.mark.parametrize("page", [PRESENTER, AUDIENCE])
@pytest.mark.parametrize("mode", ["starting", "stopping", "read-only", "unknown"])
@pytest.mark.parametrize("load", [CALM.load, LoadView()])
def test_a_mode_that_nobody_drives_by_hand_has_a_headline_of_its_own(page, mode, load):
    seen = PhaseView(sentence=SentenceView("The scenario takes over."))
    view = replace(CALM, mode=mode, load=load)

    assert headline(view, page) == (text.MODE_TITLES[mode], text.LOCKED[mode])
    assert headline(replace(view, phase=seen), page).sentence == "The scenario takes over."


def test_the_sentence_of_the_figures_stands_also_where_no_load_runs():
    seen = PhaseView(sentence=SentenceView("No load runs."))
    view = replace(CALM, load=LoadView(), phase=seen)

    assert headline(view).sentence == headline(view, AUDIENCE).sentence == "No load runs."


def test_a_load_client_that_says_nothing_proves_nothing():
    silent = replace(CALM, load=LoadView(running=True, rps=0.8), load_age_s=4.0)

    assert share_in_goal(CALM, "ttft") == 1.0
    assert share_in_goal(silent, "ttft") is None
    assert not queue_jams(silent)
    assert not streams_jam(silent)


def test_the_sentence_that_the_figures_choose_comes_before_the_fixed_one():
    phase = PhaseView("FULL_LOAD", index=8, narration="always", sentence=SentenceView("seen now"))

    assert headline(replace(CALM, phase=phase))[1] == "seen now"
    assert headline(replace(CALM, phase=replace(phase, sentence=SentenceView())))[1] == "always"


def test_a_queue_jams_when_more_wait_than_the_ready_prefill_workers_soon_get_to():
    def waits(count, ready):
        pools = (PoolView("prefill", 4, ready),)
        return replace(CALM, pools=pools, load=replace(CALM.load, waiting=count))

    assert not queue_jams(waits(4, 2))
    assert queue_jams(waits(5, 2))
    assert not queue_jams(waits(5, 4))
    assert not queue_jams(waits(5, None))
    assert not queue_jams(replace(waits(5, 2), load_age_s=30.0))


def test_streams_jam_when_their_tokens_miss_the_goal_and_the_client_can_be_believed():
    every = replace(CALM.workloads["all"], itl=Quantiles(900, 25.0, 31.0, 40.0, 0.9))
    slow = replace(CALM, workloads={"all": every})

    assert not streams_jam(CALM)
    assert streams_jam(slow)
    assert not streams_jam(replace(slow, load=replace(CALM.load, light="amber")))


def test_a_show_on_hold_says_so_in_place_of_what_comes_next():
    phase = PhaseView("FULL_LOAD", index=8, ends_in_s=42.0)
    held = replace(CALM, phase=phase, control=ControlView(holding=True))

    assert remaining(held) == ("on hold", "0:42")
    assert remaining(replace(held, control=ControlView())) == ("next phase in", "0:42")
    assert remaining(CALM) == ("", "")


@pytest.mark.parametrize(
    ("env", "cluster", "told"),
    [("prod", "Live", False), ("prod", "Rehearsal", True), ("cpu", "Live", True)],
)
def test_gpus_that_are_simulated_are_called_so(env, cluster, told):
    assert replace(CALM, cluster=cluster).simulated(load(env)) is told


def test_the_head_says_what_answers_and_on_what():
    told = {
        name: f"{load(name).model.title} · {hardware(load(name).nodes)}"
        for name in ("prod", "dev", "cpu")
    }

    assert told == {
        "prod": "Llama 3.1 70B · 8× H200",
        "dev": "Llama 3.1 8B · 3× H100",
        "cpu": "Llama 3.1 70B · 8 simulated worker slots",
    }


@given(st.text(alphabet="ab \n", max_size=400), st.integers(20, 150))
def test_a_long_answer_shows_its_end_and_never_more_than_fits(text, most):
    shown = ending(text, most)

    assert len(shown) <= most
    assert " ".join(text.split()).endswith(shown.removeprefix("… "))
