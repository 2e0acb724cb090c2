"""What a phase is about follows from its table, in every environment."""

from dataclasses import replace

import pytest

from gtc_panel.components.stage.spotlight import figures
from gtc_panel.components.stage.subject import cured, subject_by_hand, subject_of
from gtc_runtime.view import LoadView, Quantiles
from gtc_spec.environment import load
from gtc_spec.environment_files import ENVIRONMENTS
from tests.browser.still_demo import StillDemo

CALM = StillDemo().now
ABOUT = {
    "BALANCED": "tokens",
    "KV_CACHE_DEMO": "turns",
    "PREFILL_STRESS": "ttft",
    "PREFILL_RECOVERY": "ttft",
    "DECODE_STRESS": "itl",
    "DECODE_RECOVERY": "itl",
    "FULL_LOAD": "tokens",
    "COOLDOWN": "tokens",
}


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_each_phase_has_the_number_that_it_is_about(name):
    phases = load(name).table.phases

    assert {str(p.name): subject_of(phases, at) for at, p in enumerate(phases)} == ABOUT


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_only_recoveries_help_a_pool_out(name):
    phases = load(name).table.phases
    helped = {str(p.name): cured(phases, at) for at, p in enumerate(phases) if cured(phases, at)}

    assert helped == {"PREFILL_RECOVERY": "prefill", "DECODE_RECOVERY": "decode"}


def test_by_hand_what_misses_its_goal_is_shown():
    every = CALM.workloads["all"]
    late = replace(every, ttft=replace(every.ttft, p95_ms=9000.0))
    slow = replace(every, itl=replace(every.itl, p95_ms=90.0))

    assert subject_by_hand(CALM) == "tokens"
    assert subject_by_hand(replace(CALM, workloads={"all": late})) == "ttft"
    assert subject_by_hand(replace(CALM, workloads={"all": slow})) == "itl"
    chat = replace(CALM.load, mix={"chat": 100, "summarization": 0, "reasoning": 0})
    assert subject_by_hand(replace(CALM, load=chat)) == "turns"
    assert subject_by_hand(replace(CALM, load=LoadView(), workloads={})) == "tokens"


def test_tails_and_goodput_stand_beside_the_figure():
    names = [name for name, _ in figures("itl", CALM).lines]

    assert names == ["p50", "p99", "good requests/s", "TPOT p95"]


def test_what_is_not_known_is_a_dash_and_never_0():
    shown = figures("turns", replace(CALM, workloads={}))

    assert (shown.figure, [value for _, value in shown.lines]) == ("–", ["–", "–"])


def test_later_turns_are_told_by_what_they_save():
    first = replace(CALM.workloads["all"], ttft=Quantiles(9, 600.0, 900.0, 990.0))
    later = replace(first, ttft=Quantiles(9, 150.0, 300.0, 400.0))
    view = replace(CALM, workloads={"chat_turn1": first, "chat_turn2plus": later})

    assert figures("turns", view).figure == "150 ms"
    assert dict(figures("turns", view).lines)["of the wait saved"] == "75\u202f%"
