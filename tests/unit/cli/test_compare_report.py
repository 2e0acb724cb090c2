"""Which way of serving is called better, and what its tokens cost."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtc_cli.compare.report import (
    EVEN,
    LEGS,
    MEASURES,
    better,
    doubts,
    figures,
    summary,
    verdicts,
)
from gtc_runtime.load.records import STAT_KEYS
from gtc_spec.cloud import costs
from gtc_spec.environment import load

PROD = load("prod")
VALUES = st.floats(0.001, 1e6)


@given(VALUES, VALUES, st.booleans())
def test_swapping_the_two_swaps_the_verdict(one: float, other: float, more: bool) -> None:
    swapped = {LEGS[0]: LEGS[1], LEGS[1]: LEGS[0], "even": "even"}
    assert swapped[better(one, other, more=more)] == better(other, one, more=more)


@given(VALUES, st.floats(0, EVEN * 0.99), st.booleans())
def test_a_difference_within_a_tenth_is_none(value: float, share: float, more: bool) -> None:
    assert better(value, value * (1 - share), more=more) == "even"


def test_more_goodput_and_less_latency_are_better() -> None:
    assert better(0.9, 0.5, more=True) == "disaggregated"
    assert better(900.0, 500.0, more=False) == "aggregated"
    assert better(None, 500.0, more=False) == "no data"


def report(good: int) -> dict[str, Any]:
    """A load report of half an hour in which only reasoning was asked for."""
    empty = {"ok": 0, "good": 0, "output_tokens": 0}
    latency = {f"p{q}_ms": 1.0 for q in (50, 95, 99)}
    told = {"ok": 10, "good": good, "output_tokens": 1_000_000, "goodput_share": good / 10,
            "latency": {"ttft": latency, "itl": latency, "tpot": latency}}  # fmt: skip
    return {
        "run": {"length_s": 1800.0},
        "figures": dict.fromkeys(STAT_KEYS, empty) | {"reasoning": told, "all": told},
    }


def test_a_million_tokens_cost_the_share_of_the_node_that_served_them() -> None:
    found = figures(PROD, report(good=10), gpus=4)
    half_of_it_for_half_an_hour = costs.usd_h(costs.lines(PROD)) / 4
    assert found["usd_per_million"] == pytest.approx(half_of_it_for_half_an_hour, abs=0.01)
    assert found["usd_per_million_good"] == found["usd_per_million"]


def test_tokens_of_requests_that_missed_their_goals_make_the_good_ones_dearer() -> None:
    found = figures(PROD, report(good=5), gpus=4)
    assert found["usd_per_million_good"] == pytest.approx(2 * found["usd_per_million"], abs=0.02)
    assert figures(PROD, report(good=0), gpus=4)["usd_per_million_good"] is None


def test_the_summary_leaves_no_measure_out_whoever_won() -> None:
    legs = {
        leg: {"X": figures(PROD, report(good), 4)} for leg, good in zip(LEGS, (10, 5), strict=True)
    }
    rows = verdicts(legs)
    (line,) = summary(rows)
    assert {row["measure"] for row in rows} == set(MEASURES)
    assert all(measure in line for measure in MEASURES)
    assert "disaggregated: goodput_share" in line


def test_a_client_that_was_not_quite_up_to_it_is_named() -> None:
    def led(light: str) -> dict[str, Any]:
        shares = {"green": 0.7, "amber": 0.3, "red": 0.0}
        quality = {"light": light, "reason": "the reader stalls", "light_shares": shares}
        return {"X": {"load": {"quality": quality, "run": {"itl_basis": basis}}}}

    basis = "token"
    (line,) = doubts({LEGS[0]: led("green"), LEGS[1]: led("amber")})
    assert line.startswith("aggregated X")
    assert "green for 70 %" in line
    basis = "frame"
    (line,) = doubts({LEGS[0]: led("green")})
    assert "ITL is spread" in line


def test_the_page_holds_every_figure_and_needs_no_network() -> None:
    pytest.importorskip("matplotlib")
    from gtc_cli.compare.page import page

    legs = {leg: {"X": figures(PROD, report(10), 4)} for leg in LEGS}
    rows = verdicts(legs)
    run = {"started": "now", "environment": "prod", "gpus": 4, "ratio": "2P:2D", "seconds": 30.0,
           "seed": 1, "where": "<here>"}  # fmt: skip
    text = page({"run": run, "verdicts": rows, "summary": summary(rows), "notes": ["a note"]})
    assert text.count("<svg") == len(MEASURES)
    assert "&lt;here&gt;" in text
    assert "<script" not in text
