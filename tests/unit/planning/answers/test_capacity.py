"""Capacity: the smallest topology that keeps the goals, its knee and its price; floors."""

import pytest

from gtc_runtime.planning.answers.capacity import capacity, knee_rps, refuse_below
from gtc_runtime.planning.answers.crew import Crew
from gtc_runtime.planning.answers.floors import floors
from gtc_runtime.planning.answers.served import Demand, Goals, serve
from gtc_runtime.planning.hardware import Hardware
from gtc_runtime.planning.topology import Topology
from gtc_spec.environment import load
from gtc_spec.errors import UsageError
from gtc_spec.workloads import WorkloadMix

PROD = load("prod")
HARDWARE = Hardware.of(PROD)
FEW = 250
"""Requests of a run: what is tested here needs no more."""
MIX = WorkloadMix(40, 30, 30)


def asking(mix: WorkloadMix = MIX, ttft_s: float = 4.0, itl_s: float = 0.03) -> Demand:
    return Demand(PROD, HARDWARE, mix, Goals(ttft_s, itl_s), 4.0, requests=FEW)


def test_the_smallest_ratio_keeps_the_goals_and_one_gpu_fewer_does_not() -> None:
    demand = asking()

    answer = capacity(demand, 0.9, 4, Crew())

    assert answer.smallest is not None
    smallest = answer.smallest.asked
    assert smallest.kept
    fewer = smallest.topology.gpus - 1
    splits = [Topology(prefill, fewer - prefill) for prefill in range(1, fewer)]
    assert not any(serve(demand, each, 0.9).kept for each in splits)
    assert smallest.usd_h == 4.0 * smallest.topology.gpus
    assert answer.pair[1].asked.topology.gpus == smallest.topology.gpus
    assert [each.asked.topology.prefill for each in answer.frontier] == [1, 2, 3]
    assert answer.to_json()["smallest"]["topology"] == str(smallest.topology)


@pytest.mark.parametrize("rps", [0.001, 0.003])
def test_a_load_of_a_few_requests_an_hour_is_served_by_the_fewest_workers(rps: float) -> None:
    found = serve(asking(), Topology(1, 1), rps)

    assert found.kept
    assert found.figures["good_share"] > 0.99
    assert set(found.figures["by_key"]) == {
        "chat_turn1", "chat_turn2plus", "summarization", "reasoning",
    }  # fmt: skip


def test_a_load_beyond_all_gpus_has_no_smallest_ratio_and_still_a_pair() -> None:
    answer = capacity(asking(), 40.0, 2, Crew())

    assert (answer.smallest, answer.aggregated, answer.possible) == (None, None, False)
    assert [each.asked.topology.gpus for each in answer.pair] == [2, 2]


def test_the_knee_keeps_the_goals_and_a_tenth_more_does_not() -> None:
    demand, topology = asking(), Topology(2, 2)

    knee = knee_rps(demand, topology)

    assert serve(demand, topology, knee).kept
    assert not serve(demand, topology, 1.1 * knee).kept


def test_the_floors_are_those_of_one_request_on_idle_gpus() -> None:
    found = floors(PROD, HARDWARE, MIX)

    assert 17_500 < found.prompt_tokens < 19_000
    assert found.ttft_s > HARDWARE.profile.prefill_ms(found.prompt_tokens) / 1000
    assert found.itl_s == HARDWARE.profile.decode_step_ms(1, 1) / 1000
    assert floors(PROD, HARDWARE, WorkloadMix(0, 0, 100)).prompt_tokens < 221


def test_the_cache_spares_later_turns_from_the_floor() -> None:
    longest_first_turn = PROD.workloads.chat.context_tokens[1]

    assert floors(PROD, HARDWARE, WorkloadMix(100, 0, 0)).prompt_tokens <= longest_first_turn


@pytest.mark.parametrize(
    ("ttft_s", "itl_s", "said"),
    [
        (1.0, 0.03, r"ttft-p95 1 is below the floor: one unloaded prompt of .* tokens, the p95 of"
                    r" mix 40/30/30, takes 2\.\d+ s"),
        (4.0, 0.02, r"itl-p95 0.02 is below the floor: one decode step at batch 1 takes 20\.\d ms"),
    ],
)  # fmt: skip
def test_a_goal_below_the_floor_is_refused_and_the_floor_is_named(
    ttft_s: float, itl_s: float, said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        refuse_below(floors(PROD, HARDWARE, MIX), asking(ttft_s=ttft_s, itl_s=itl_s))


def test_stalls_of_long_prompts_cost_aggregated_serving_its_good_requests() -> None:
    demand = asking()

    apart, together = (serve(demand, each, 3.0) for each in (Topology(4, 4), Topology(0, 0, 8)))

    assert apart.figures["itl_s"]["p99"] < together.figures["itl_s"]["p99"]
    assert apart.figures["good_share"] > together.figures["good_share"]
    assert together.figures["itl_s"]["p50"] < demand.goals.itl_s
