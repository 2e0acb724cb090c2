"""The prediction: the shows that ship tell their story, the plan's first numbers do not."""

import json

import pytest

from gtc_runtime.planning.check import PredictedClaim, predict
from gtc_runtime.scenario.story import judge
from gtc_spec.environment import ENVIRONMENTS, load


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_the_show_tells_its_story(name: str) -> None:
    prediction = predict(load(name), seeds=2, processes=1)

    assert prediction.failing_phases == []
    assert prediction.passed


def test_the_plans_numbers_fail_and_the_failing_phases_are_named() -> None:
    prediction = predict(load("prod", {"phases": "plan"}), seeds=2, processes=1)

    assert not prediction.passed
    assert {"PREFILL_RECOVERY", "DECODE_STRESS"} <= set(prediction.failing_phases)


def test_a_prediction_has_the_form_of_a_report_and_is_plain_json() -> None:
    environment = load("dev")
    prediction = predict(environment, seeds=1, processes=1)

    told = json.loads(json.dumps(prediction.to_json()))

    assert (told["env"], told["table"], told["passed"]) == ("dev", "show", prediction.passed)
    assert [phase["name"] for phase in told["phases"]] == [
        str(phase.name) for phase in environment.table.phases
    ]
    assert [verdict.passed for verdict in judge(environment, told["phases"])] == [
        claim["passed"] for claim in told["claims"]
    ]


def test_every_figure_has_its_median_between_what_few_seeds_pass() -> None:
    told = predict(load("dev"), seeds=3, processes=1)

    claim = next(each for each in told.claims if each.phase == "DECODE_STRESS")
    assert claim.found
    assert claim.margin
    assert claim.found.low <= claim.found.median <= claim.found.high
    assert claim.found.low < claim.found.high
    assert claim.margin.median == pytest.approx(claim.found.median / 1.25 - 1)
    assert told.worst_margin == min(each.margin.median for each in told.claims if each.margin)
    for low, middle, high in zip(told.low, told.phases, told.high, strict=True):
        p50 = [each["itl_ms"]["all"]["p50"] for each in (low, middle, high)]
        assert p50 == sorted(p50)


@pytest.mark.slow
def test_a_prediction_is_the_same_in_one_process_and_in_two() -> None:
    dev = load("dev")

    assert predict(dev, seeds=2, processes=1) == predict(dev, seeds=2, processes=2)


@pytest.mark.parametrize(
    ("held", "seeds", "passed"), [(12, 12, True), (9, 12, True), (8, 12, False), (0, 1, False)]
)
def test_a_claim_holds_when_three_of_four_seeds_agree(held: int, seeds: int, passed: bool) -> None:
    assert PredictedClaim("BALANCED", "calm", None, None, None, held, seeds).passed is passed
