"""A constant load: what is counted, and when it is more than the workers can do."""

from dataclasses import replace

import pytest

from gtc_runtime.planning.hardware import Hardware
from gtc_runtime.planning.steady import Load, Steady, steady
from gtc_runtime.planning.topology import Topology
from gtc_spec.environment import load
from gtc_spec.errors import UsageError
from gtc_spec.workloads import WorkloadMix

DEV, PROD = load("dev"), load("prod")
ON_DEV = replace(Hardware.of(DEV), link_gb_s=20.0)
ON_PROD = Hardware.of(PROD)
GOALS = {"ttft_goal_s": 4.0, "itl_goal_s": 0.03}


def documents(rps: float, topology: Topology, seed: int = 1) -> Steady:
    return steady(
        PROD,
        ON_PROD,
        topology,
        Load(rps, WorkloadMix.parse("0/100/0"), "paced"),
        seed=seed,
        **GOALS,
    )


def mixed(topology: Topology, rps: float = 1.5, seed: int = 1) -> Steady:
    return steady(DEV, ON_DEV, topology, Load(rps, WorkloadMix.parse("40/30/30")), seed=seed)


def test_equal_seeds_give_equal_figures_and_others_do_not() -> None:
    first, again, other = (mixed(Topology(1, 1), seed=seed) for seed in (1, 1, 2))

    assert first == again
    assert first != other


def test_a_load_within_capacity_gains_no_queue_and_all_its_documents_are_good() -> None:
    found = documents(0.7, Topology(2, 2))

    assert found.backlog_growth_s < 0.02
    assert found.good_share == 1
    assert found.good_rps == pytest.approx(0.7, rel=0.03)
    assert found.requests_rps == pytest.approx(0.7, rel=0.03)
    assert found.prompt_tokens_s == pytest.approx(0.7 * 15_000, rel=0.05)
    assert found.output_tokens_s == pytest.approx(0.7 * 200, rel=0.05)


@pytest.mark.parametrize("rps", [1.3, 1.6])
def test_a_load_above_capacity_gains_the_excess_in_queue(rps: float) -> None:
    """Two workers prefill 1.03 documents a second."""
    found = documents(rps, Topology(2, 2))

    assert found.backlog_growth_s == pytest.approx(rps / 1.03 - 1, abs=0.05)
    assert found.busy["prefill"] == pytest.approx(1, abs=0.02)
    assert found.good_share is not None
    assert found.good_share < 0.5


def test_an_answer_that_takes_minutes_within_its_goal_is_a_good_one() -> None:
    """2,000 tokens at 41 ms take 82 s; many of them begin at the end of the window."""
    answers = Load(9.0, WorkloadMix.parse("0/0/100"))
    found = steady(PROD, ON_PROD, Topology(1, 2), answers, ttft_goal_s=4.0, itl_goal_s=0.05)

    assert found.tpot_s is not None
    assert 0.035 < found.tpot_s.p50 < found.tpot_s.p99 < 0.05
    assert found.good_share == 1


def test_only_pools_that_exist_are_busy() -> None:
    assert set(mixed(Topology(1, 1)).busy) == {"prefill", "decode"}
    assert set(mixed(Topology(aggregated=2)).busy) == {"aggregated"}


def test_every_kind_of_request_has_its_own_figures_and_a_chat_two() -> None:
    found = mixed(Topology(1, 1)).by_key

    assert set(found) == {"chat_turn1", "chat_turn2plus", "summarization", "reasoning"}
    first, later = found["chat_turn1"].ttft_s, found["chat_turn2plus"].ttft_s
    assert first is not None
    assert later is not None
    assert later.p50 < first.p50


def test_without_goals_nothing_is_judged_and_without_requests_nothing_is_known() -> None:
    nothing = steady(PROD, ON_PROD, Topology(1, 1), Load(0.001, WorkloadMix.parse("0/100/0")))

    assert mixed(Topology(1, 1)).good_share is None
    assert (nothing.ttft_s, nothing.itl_s, nothing.tpot_s) == (None, None, None)
    assert nothing.by_key == {}


@pytest.mark.parametrize("workers", [(0, 0, 0), (1, 0, 0), (0, 1, 0), (1, 1, 1)])
def test_workers_that_cannot_serve_are_refused(workers: tuple[int, int, int]) -> None:
    with pytest.raises(UsageError, match="serves nothing, allowed"):
        Topology(*workers)
