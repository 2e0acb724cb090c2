"""What is known of the cluster is the newest whole answer, whatever came after it."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from gtc_runtime.cluster.api.kube import Kube
from gtc_runtime.cluster.keda import Keda
from gtc_runtime.cluster.poller import POLL_INTERVAL_S, STALE_S, Poller
from gtc_runtime.cluster.scaling import Scaling
from gtc_spec.pools import PDRatio
from tests.contract.cluster.conftest import Cluster
from tests.faulty_api.faults import Fault

NOTICED_S = 5 * POLL_INTERVAL_S


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
async def poller(kube: Kube) -> AsyncIterator[Poller]:
    made = Poller(Scaling(kube, gpu_budget=8), Keda(kube))
    polling = asyncio.create_task(made.run())
    async with asyncio.timeout(NOTICED_S):
        while made.newest is None:
            await asyncio.sleep(0.02)
    yield made
    assert not polling.done()
    polling.cancel()


async def until(poller: Poller, *, troubled: bool) -> None:
    async with asyncio.timeout(NOTICED_S):
        while bool(poller.problem) != troubled:
            await asyncio.sleep(0.02)


ANSWERS = [
    Fault("GET", "/apis/", 500, body="<html>oh</html>", times=-1),
    Fault("GET", "/apis/", 200, body="{", times=-1),
    Fault("GET", "/apis/", 200, body="[1]", times=-1),
    Fault("GET", "/apis/", 403, times=-1),
    Fault("GET", "/apis/", 410, times=-1),
]


@pytest.mark.parametrize("fault", ANSWERS, ids=lambda each: f"{each.status} {each.body}")
async def test_an_answer_that_is_none_is_told_and_the_state_before_it_stays(
    cluster: Cluster, poller: Poller, fault: Fault
) -> None:
    known = poller.newest
    assert known
    cluster.faults.add(fault)

    await until(poller, troubled=True)

    assert "\n" not in poller.problem
    assert poller.newest
    assert poller.newest.desired == known.desired == PDRatio(2, 3)


async def test_what_happened_in_a_silence_is_known_with_the_next_answer(
    cluster: Cluster, poller: Poller
) -> None:
    cluster.faults.add(Fault("GET", "/apis/", 503, times=-1))
    await until(poller, troubled=True)
    cluster.set_desired("prefill", 1)
    cluster.set_desired("decode", 5)
    cluster.faults.clear()

    await until(poller, troubled=False)

    assert poller.newest
    assert poller.newest.desired == PDRatio(1, 5)


async def test_a_state_of_more_than_five_seconds_ago_decides_nothing(
    cluster: Cluster, kube: Kube
) -> None:
    clock = Clock()
    poller = Poller(Scaling(kube, gpu_budget=8), Keda(kube), clock)
    assert poller.fresh is None
    await poller.poll()

    clock.now_s += STALE_S
    assert poller.fresh is not None
    clock.now_s += 0.1
    assert poller.fresh is None
    assert poller.newest is not None
