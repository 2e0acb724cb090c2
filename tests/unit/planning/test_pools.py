"""Simulated pools: late starts, drains, and the GPUs that both share."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gtc_runtime.planning.pools import SimulatedPools
from gtc_runtime.planning.workers import DecodeWorker, PrefillWorker, Request
from gtc_spec.environment import load
from gtc_spec.pools import PDRatio
from tests.unit.planning.bench import PROFILE, Clock

PROD = load("prod")


class Operator:
    """The pools of prod on a clock of their own; decode workers never step."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.pools = SimulatedPools(
            PROD, lambda: PrefillWorker(PROFILE), self._decode, self.clock.at
        )

    def _decode(self) -> DecodeWorker:
        return DecodeWorker(PROFILE, 400_000, lambda *_: None, lambda *_: None, lambda *_: None)

    def order(self, ratio: str) -> None:
        self.pools.order(PDRatio.parse(ratio), self.clock.now_s)

    def to(self, second: float) -> str:
        """Ready workers after this long."""
        self.clock.run(until_s=second)
        self.clock.now_s = second
        return str(self.pools.ready)


@pytest.fixture
def operator() -> Operator:
    return Operator()


def busy(worker: PrefillWorker) -> PrefillWorker:
    worker.queue.append(Request("summarization", 0.0, 15_000, 1))
    return worker


def test_the_initial_workers_are_ready_at_once(operator: Operator) -> None:
    assert str(operator.pools.ready) == "2P:3D"


def test_a_new_worker_is_ready_one_start_time_after_its_order(operator: Operator) -> None:
    operator.order("4P:3D")

    assert operator.to(119.9) == "2P:3D"
    assert operator.to(120.1) == "4P:3D"


def test_a_new_worker_gets_no_work_that_waits_elsewhere(operator: Operator) -> None:
    first = busy(operator.pools.prefill[0])
    operator.order("3P:3D")
    operator.to(121)

    assert operator.pools.prefill[2].idle
    assert len(first.queue) == 1


def test_an_idle_worker_that_is_removed_goes_at_once(operator: Operator) -> None:
    operator.order("1P:2D")

    assert str(operator.pools.ready) == "1P:2D"


def test_a_worker_that_drains_keeps_its_gpu_until_it_is_done(operator: Operator) -> None:
    operator.order("4P:4D")
    operator.to(121)
    last = busy(operator.pools.prefill[3])
    operator.order("3P:5D")

    assert operator.to(300) == "3P:4D"

    last.queue.clear()
    operator.pools.settle(operator.clock.now_s)
    assert operator.to(421) == "3P:5D"


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
        operator.pools.order(ratio, at)
        assert operator.pools.ready.total <= PROD.slots

    operator.to(at + 1000)

    assert operator.pools.ready == (orders[-1][1] if orders else PROD.initial_ratio)
