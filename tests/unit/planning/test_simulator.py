"""The laws that need more than one worker, and whole cycles."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gtc_runtime.load.records import KEYS
from gtc_runtime.planning.hardware import Hardware
from gtc_runtime.planning.simulator import Simulation
from gtc_spec.environment import Environment, load


def act(
    name: str, length_s: float, rps: float, mix: str, ratio: str, **more: Any
) -> dict[str, Any]:
    found = {"name": name, "duration_s": length_s, "rps": rps, "mix": mix, "ratio": ratio}
    return {**found, "narration": "look here", **more}


def shortened(*acts: dict[str, Any], name: str = "prod", **facts: Any) -> Environment:
    """An environment with this show; `__` in the name of a fact stands for a dot."""
    overrides = {key.replace("__", "."): value for key, value in facts.items()}
    return load(name, {**overrides, "phase_tables": {"show": {"phases": list(acts)}}})


def play(environment: Environment, seed: int = 1) -> tuple[Simulation, dict[str, Any]]:
    simulation = Simulation(environment, Hardware.of(environment), seed)
    return simulation, {phase["name"]: phase for phase in simulation.run()}


def test_equal_seeds_play_equal_cycles_and_others_do_not() -> None:
    show = shortened(act("BALANCED", 60, 1, "40/30/30", "2P:3D"))

    first, again, other = (play(show, seed)[1] for seed in (1, 1, 2))

    assert first == again
    assert first != other


def test_new_prefill_workers_end_a_queue_and_not_before_they_are_ready() -> None:
    stress = act("PREFILL_STRESS", 120, 1.15, "0/100/0", "2P:3D")
    recovery = act("PREFILL_RECOVERY", 120, 1.15, "0/100/0", "4P:3D", gate="ready", max_s=240)
    end = act("COOLDOWN", 30, 0.2, "0/100/0", "2P:3D")

    ahead = play(shortened(stress, recovery, end))[1]
    table = {"lead_s": 0, "phases": [stress, recovery, end]}
    late_show = load("prod", {"phase_tables": {"show": table}})
    late = play(late_show)[1]

    lengths_s = [found["PREFILL_RECOVERY"]["length_s"] for found in (ahead, late)]
    assert lengths_s == [pytest.approx(120, abs=2), pytest.approx(240, abs=2)]
    p95_ms = [
        found["PREFILL_RECOVERY"]["ttft_ms"]["summarization"]["p95"] for found in (ahead, late)
    ]
    assert p95_ms[1] > 1.5 * p95_ms[0]


def test_a_paced_rate_makes_as_many_requests_as_it_says() -> None:
    show = shortened(act("BALANCED", 300, 4, "0/20/80", "2P:3D"))

    requests = play(show)[1]["BALANCED"]["requests"]

    assert requests["due"] == pytest.approx(1200, rel=0.02)


def test_follow_up_questions_count_into_the_rate() -> None:
    show = shortened(act("KV_CACHE_DEMO", 600, 1.0, "100/0/0", "2P:3D"))

    due = play(show)[1]["KV_CACHE_DEMO"]["requests"]["due"]

    assert due == pytest.approx(600, rel=0.05)


ratios = st.sampled_from(["2P:3D", "4P:3D", "2P:5D", "3P:4D", "1P:1D"])
mixes = st.sampled_from(["100/0/0", "0/100/0", "0/0/100", "40/30/30"])
stretches = st.tuples(st.integers(10, 60), st.floats(0.2, 3), mixes, ratios)


@settings(max_examples=8)
@given(st.lists(stretches, min_size=1, max_size=4), st.integers(1, 1000))
def test_no_request_is_lost_however_the_pools_change(
    acts: list[tuple[int, float, str, str]], seed: int
) -> None:
    """After a long quiet everything that was due has ended well, on pools at the initial ratio."""
    listed = ["KV_CACHE_DEMO", "DECODE_STRESS", "PREFILL_RECOVERY", "DECODE_RECOVERY"]
    show = shortened(
        act("BALANCED", 30, 1, "40/30/30", "2P:3D"),
        *(act(name, *each) for name, each in zip(listed, acts, strict=False)),
        act("COOLDOWN", 600, 0, "40/30/30", "2P:3D"),
        worker_start_s=20,
        allow_pending=True,
        nodes__slots_per_node=64,
    )

    simulation, phases = play(show, seed)

    for phase in phases.values():
        assert phase["requests"]["due"] == phase["requests"]["ok"]
    totals = simulation.book.totals()
    assert sum(totals[key].ttft.n for key in KEYS if key in totals) == totals["all"].ok
    assert str(simulation.ready) == "2P:3D"
    assert simulation.cluster.drained
