"""What a screen reader is told of a show: each turn of it once, and no figures."""

from dataclasses import replace

from gtc_panel import text
from gtc_panel.components.announcer import announcement
from gtc_runtime.told import SentenceView
from gtc_runtime.view import PhaseView
from tests.browser.still_demo import StillDemo

STRESS = PhaseView("PREFILL_STRESS", "main", 2, narration="Long prompts fill the queue.")


def told(phase: PhaseView) -> str:
    return announcement(replace(StillDemo().now, phase=phase))


def test_without_a_show_it_says_who_drives_and_what_is_seen():
    by_hand = PhaseView(sentence=SentenceView("By hand, both goals hold.", "holds"))
    calm = replace(StillDemo().now, phase=by_hand)
    off = replace(calm, load=replace(calm.load, running=False), phase=PhaseView())

    assert announcement(calm) == f"{text.BY_HAND_TITLE}. By hand, both goals hold."
    assert announcement(off) == f"{text.NO_LOAD}. {text.NO_LOAD_NARRATION}"
    assert announcement(replace(off, mode="starting")).startswith("The show begins. ")


def test_a_phase_is_told_with_what_is_seen_now():
    seen = replace(STRESS, sentence=SentenceView("The queue grows.", "holds"))

    assert told(seen) == "Prefill stress. The queue grows."


def test_a_phase_without_a_sentence_is_told_with_what_it_is_about():
    assert told(STRESS) == "Prefill stress. Long prompts fill the queue."


def test_a_phase_that_clears_says_that_it_does():
    assert told(replace(STRESS, kind="settle")).startswith("Prefill stress, settling. ")
