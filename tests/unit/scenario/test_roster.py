"""What is told of workers: ordered, by whom and for what; ready, and how long that took."""

import pytest

from gtc_runtime.cluster.keda_status import KedaStatus, ScalerState
from gtc_runtime.cluster.poller import ClusterState
from gtc_runtime.cluster.pools import PoolState
from gtc_runtime.events import EventLog
from gtc_runtime.scenario import machine
from gtc_runtime.scenario.cycle_log import CycleLog
from gtc_runtime.scenario.machine import State
from gtc_runtime.scenario.roster import Roster, grown
from gtc_spec.pools import PDRatio
from tests.unit.scenario.show import RECOVERY_AT, SHOW, STRESS_AT

SMALL, LARGE = PDRatio(2, 3), PDRatio(4, 3)


class Watched:
    """A roster, fed with polls of a cluster."""

    def __init__(self) -> None:
        self.events = EventLog()
        self.roster = Roster(SMALL, 120.0, self.events)
        self.now_s = 0.0

    def poll(
        self, desired: PDRatio, ready: PDRatio, *, keda: bool = False, blind: str = ""
    ) -> None:
        paused = ScalerState(True, "autoscaling.keda.sh/paused: true", "panel")
        scaler = ScalerState(True, hpa_present=True, blind=blind) if keda else paused
        pools = {
            role: PoolState(desired.of(role), ready.of(role), 0, 0)
            for role in ("prefill", "decode")
        }
        state = ClusterState(self.now_s, pools, KedaStatus(dict.fromkeys(pools, scaler)))
        self.roster.note(state, CycleLog(), self.now_s)

    @property
    def told(self) -> list[str]:
        return [event.text for event in self.events.newest()]


@pytest.fixture
def watched() -> Watched:
    made = Watched()
    made.poll(SMALL, SMALL)
    return made


def test_an_order_says_for_which_phase_it_is_and_how_long_a_start_takes(watched: Watched) -> None:
    watched.roster.order(LARGE, "Prefill recovery", 0.0)

    assert watched.told == [
        "Ordered ahead for Prefill recovery: 2 more prefill workers, a start takes about 2 min"
    ]


def test_an_order_for_the_present_phase_is_not_ahead(watched: Watched) -> None:
    watched.roster.order(PDRatio(3, 3), "", 0.0)

    assert watched.told == ["Ordered: 1 more prefill worker, a start takes about 2 min"]


def test_an_order_may_let_workers_go_while_it_asks_for_others(watched: Watched) -> None:
    watched.roster.order(PDRatio(1, 5), "Decode recovery", 0.0)

    assert watched.told == [
        "Ordered ahead for Decode recovery: 2 more decode workers, a start takes about 2 min;"
        " 1 prefill worker less: draining"
    ]


def test_workers_that_are_ready_say_how_long_after_the_order(watched: Watched) -> None:
    watched.roster.order(LARGE, "", 10.0)
    for watched.now_s, ready in ((11.0, SMALL), (100.0, PDRatio(3, 3)), (128.0, LARGE)):
        watched.poll(LARGE, ready)

    assert watched.told[1:] == [
        "3P:3D ready: 1 more prefill worker, 1 min 30 s after the order",
        "4P:3D ready: 1 more prefill worker, 1 min 58 s after the order",
    ]


def test_a_gate_tells_the_start_and_its_own_wait_apart(watched: Watched) -> None:
    watched.roster.order(LARGE, "", 10.0)
    watched.now_s = 128.0
    watched.poll(LARGE, LARGE)

    watched.roster.gate_opened(2.0)

    assert watched.told[-1] == (
        "all workers of the phase are ready after 1 min 58 s (the gate waited 2 s)"
    )


def test_a_gate_whose_workers_nobody_ordered_tells_its_wait_alone(watched: Watched) -> None:
    watched.roster.gate_opened(0.0)

    assert watched.told == ["all workers of the phase are ready (the gate waited 0 s)"]


def test_what_keda_orders_is_told_as_its_own_and_timed(watched: Watched) -> None:
    watched.poll(SMALL, SMALL, keda=True)
    watched.now_s = 5.0
    watched.poll(PDRatio(3, 3), SMALL, keda=True)
    watched.now_s = 46.0
    watched.poll(PDRatio(3, 3), PDRatio(3, 3), keda=True)
    watched.poll(SMALL, PDRatio(3, 3), keda=True)

    assert watched.told == [
        "KEDA orders 1 more prefill worker",
        "3P:3D ready: 1 more prefill worker, 41 s after the order",
        "KEDA lets 1 prefill worker go: draining",
    ]


def test_what_a_blind_keda_orders_is_told_as_well(watched: Watched) -> None:
    watched.poll(SMALL, SMALL, keda=True, blind="its metric is made up")
    watched.poll(PDRatio(3, 3), SMALL, keda=True, blind="its metric is made up")

    assert watched.told == ["KEDA orders 1 more prefill worker"]


def test_a_worker_that_comes_back_without_an_order_has_no_start_to_tell(watched: Watched) -> None:
    watched.poll(SMALL, PDRatio(1, 3))
    watched.poll(SMALL, SMALL)

    assert watched.told == [
        "1P:3D ready: 1 prefill worker gone",
        "2P:3D ready: 1 more prefill worker",
    ]


def test_an_order_that_is_taken_back_is_not_timed_later(watched: Watched) -> None:
    watched.poll(LARGE, SMALL)
    watched.poll(SMALL, PDRatio(1, 3))
    watched.now_s = 500.0
    watched.poll(SMALL, SMALL)

    assert watched.told[-1] == "2P:3D ready: 1 more prefill worker"


def test_growth_is_told_pool_by_pool() -> None:
    assert grown(PDRatio(2, 2), PDRatio(3, 5)) == "1 more prefill worker and 3 more decode workers"
    assert grown(LARGE, SMALL) == ""


def test_a_ratio_is_ahead_of_the_first_later_phase_that_wants_it() -> None:
    stress, recovery = State(index=STRESS_AT), State(index=RECOVERY_AT)

    assert machine.ahead_of(SHOW, stress, LARGE) == "Prefill recovery"
    assert machine.ahead_of(SHOW, recovery, LARGE) == ""
    assert machine.ahead_of(SHOW, stress, SMALL) == ""
    assert machine.ahead_of(SHOW, stress, PDRatio(9, 9)) == ""
