"""Claims while a cycle runs: those of its report in the end, and honest before."""

import dataclasses
from functools import cache
from typing import Any

import pytest

from gtc_runtime.load.figures.histogram import Histogram
from gtc_runtime.load.figures.slice_book import SliceBook
from gtc_runtime.load.figures.snapshot import Snapshot
from gtc_runtime.load.figures.stats import Tally
from gtc_runtime.scenario import report
from gtc_runtime.scenario.cycle_log import CycleLog
from gtc_runtime.scenario.story import judge
from gtc_runtime.telling.cycle_claims import REPORTED_S, CycleClaims
from gtc_runtime.told import ClaimView
from gtc_spec.environment import Environment, load
from gtc_spec.pools import PDRatio
from tests.unit.telling.played import Played

PROD = load("prod")
SHOW = {str(each.phase.name): each for each in PROD.timeline.segments if each.kind == "main"}
SMALL, LARGE = PDRatio(2, 3), PDRatio(4, 3)


# -- a whole cycle -------------------------------------------------------------------------------


@dataclasses.dataclass
class Seen:
    """What one cycle has shown, second by second, and its report."""

    environment: Environment
    claims: list[tuple[ClaimView, ...]]
    phases: list[dict[str, Any]]


@cache
def cycle(name: str, table: str = "show") -> Seen:
    environment = load(name, {"phases": table})
    claims, seen = CycleClaims(environment), []

    def look(played: Played) -> None:
        seen.append(claims.see(played.log, played.book, played.now_s, running=played.running))

    return Seen(environment, seen, Played(environment, look).play())


CYCLES = [("prod", "show"), ("prod", "plan")]


@pytest.mark.parametrize("of", CYCLES)
def test_at_the_end_of_a_cycle_claims_equal_its_report_to_the_digit(of: tuple[str, str]) -> None:
    seen = cycle(*of)
    told = {claim.phase: claim for claim in seen.claims[-1]}

    verdicts = judge(seen.environment, seen.phases)

    assert len(verdicts) == len(told) >= 2
    for verdict in verdicts:
        claim = told[verdict.phase]
        assert (claim.value, claim.limit) == (verdict.value, verdict.limit)
        assert claim.state == ("held" if verdict.passed else "failed")
        assert (claim.before_ms, claim.after_ms) == (verdict.before_ms, verdict.after_ms)
        assert claim.claim == verdict.claim


@pytest.mark.parametrize("of", CYCLES)
def test_a_claim_that_was_judged_never_changes(of: tuple[str, str]) -> None:
    judged: dict[str, ClaimView] = {}
    for claims in cycle(*of).claims:
        for claim in claims:
            if claim.state != "measuring":
                assert judged.setdefault(claim.phase, claim) == claim
    assert judged


@pytest.mark.parametrize("of", CYCLES)
def test_nothing_is_claimed_of_a_phase_to_come_and_claims_stay_in_the_order_of_the_show(
    of: tuple[str, str],
) -> None:
    seen = cycle(*of)
    order = [phase["name"] for phase in seen.phases]

    assert seen.claims[0] == ()
    for claims in seen.claims:
        places = [order.index(claim.phase) for claim in claims]
        assert places == sorted(set(places))


def test_a_recovery_says_how_long_after_how_many_workers_the_latency_was_back() -> None:
    recovery = next(each for each in cycle("prod").claims[-1] if each.phase == "PREFILL_RECOVERY")

    assert recovery.after_s is not None
    assert 30 <= recovery.after_s <= 90
    assert recovery.text.endswith(f", {recovery.after_s:.0f} s after +2 prefill workers")
    assert recovery.text.startswith("TTFT p95 ")


def test_the_plan_as_it_was_written_says_that_it_did_not_recover() -> None:
    failed = [each for each in cycle("prod", "plan").claims[-1] if each.state == "failed"]

    assert failed
    assert all(
        each.text.startswith(("did not recover: ", "rose too little: ", "little gain: "))
        for each in failed
    )


# -- a small cycle, by hand ----------------------------------------------------------------------


def ttft(second: int, value_s: float, key: str = "summarization", *, ended: bool = True) -> Any:
    done = Tally(due=1, ok=1, ttft=Histogram([value_s])) if ended else Tally(due=1)
    return {second: {key: done}}


