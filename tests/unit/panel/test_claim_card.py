"""Which claim is shown, and how it is told in a few characters."""

from dataclasses import replace

import pytest

from gtc_panel import stage_text
from gtc_panel.components.claim_card import about, chosen, split
from gtc_panel.components.stage.trust import distrust
from gtc_runtime.told import ClaimView
from gtc_runtime.view import LoadView, PhaseView
from tests.browser.still_demo import StillDemo

CALM = StillDemo().now


def claim(phase, state="held"):
    return ClaimView(phase, state, f"text of {phase}", "6.1x", "claim", 6.1, 2.5)


def view(claims, name="", index=None):
    phase = PhaseView(name, index=index) if name else PhaseView()
    return replace(CALM, claims=tuple(claims), phase=phase)


def test_the_claim_of_the_running_phase_comes_first():
    claims = [claim("PREFILL_STRESS"), claim("PREFILL_RECOVERY", "measuring")]

    assert chosen(view(claims, "PREFILL_RECOVERY", 3)) == claims[1]
    assert chosen(view(claims, "PREFILL_STRESS", 2)) == claims[0]


def test_a_phase_without_a_claim_shows_the_last_that_was_judged():
    claims = [claim("KV_CACHE_DEMO"), claim("PREFILL_STRESS", "failed"), claim("X", "measuring")]

    assert chosen(view(claims, "FULL_LOAD", 8)) == claims[1]


def test_before_anything_was_measured_nothing_is_claimed():
    assert chosen(view([])) is None
    assert about(view([]), None) == ""


def test_a_claim_of_an_earlier_phase_names_it():
    earlier = claim("PREFILL_RECOVERY")

    assert about(view([earlier], "PREFILL_RECOVERY", 3), earlier) == ""
    assert about(view([earlier], "FULL_LOAD", 8), earlier) == "Prefill recovery"


def test_after_the_show_the_whole_cycle_is_summed_up():
    claims = [claim("PREFILL_STRESS"), claim("PREFILL_RECOVERY", "failed")]

    assert about(view(claims), chosen(view(claims))).endswith("1 of 2 as claimed")


@pytest.mark.parametrize(
    ("state", "chip"), [("held", "✓ 6.1x"), ("failed", "✗ 6.1x"), ("measuring", "…")]
)
def test_a_chip_has_a_sign_and_a_figure_only_once_it_was_measured(state, chip):
    assert stage_text.chip(state, "6.1x") == chip


@pytest.mark.parametrize(
    ("light", "running", "told"),
    [
        ("green", True, False),
        ("unknown", True, False),
        ("amber", True, True),
        ("red", True, True),
        ("red", False, False),
    ],
)
def test_the_audience_is_told_when_the_client_spoils_the_figures(light, running, told):
    assert bool(distrust(replace(CALM, load=LoadView(running=running, light=light)))) is told


@pytest.mark.parametrize(
    ("text", "what", "how"),
    [
        (
            "TTFT p95 15.9 s → 2.60 s, 41 s after +2 prefill workers",
            "TTFT p95 15.9 s → 2.60 s",
            "41 s after +2 prefill workers",
        ),
        (
            "did not recover: ITL p50 31.2 ms → 29.8 ms with +3 decode workers",
            "ITL p50 31.2 ms → 29.8 ms",
            "did not recover, with +3 decode workers",
        ),
        ("TTFT p50 585 ms → 123 ms from turn 2 on", "TTFT p50 585 ms → 123 ms from turn 2 on", ""),
    ],
)
def test_the_figures_of_a_claim_stand_alone_and_nothing_of_it_is_lost(text, what, how):
    assert split(text) == (what, how)
