"""What added workers did while no show ran, judged against the goal."""

import pytest

from gtc_runtime.load.demand.forms import Rate
from gtc_runtime.load.figures.histogram import Histogram
from gtc_runtime.load.figures.slice_book import SliceBook
from gtc_runtime.load.figures.snapshot import Snapshot
from gtc_runtime.load.figures.stats import Tally
from gtc_runtime.telling.hand_claims import GIVE_UP_S, HandClaims
from gtc_runtime.told import ClaimView
from gtc_spec.environment import load
from gtc_spec.pools import PDRatio
from gtc_spec.workloads import WorkloadMix

SLO = load("prod").slo
LOAD = Rate(rps=1.0, mix=WorkloadMix(0, 100, 0))
SMALL, LARGE = PDRatio(2, 3), PDRatio(3, 3)


class Hand:
    """A document a second, looked at once a second."""

    def __init__(self) -> None:
        self.book, self.claims, self.now_s = SliceBook(), HandClaims(SLO), 0
        self.load = LOAD

    def pass_s(self, seconds: int, ready: PDRatio | None, ttft_s: float) -> list[ClaimView]:
        seen: tuple[ClaimView, ...] = ()
        for _ in range(seconds):
            done = Tally(due=1, ok=1, ttft=Histogram([ttft_s]))
            self.book.add(Snapshot(self.now_s, {self.now_s: {"summarization": done}}))
            self.now_s += 1
            seen = self.claims.see(ready, self.load, self.book, self.now_s)
        return list(seen)


@pytest.fixture
def hand() -> Hand:
    """Forty seconds out of goal with two prefill workers."""
    made = Hand()
    assert made.pass_s(40, SMALL, 9.1) == []
    return made


def test_a_worker_that_is_added_out_of_goal_is_measured(hand: Hand) -> None:
    (claim,) = hand.pass_s(13, LARGE, 9.1)

    assert (claim.phase, claim.state, claim.limit) == ("IDLE", "measuring", 4000)
    assert claim.text == (
        "not yet back in goal: TTFT p95 9.11 s → 9.11 s, 12 s with +1 prefill worker"
    )


def test_back_in_goal_is_told_with_how_long_it_took_and_stays(hand: Hand) -> None:
    (claim,) = hand.pass_s(60, LARGE, 2.0)

    assert (claim.state, claim.after_s) == ("held", 28)
    assert claim.text == ("TTFT p95 9.11 s → 2.01 s, back in goal 28 s after +1 prefill worker")
    assert hand.pass_s(100, LARGE, 9.1) == [claim]


def test_what_does_not_come_back_is_given_up(hand: Hand) -> None:
    (claim,) = hand.pass_s(int(GIVE_UP_S) + 3, LARGE, 9.1)

    assert claim.state == "failed"
    assert claim.text.startswith("not back in goal: TTFT p95 9.11 s → 9.11 s")


def test_two_workers_one_after_the_other_are_one_cause(hand: Hand) -> None:
    hand.pass_s(5, LARGE, 9.1)
    (claim,) = hand.pass_s(5, PDRatio(4, 3), 9.1)

    assert claim.text.endswith("4 s with +2 prefill workers")


def test_within_the_goal_there_is_nothing_to_cure() -> None:
    hand = Hand()
    hand.pass_s(40, SMALL, 2.0)

    assert hand.pass_s(5, LARGE, 2.0) == []


def test_a_change_of_load_ends_the_measuring(hand: Hand) -> None:
    hand.pass_s(5, LARGE, 9.1)
    hand.load = Rate(rps=2.0, mix=WorkloadMix(0, 100, 0))

    assert hand.pass_s(60, LARGE, 2.0) == []


def test_workers_nobody_can_count_have_not_changed(hand: Hand) -> None:
    assert hand.pass_s(3, None, 9.1) == []
    assert hand.pass_s(3, SMALL, 9.1) == []


def test_fewer_workers_cure_nothing(hand: Hand) -> None:
    assert hand.pass_s(3, PDRatio(1, 3), 9.1) == []


def test_a_show_forgets_what_was_measured_by_hand(hand: Hand) -> None:
    hand.pass_s(60, LARGE, 2.0)

    hand.claims.forget()

    assert hand.pass_s(5, LARGE, 9.1) == []