class Small:
    """BALANCED 0-40, PREFILL_STRESS 40-80, PREFILL_RECOVERY from 80; one document a second."""

    def __init__(self, **stress: float) -> None:
        self.log, self.book, self.claims = CycleLog(), SliceBook(), CycleClaims(PROD)
        self.log.pools(0, SMALL, SMALL)
        self.log.enter(SHOW["BALANCED"], 0)
        self.documents(0, 40, 2.0)
        self.log.enter(SHOW["PREFILL_STRESS"], 40)
        self.documents(40, 80, 9.0)
        self.log.enter(SHOW["PREFILL_RECOVERY"], 80)

    def documents(self, start_s: int, end_s: int, value_s: float, *, ended: bool = True) -> None:
        for second in range(start_s, end_s):
            self.book.add(Snapshot(second, ttft(second, value_s, ended=ended)))

    def see(self, now_s: float, *, running: bool = True) -> dict[str, ClaimView]:
        seen = self.claims.see(self.log, self.book, now_s, running=running)
        return {claim.phase: claim for claim in seen}


def test_a_phase_is_measured_until_its_last_request_has_ended() -> None:
    small = Small()
    small.book.add(Snapshot(79, ttft(79, 0, ended=False)))
    small.documents(80, 90, 2.0)
    assert small.see(90)["PREFILL_STRESS"].state == "measuring"

    small.book.add(Snapshot(91, {79: {"summarization": Tally(ok=1, ttft=Histogram([9.0]))}}))

    assert small.see(91)["PREFILL_STRESS"].state == "held"


def test_a_phase_is_measured_until_the_load_process_has_reported_all_of_it() -> None:
    small = Small()

    assert small.see(80 + REPORTED_S - 1)["PREFILL_STRESS"].state == "measuring"
    assert small.see(80 + REPORTED_S)["PREFILL_STRESS"].state == "held"


def test_while_workers_have_been_ready_without_effect_it_says_for_how_long() -> None:
    small = Small()
    small.log.pools(78, LARGE, LARGE)
    small.documents(80, 100, 8.0)

    claim = small.see(98)["PREFILL_RECOVERY"]

    assert claim.after_s is None
    assert claim.text == "TTFT p95 9.02 s → 9.02 s so far, 20 s with +2 prefill workers"


def test_the_effect_is_timed_from_ready_to_the_end_of_the_first_window_within_the_limit() -> None:
    small = Small()
    small.log.pools(78, LARGE, LARGE)
    small.documents(80, 84, 8.0)
    small.documents(84, 170, 2.5)
    small.log.close(170)

    # the first window of 30 s with at most one slow document ends 29 s after the last slow one
    claim = small.see(170 + REPORTED_S, running=False)["PREFILL_RECOVERY"]

    assert (claim.state, claim.after_s) == ("held", 83 + 30 - 78)
    assert claim.text == "TTFT p95 9.02 s → 2.50 s, 35 s after +2 prefill workers"
    assert claim.chip == "3.6x"


def test_workers_that_were_there_before_are_no_cause() -> None:
    small = Small()
    small.documents(80, 170, 2.5)
    small.log.close(170)

    claim = small.see(180, running=False)["PREFILL_RECOVERY"]

    assert (claim.text, claim.after_s) == ("TTFT p95 9.02 s → 2.50 s", None)


def test_what_did_not_recover_is_told_as_such() -> None:
    small = Small()
    small.log.pools(78, LARGE, LARGE)
    small.documents(80, 170, 8.0)
    small.log.close(170)

    claim = small.see(180, running=False)["PREFILL_RECOVERY"]

    assert claim.state == "failed"
    assert claim.text == "did not recover: TTFT p95 9.02 s → 8.01 s with +2 prefill workers"


def test_a_phase_that_was_broken_off_claims_nothing_and_what_was_measured_stays() -> None:
    small = Small()
    small.documents(80, 90, 2.0)

    assert list(small.see(90, running=False)) == ["PREFILL_STRESS"]
    assert list(small.see(900, running=False)) == ["PREFILL_STRESS"]


def test_claims_stay_when_the_statistics_forget_and_go_when_the_next_cycle_begins() -> None:
    small = Small()
    small.documents(80, 170, 2.5)
    small.log.close(170)
    judged = small.see(180, running=False)

    small.book.reset()
    assert small.see(4000, running=False) == judged

    small.log = CycleLog()
    assert small.see(4001) == {}


def test_other_requests_of_the_phase_before_are_not_taken_for_all() -> None:
    assert Small().see(90)["PREFILL_STRESS"].text.startswith("Summarization TTFT p95 ")


def test_what_a_report_says_of_a_running_phase_is_open_until_it_ends() -> None:
    small = Small()
    small.documents(80, 90, 0, ended=False)

    phase = report.phase(small.log, small.log.spans[-1].so_far(90), small.book)

    assert phase["open"] == 10
