"""How a measured before and after is written."""

import pytest

from gtc_runtime.telling.claim_words import Cause, Figures, chip, hand_text, story_text

TWO = Cause(2, "prefill", 20.0)


def told(before_ms=15_900.0, after_ms=2600.0, cause=TWO, back_s=None):
    return Figures("TTFT p95", before_ms, after_ms, cause, back_s)


@pytest.mark.parametrize(
    ("state", "figures", "written"),
    [
        ("held", told(back_s=41), "TTFT p95 15.9 s → 2.60 s, 41 s after +2 prefill workers"),
        ("held", told(), "TTFT p95 15.9 s → 2.60 s with +2 prefill workers"),
        ("held", told(back_s=0.0), "TTFT p95 15.9 s → 2.60 s with +2 prefill workers"),
        ("held", told(cause=None), "TTFT p95 15.9 s → 2.60 s"),
        ("measuring", told(), "TTFT p95 15.9 s → 2.60 s so far, 20 s with +2 prefill workers"),
        ("measuring", told(None, None, None), "TTFT p95: no data yet"),
        ("measuring", told(after_ms=None, cause=None), "TTFT p95 15.9 s before, no data since"),
        ("failed", told(after_ms=14_200.0, back_s=41),
         "did not recover: TTFT p95 15.9 s → 14.2 s with +2 prefill workers"),
        ("failed", told(after_ms=None, cause=None), "did not recover: TTFT p95 15.9 s → no data"),
    ],
)  # fmt: skip
def test_a_recovery_is_told_with_its_figures_and_its_cause(state, figures, written):
    assert story_text("recovery", state, figures) == written


def test_a_rise_and_the_cache_have_their_own_words():
    rise, cache = told(2900.0, 15_900.0, None), Figures("TTFT p50", 585.0, 123.0)

    assert story_text("rise", "held", rise) == "TTFT p95 2.90 s → 15.9 s"
    assert story_text("rise", "failed", rise) == "rose too little: TTFT p95 2.90 s → 15.9 s"
    assert story_text("cache", "held", cache) == "TTFT p50 585 ms → 123 ms from turn 2 on"
    assert story_text("cache", "failed", cache).startswith("little gain: TTFT p50")


@pytest.mark.parametrize(
    ("state", "back_s", "written"),
    [
        ("held", 38.0, "TTFT p95 9.10 s → 2.00 s, back in goal 38 s after +1 prefill worker"),
        ("measuring", None,
         "not yet back in goal: TTFT p95 9.10 s → 2.00 s, 12 s with +1 prefill worker"),
        ("failed", None, "not back in goal: TTFT p95 9.10 s → 2.00 s with +1 prefill worker"),
    ],
)  # fmt: skip
def test_by_hand_the_goal_is_what_counts(state, back_s, written):
    one = Cause(1, "prefill", 12.0)

    assert hand_text(state, told(9100.0, 2000.0, one, back_s)) == written


@pytest.mark.parametrize(
    ("before_ms", "after_ms", "written"),
    [(15_900, 2600, "6.1x"), (20, 32, "1.6x"), (None, 3, "–"), (3, None, "–"), (0, 3, "–")],
)
def test_a_chip_is_the_factor_whichever_way(before_ms, after_ms, written):
    assert chip(told(before_ms, after_ms)) == written
