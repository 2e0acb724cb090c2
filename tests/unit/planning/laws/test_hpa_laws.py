"""KEDA and the HPA in the twin: the controller's arithmetic, seen late (L14)."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from gtc_runtime.planning.hardware import Hardware
from gtc_runtime.planning.keda import KedaLag
from gtc_runtime.planning.simulator import Simulation
from gtc_spec.autoscaling.hpa import Behavior, History, decide, replicas_for
from gtc_spec.environment import Environment, load

DEFAULT = Behavior.parse(None)
TOTAL, LATENCY = "AverageValue", "Value"


@pytest.mark.parametrize(
    ("kind", "metric", "target", "current", "wanted"),
    [
        # a total is shared: its ratio to the target alone counts, the present size does not
        *((TOTAL, 9, 3, 2, 3), (TOTAL, 9, 3, 4, 3), (TOTAL, 1, 3, 4, 1)),
        # a latency scales what there is
        *((LATENCY, 9, 3, 2, 6), (LATENCY, 9, 3, 4, 12), (LATENCY, 1, 3, 4, 2)),
        # ten per cent around the target change nothing
        *((TOTAL, 6.6, 3, 2, 2), (TOTAL, 5.4, 3, 2, 2), (TOTAL, 6.7, 3, 2, 3)),
        *((LATENCY, 3.3, 3, 4, 4), (LATENCY, 2.7, 3, 4, 4), (LATENCY, 3.4, 3, 4, 5)),
    ],
)
def test_a_metric_asks_for_so_many_workers(
    kind: Any, metric: float, target: float, current: int, wanted: int
) -> None:
    milli, goal = round(metric * 1000), round(target * 1000)

    assert replicas_for(kind, milli, goal, current, current, DEFAULT) == wanted


def test_without_behaviour_a_pool_grows_by_four_or_doubles_in_fifteen_seconds() -> None:
    def grown(current: int) -> int:
        return decide(0, current, 100, 1, 100, DEFAULT, History()).replicas

    assert (grown(1), grown(3), grown(10)) == (5, 7, 20)


def test_without_behaviour_a_pool_shrinks_to_the_most_that_five_minutes_asked_for() -> None:
    history = History()
    decide(0, 5, 4, 1, 10, DEFAULT, history)
    soon = decide(299, 5, 1, 1, 10, DEFAULT, history).replicas
    later = decide(301, 5, 1, 1, 10, DEFAULT, history).replicas

    assert (soon, later) == (4, 1)


# -- the whole loop --------------------------------------------------------------------------------


def act(name: str, length_s: float, rps: float, mix: str) -> dict[str, Any]:
    found = {"name": name, "duration_s": length_s, "rps": rps, "mix": mix, "ratio": "2P:3D"}
    return {**found, "narration": "look here"}


def show(rps: float, mix: str, **facts: Any) -> Environment:
    """A minute of calm, four of load, six of calm, on the pools of prod."""
    acts = [
        act("BALANCED", 60, 0.2, mix),
        act("PREFILL_STRESS", 240, rps, mix),
        act("COOLDOWN", 360, 0.2, mix),
    ]
    overrides = {key.replace("__", "."): value for key, value in facts.items()}
    return load("prod", {**overrides, "phase_tables": {"show": {"phases": acts}}})


def played(environment: Environment, lag: KedaLag) -> dict[str, list[tuple[float, int]]]:
    """When a pool's desired size changed during the cycle, seconds after the load began."""
    quick = replace(Hardware.of(environment), worker_start_s=30)
    changes: dict[str, list[tuple[float, int]]] = {"prefill": [], "decode": []}

    class Watched(Simulation):
        def _tick(self) -> None:
            super()._tick()
            for role, found in changes.items():
                size = self.desired.of(role)  # type: ignore[arg-type]
                if not found or found[-1][1] != size:
                    found.append((self.now_s - 60, size))

    Watched(environment, quick, 1, keda=lag).run()
    return changes


def first_growth_s(changes: list[tuple[float, int]]) -> float:
    return next(at for (_, before), (at, size) in pairwise(changes) if size > before)


def test_a_queue_of_documents_brings_prefill_workers_and_its_end_takes_them_away() -> None:
    changes = played(show(1.4, "0/100/0"), KedaLag())["prefill"]

    sizes = [size for _, size in changes]
    assert sizes[0] == 2
    assert max(sizes) == 4
    assert sizes[-1] == 2
    assert 5 < first_growth_s(changes) < 75


def test_what_is_removed_goes_one_a_minute_after_two_quiet_minutes() -> None:
    """The load ends at 240 s."""
    changes = played(show(1.9, "0/100/0"), KedaLag())["prefill"]

    shrinks = [at for (_, before), (at, size) in pairwise(changes) if size < before and at > 240]
    assert len(shrinks) == 2
    assert shrinks[0] > 240 + 110
    assert shrinks[1] - shrinks[0] >= 59


def test_streams_bring_decode_workers() -> None:
    """11 answers a second are 340 streams, and 90 are meant for one worker."""
    changes = played(show(11, "0/0/100"), KedaLag())["decode"]

    assert max(size for _, size in changes) == 4
    assert changes[-1][1] == 2


def test_a_slow_scrape_is_seen_late() -> None:
    environment = show(1.4, "0/100/0")

    quick, slow = (
        first_growth_s(played(environment, KedaLag(scrape_s=each))["prefill"]) for each in (5, 60)
    )

    assert slow >= quick + 15


def test_a_scaler_that_polls_seldom_acts_late() -> None:
    environment = show(1.4, "0/100/0")

    often, seldom = (
        first_growth_s(played(environment, KedaLag(polling_s=each))["prefill"]) for each in (0, 120)
    )

    assert seldom > often


def test_a_latency_as_an_average_is_multiplied_by_the_workers() -> None:
    """Two workers have to wait longer than twice the threshold before anything happens."""
    trigger = {"pools__prefill__scale__trigger": "ttft_p95_ms"}
    environment = show(1.4, "0/100/0", pools__prefill__scale__threshold=5000, **trigger)

    value = first_growth_s(played(environment, KedaLag())["prefill"])
    average = first_growth_s(played(environment, KedaLag(metric_type="AverageValue"))["prefill"])

    assert average > value


def test_a_long_window_holds_what_it_saw_and_keeps_workers_longer() -> None:
    trigger = {"pools__prefill__scale__trigger": "ttft_p95_ms"}
    environment = show(1.4, "0/100/0", pools__prefill__scale__threshold=9000, **trigger)

    def last_change_s(window_s: float) -> float:
        return played(environment, KedaLag(window_s=window_s))["prefill"][-1][0]

    assert last_change_s(300) > last_change_s(60)


def test_with_keda_the_orders_of_the_show_are_not_carried_out() -> None:
    """Nothing asks for the fourth prefill worker in a show of little load."""
    acts = [
        act("BALANCED", 30, 0.2, "40/30/30"),
        {**act("PREFILL_RECOVERY", 200, 0.2, "40/30/30"), "ratio": "4P:3D"},
        act("COOLDOWN", 10, 0.2, "40/30/30"),
    ]
    environment = load("prod", {"phase_tables": {"show": {"phases": acts}}})
    hardware = Hardware.of(environment)
    by_keda = Simulation(environment, hardware, 1, keda=KedaLag())
    found = {phase["name"]: phase["pools"] for phase in by_keda.run()}

    assert max(found["PREFILL_RECOVERY"]["prefill"]["desired"]) == 2
    assert found["PREFILL_RECOVERY"]["decode"]["desired"][-1] == 2
