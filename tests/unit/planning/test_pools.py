"""Simulated pools: late starts, drains, and the GPUs that both share."""

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gtc_runtime.planning.serving.cluster import Cluster
from gtc_runtime.planning.serving.events import Events
from gtc_runtime.planning.topology import Topology
from gtc_spec.pools import ROLES, Mode, PDRatio
from tests.unit.planning.bench import HARDWARE, PROD, Notes, document


class Operator:
    """The cluster of prod and whoever sizes its pools."""

    def __init__(self) -> None:
        self.events = Events()
        self.told = Notes(self.events)
        topology = Topology.of(PROD.initial_ratio)
        self.cluster = Cluster(HARDWARE, topology, self.events, self.told)

    def order(self, ratio: str) -> None:
        wanted = PDRatio.parse(ratio)
        self.cluster.order({role: wanted.of(role) for role in ROLES})

    def to(self, second: float) -> str:
        """Ready workers after this long."""
        self.events.run(second)
        return self.ready

    def send(self, documents: int, answer: int = 200) -> None:
        for _ in range(documents):
            self.cluster.send(document(self.events.now_s, 15_000, answer))

    @property
    def ready(self) -> str:
        return str(PDRatio(*self.workers(self.cluster.ready)))

    @staticmethod
    def workers(found: Mapping[Mode, int]) -> tuple[int, int]:
        return found["prefill"], found["decode"]


@pytest.fixture
def operator() -> Operator:
    return Operator()


def test_the_initial_workers_are_ready_at_once(operator: Operator) -> None:
    assert operator.ready == "2P:3D"


def test_a_new_worker_is_ready_one_start_time_after_its_order(operator: Operator) -> None:
    operator.order("4P:3D")

    assert operator.to(119.9) == "2P:3D"
    assert operator.to(120.1) == "4P:3D"


def test_a_new_worker_gets_no_work_that_waits_elsewhere(operator: Operator) -> None:
    """Two workers with 130 documents need more than two minutes; a third one comes at 120 s."""
    operator.order("3P:3D")
    operator.to(1)
    operator.send(260)
    operator.to(125)
    before = operator.cluster.gpu_seconds()["prefill"][0]
    operator.to(135)
    after = operator.cluster.gpu_seconds()["prefill"][0]

    assert operator.ready == "3P:3D"
    assert after - before == pytest.approx(2 * 10, abs=4)


def test_an_idle_worker_that_is_removed_goes_at_once(operator: Operator) -> None:
    operator.order("1P:2D")

    assert operator.ready == "1P:2D"


def test_a_worker_that_drains_keeps_its_gpu_until_it_is_done(operator: Operator) -> None:
    operator.order("4P:4D")
    operator.to(121)
    operator.send(40)  # ten for each prefill worker, 19 s
    operator.to(122)
    operator.order("3P:5D")

    assert operator.to(123 + 120) == "3P:4D"
    assert operator.to(122 + 25 + 120) == "3P:5D"


def test_a_second_shrink_waits_for_the_worker_that_drains(operator: Operator) -> None:
    operator.order("4P:3D")
    operator.to(121)
    operator.send(40)
    operator.to(122)
    operator.order("3P:3D")
    operator.order("2P:3D")

    assert operator.to(123) == "3P:3D"
    assert operator.to(150) == "2P:3D"


def test_one_order_shrinks_a_pool_by_as_many_as_it_says(operator: Operator) -> None:
    operator.order("4P:3D")
    operator.to(121)
    operator.send(40)
    operator.to(122)
    operator.order("2P:3D")

    assert operator.ready == "2P:3D"


def test_nothing_is_lost_when_a_worker_is_removed(operator: Operator) -> None:
    operator.send(20)
    operator.to(1)
    operator.order("1P:1D")
    operator.to(300)

    assert len(operator.told.done_s) == 20
    assert operator.cluster.drained


def test_the_same_order_twice_starts_nothing_twice(operator: Operator) -> None:
    operator.order("4P:3D")
    operator.to(60)
    operator.order("4P:3D")

    assert operator.to(300) == "4P:3D"


def test_an_order_that_is_taken_back_while_a_worker_starts_leaves_it_out(
    operator: Operator,
) -> None:
    operator.order("4P:3D")
    operator.to(60)
    operator.order("2P:3D")

    assert operator.to(300) == "2P:3D"


def test_a_gpu_of_a_start_that_was_taken_back_serves_whoever_waits(operator: Operator) -> None:
    """4P starts on three free GPUs, is taken back, and 2P:6D needs all three."""
    operator.order("5P:3D")
    operator.to(60)
    operator.order("2P:6D")

    assert operator.to(400) == "2P:6D"


ratios = st.builds(PDRatio, st.integers(1, 7), st.integers(1, 7)).filter(lambda r: r.total <= 8)


@settings(max_examples=60)
@given(st.lists(st.tuples(st.floats(0, 200), ratios), max_size=12))
def test_whatever_is_ordered_the_gpus_suffice_and_the_last_order_comes_true(
    orders: list[tuple[float, PDRatio]],
) -> None:
    operator, at = Operator(), 0.0
    for wait_s, ratio in orders:
        at += wait_s
        operator.to(at)
        operator.send(3)
        operator.order(str(ratio))
        assert sum(operator.workers(operator.cluster.ready)) <= PROD.slots

    operator.to(at + 1000)

    assert operator.ready == str(orders[-1][1] if orders else PROD.initial_ratio)
