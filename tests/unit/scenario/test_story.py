"""The judge: claims of an environment, held against the figures of a report."""

import copy
from typing import Any

import pytest

from gtc_runtime.formats import NO_DATA_WORDS
from gtc_runtime.scenario.story import Claim, judge
from gtc_runtime.verdict import Verdict
from gtc_spec.environment import Environment, load

PROD = load("prod")
CLAIMS = {
    "PREFILL_STRESS": 2.5,
    "PREFILL_RECOVERY": 2.0,
    "DECODE_STRESS": 1.25,
    "DECODE_RECOVERY": 0.5,
    "KV_CACHE_DEMO": 0.6,
}


def phase(name: str, **figures: float) -> dict[str, Any]:
    """A phase of a report with only these figures; `tail_` marks those of the tail."""
    found: dict[str, Any] = {"name": name}
    for figure, value in figures.items():
        measure, key, quantile = figure.removeprefix("tail_").split("__")
        where = f"{measure}_ms_tail" if figure.startswith("tail_") else f"{measure}_ms"
        found.setdefault(where, {}).setdefault(key, {})[quantile] = value
    return found


GOOD = [
    phase("BALANCED", ttft__summarization__p95=2000, itl__all__p50=20),
    phase("KV_CACHE_DEMO", ttft__chat_turn1__p50=600, ttft__chat_turn2plus__p50=120),
    phase("PREFILL_STRESS", ttft__summarization__p95=9000),
    phase("PREFILL_RECOVERY", tail_ttft__summarization__p95=3000),
    phase("DECODE_STRESS", itl__all__p50=32),
    phase("DECODE_RECOVERY", tail_itl__all__p50=24),
]


def verdicts(phases: list[dict[str, Any]], environment: Environment = PROD) -> dict[str, Claim]:
    return {verdict.phase: verdict for verdict in judge(environment, phases)}


def with_figure(name: str, value: float | None) -> list[dict[str, Any]]:
    """The good report with every figure of one phase replaced."""
    changed = copy.deepcopy(GOOD)
    for each in changed:
        if each["name"] == name:
            for measure in each.keys() - {"name"}:
                keys = each[measure].items()
                each[measure] = {key: dict.fromkeys(found, value) for key, found in keys}
    return changed


def test_a_good_cycle_keeps_every_claim() -> None:
    found = verdicts(GOOD)

    assert {name: verdict.limit for name, verdict in found.items()} == CLAIMS
    assert all(verdict.passed for verdict in found.values())


def test_figures_are_compared_with_the_calm_phase() -> None:
    found = verdicts(GOOD)

    assert found["PREFILL_STRESS"].value == 4.5
    assert found["PREFILL_RECOVERY"].value == 1.5
    assert found["DECODE_STRESS"].value == 1.6
    assert found["DECODE_RECOVERY"].value == pytest.approx(8 / 12)
    assert found["KV_CACHE_DEMO"].value == 0.2


@pytest.mark.parametrize(
    ("name", "at_the_limit", "beyond"),
    [
        ("PREFILL_STRESS", 5000, 4999),
        ("PREFILL_RECOVERY", 4000, 4001),
        ("DECODE_STRESS", 25, 24.9),
        ("DECODE_RECOVERY", 26, 26.1),
    ],
)
def test_a_claim_holds_at_its_limit_and_not_beyond(
    name: str, at_the_limit: float, beyond: float
) -> None:
    assert verdicts(with_figure(name, at_the_limit))[name].passed
    assert not verdicts(with_figure(name, beyond))[name].passed


@pytest.mark.parametrize("name", CLAIMS)
def test_a_phase_that_is_missing_fails_its_claim(name: str) -> None:
    verdict = verdicts([each for each in GOOD if each["name"] != name])[name]

    assert (verdict.value, verdict.passed) == (None, False)


@pytest.mark.parametrize("name", CLAIMS)
def test_a_figure_without_samples_fails_its_claim(name: str) -> None:
    verdict = verdicts(with_figure(name, None))[name]

    assert (verdict.value, verdict.passed) == (None, False)


def test_without_a_calm_phase_nothing_that_is_compared_with_it_holds() -> None:
    found = verdicts(GOOD[1:])

    assert [name for name, verdict in found.items() if verdict.passed] == ["KV_CACHE_DEMO"]


def test_a_calm_figure_of_zero_is_no_figure() -> None:
    found = verdicts(with_figure("BALANCED", 0))

    assert found["PREFILL_STRESS"].value is None
    assert found["DECODE_STRESS"].value is None


def test_a_stress_that_did_not_rise_gives_nothing_back() -> None:
    assert verdicts(with_figure("DECODE_STRESS", 20))["DECODE_RECOVERY"].value is None


def test_an_empty_report_fails_everything() -> None:
    assert not any(verdict.passed for verdict in judge(PROD, []))


def test_an_environment_is_judged_only_by_its_own_claims() -> None:
    dev = load("dev")

    assert list(verdicts(GOOD, dev)) == ["DECODE_STRESS", "DECODE_RECOVERY"]
    assert dev.story.not_judged


def test_the_quantile_that_is_judged_is_a_fact_of_the_environment() -> None:
    p95 = load("prod", {"story.itl_quantile": "p95"})

    verdict = verdicts(GOOD, p95)["DECODE_STRESS"]

    assert verdict.claim == "itl p95 over BALANCED >= 1.25"
    assert verdict.value is None


def test_a_claim_tells_the_latencies_before_and_after_and_what_had_to_be_reached() -> None:
    found = {
        name: (claim.since, claim.before_ms, claim.after_ms, claim.limit_ms)
        for name, claim in verdicts(GOOD).items()
    }

    assert found == {
        "PREFILL_STRESS": ("BALANCED", 2000, 9000, 5000),
        "PREFILL_RECOVERY": ("PREFILL_STRESS", 9000, 3000, 4000),
        "DECODE_STRESS": ("BALANCED", 20, 32, 25),
        "DECODE_RECOVERY": ("DECODE_STRESS", 32, 24, 26),
        "KV_CACHE_DEMO": ("KV_CACHE_DEMO", 600, 120, 360),
    }


def test_what_had_to_be_reached_is_unknown_without_the_figures_that_it_follows_from() -> None:
    assert all(claim.limit_ms is None for claim in judge(PROD, []))


def test_people_read_a_claim_with_its_figure_in_green_or_red() -> None:
    kept, broken = verdicts(GOOD)["DECODE_STRESS"], verdicts([])["DECODE_STRESS"]

    assert kept.verdict == Verdict("DECODE_STRESS", "green", "itl p50 over BALANCED >= 1.25: 1.60")
    assert broken.verdict == Verdict(
        "DECODE_STRESS", "red", f"itl p50 over BALANCED >= 1.25: {NO_DATA_WORDS}"
    )


@pytest.mark.parametrize(
    ("key", "phase_name"),
    [
        ("prefill_stress_ttft_ratio_min", "PREFILL_STRESS"),
        ("prefill_recovery_ttft_ratio_max", "PREFILL_RECOVERY"),
        ("decode_stress_itl_ratio_min", "DECODE_STRESS"),
        ("decode_recovery_share_min", "DECODE_RECOVERY"),
        ("kv_turn2_share_max", "KV_CACHE_DEMO"),
    ],
)
def test_a_claim_that_the_environment_does_not_make_is_not_judged(
    key: str, phase_name: str
) -> None:
    story = PROD.story.model_copy(update={key: None})
    silent = PROD.model_copy(update={"story": story})

    assert set(verdicts(GOOD, silent)) == set(CLAIMS) - {phase_name}
