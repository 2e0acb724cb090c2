"""The fit: from numbers that cannot work to numbers that do, and no change where they work."""

import pytest

from gtc_runtime.planning.answers.crew import Crew
from gtc_runtime.planning.answers.cycle import Cycle, Show, play
from gtc_runtime.planning.answers.fit.bench import Bench, margin, queued, usually_queued, worst
from gtc_runtime.planning.answers.fit.calm import calmed
from gtc_runtime.planning.answers.fit.draft import Draft, with_table
from gtc_runtime.planning.answers.fit.fit import STEPS, fit
from gtc_runtime.planning.answers.fit.limits import guarded, scaled, streams_within
from gtc_runtime.planning.hardware import Hardware
from gtc_spec import rules
from gtc_spec.environment import Environment, load

PROD = load("prod")
HARDWARE = Hardware.of(PROD)


def quiet(words: str) -> None:
    assert words


@pytest.fixture(scope="module")
def cycles() -> list[Cycle]:
    return [play(Show(PROD, HARDWARE), 1)]


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_plans_table_becomes_one_that_passes_and_every_change_says_why() -> None:
    plan = load("prod", {"phases": "plan"})

    told: list[str] = []

    answer = fit(Show.of(plan), [1, 2], Crew(), told.append)

    again = [words.startswith("more of") for words in told]
    assert told.index("the fitted table") == STEPS - 1
    assert any(again) or len(told) == STEPS
    assert not answer.before.passed
    assert answer.after.passed
    assert answer.short == ()
    assert rules.check(answer.environment, "fitted") == []
    assert answer.changes
    assert all(each.why for each in answer.changes)
    assert answer.to_json()["fits"] is True


def test_a_calm_phase_that_is_too_fast_is_slowed_to_the_highest_rate_that_keeps_the_goals() -> None:
    hasty = Draft(PROD).with_phase("BALANCED", "", rps=4.0)
    bench = Bench(HARDWARE, [1], Crew(), quiet)

    slowed = calmed(hasty, bench, "BALANCED").phase("BALANCED")

    assert slowed is not None
    assert 1.5 < slowed.rps < 4.0
    assert calmed(Draft(PROD), bench, "BALANCED").environment == PROD


def test_a_guard_stands_above_every_queue_that_was_planned(cycles: list[Cycle]) -> None:
    longest = queued(cycles, "PREFILL_STRESS")
    tight = Draft(PROD).with_phase("PREFILL_STRESS", "", guard_queued=longest)

    wider = guarded(tight, cycles).phase("PREFILL_STRESS")

    assert wider is not None
    assert wider.guard_queued is not None
    assert wider.guard_queued >= 1.5 * longest
    assert guarded(Draft(PROD), cycles).environment == PROD


def test_a_threshold_beyond_what_keeps_the_goal_is_lowered_below_it(cycles: list[Cycle]) -> None:
    most = streams_within(Draft(PROD), HARDWARE, PROD.slo.itl_p95_s)
    loose = Draft(PROD).with_scale("decode", "", threshold=float(most + 50))

    lowered = scaled(loose, HARDWARE, cycles).environment.pools.decode.scale

    assert lowered.threshold <= most
    assert scaled(Draft(PROD), HARDWARE, cycles).environment.pools == PROD.pools
    assert streams_within(Draft(PROD), HARDWARE, 0.001) == 0


def test_a_prefill_threshold_that_the_calm_passes_is_raised_above_it(cycles: list[Cycle]) -> None:
    nervous = Draft(PROD).with_scale("prefill", "", threshold=0.2)

    raised = scaled(nervous, HARDWARE, cycles).environment.pools.prefill.scale

    assert raised.threshold > usually_queued(cycles, "BALANCED") / 2


def test_maxima_that_no_slots_hold_are_lowered(cycles: list[Cycle]) -> None:
    greedy = Draft(PROD).with_scale("decode", "", max=7)

    pools = scaled(greedy, HARDWARE, cycles).environment.pools

    assert pools.prefill.scale.max + pools.decode.scale.max == PROD.slots


def without_a_phase() -> Environment:
    phases = tuple(each for each in PROD.table.phases if "DECODE" not in each.name)
    return with_table(PROD, phases=phases)


def test_a_claim_without_a_figure_has_lost_its_margin(cycles: list[Cycle]) -> None:
    lacking = [play(Show(without_a_phase(), HARDWARE), 1)]

    assert margin(PROD, lacking, "DECODE_STRESS") == -1.0
    assert margin(PROD, cycles, "DECODE_STRESS") > 0
    assert worst(cycles, "DECODE_STRESS", ("ttft_ms", "summarization", "p95")) is None
