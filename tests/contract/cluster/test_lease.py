"""One holder at a time, judged by what was seen to change on one's own clock."""

import asyncio
import os
import socket
import subprocess
import sys

import pytest

from gtc_rehearsal.kube_api.resources import LEASE
from gtc_runtime.cluster.api.errors import Unreachable
from gtc_runtime.cluster.api.kube import Kube
from gtc_runtime.cluster.identity import is_dead, own_identity
from gtc_runtime.cluster.lease import Lease
from gtc_runtime.cluster.lease_view import TIMES as LIVE_TIMES
from gtc_spec import names
from tests.faulty_api.faults import Fault

from .conftest import NAMESPACE, TIMES, Cluster


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def lease(kube: Kube, holder: str, clock: Clock) -> Lease:
    return Lease(kube, holder, LIVE_TIMES, clock)


async def watch_for(other: Lease, clock: Clock, seconds: float) -> None:
    """Let an onlooker look every two seconds."""
    end = clock.now + seconds
    await other.poll()
    while clock.now < end:
        clock.now = min(clock.now + 2.0, end)
        await other.poll()


def stored(cluster: Cluster) -> dict[str, object]:
    return dict(cluster.store.get(LEASE, names.LEASE, NAMESPACE)["spec"])


async def test_an_absent_lease_is_made_and_held(cluster: Cluster, kube: Kube) -> None:
    mine = lease(kube, "a", Clock())
    assert not mine.held
    assert await mine.acquire()
    assert mine.held
    assert stored(cluster)["holderIdentity"] == "a"


async def test_a_live_holder_is_not_displaced(cluster: Cluster, kube: Kube) -> None:
    clock = Clock()
    a, b = lease(kube, "a", clock), lease(kube, "b", clock)
    assert await a.acquire()
    for _ in range(20):
        clock.now += 3.0
        assert await a.renew()
        assert not await b.acquire()


async def test_a_silent_holder_is_displaced_after_the_duration_and_not_before(
    cluster: Cluster, kube: Kube
) -> None:
    clock = Clock()
    a, b = lease(kube, "a", clock), lease(kube, "b", clock)
    await a.acquire()
    await watch_for(b, clock, 14.9)
    assert not await b.acquire()
    clock.now += 0.2
    assert await b.acquire()
    assert not await a.renew()
    assert not a.held


async def test_the_holder_fences_itself_before_anybody_may_take_over(
    cluster: Cluster, kube: Kube
) -> None:
    clock = Clock()
    a = lease(kube, "a", clock)
    await a.acquire()
    clock.now += 9.9
    assert a.held
    clock.now += 0.2
    assert not a.held
    assert await a.renew()
    assert a.held


async def test_time_stamps_of_others_mean_nothing(cluster: Cluster, kube: Kube) -> None:
    clock = Clock()
    await lease(kube, "a", clock).acquire()
    ancient = {"spec": {"renewTime": "1999-01-01T00:00:00.000000Z"}}
    cluster.store.patch(LEASE, names.LEASE, NAMESPACE, ancient)
    assert not (await lease(kube, "b", clock).poll()).expired


async def test_an_onlooker_who_was_blind_starts_to_watch_anew(cluster: Cluster, kube: Kube) -> None:
    clock = Clock()
    a, b = lease(kube, "a", clock), lease(kube, "b", clock)
    await a.acquire()
    await b.poll()
    clock.now += 600.0
    assert not (await b.poll()).expired
    await watch_for(b, clock, 15.0)
    assert (await b.poll()).expired


async def test_a_released_lease_is_free_at_once_and_every_holder_has_a_new_epoch(
    cluster: Cluster, kube: Kube
) -> None:
    clock = Clock()
    a, b = lease(kube, "a", clock), lease(kube, "b", clock)
    await a.acquire()
    first = a.epoch
    await a.release()
    assert not a.held
    assert await b.acquire()
    assert b.epoch == first + 1


async def test_the_epoch_stays_above_the_floor_when_the_lease_was_deleted(
    cluster: Cluster, kube: Kube
) -> None:
    a = lease(kube, "a", Clock())
    await a.acquire()
    cluster.store.delete(LEASE, names.LEASE, NAMESPACE)
    assert not await a.renew()
    b = lease(kube, "b", Clock())
    await b.acquire(epoch_floor=7)
    assert b.epoch == 8


async def test_force_takes_the_lease_from_a_live_holder_who_notices(
    cluster: Cluster, kube: Kube
) -> None:
    clock = Clock()
    a, b = lease(kube, "a", clock), lease(kube, "b", clock)
    await a.acquire()
    assert await b.acquire(force=True)
    assert not await a.renew()


async def test_a_renewal_whose_answer_was_lost_is_not_a_loss(cluster: Cluster, kube: Kube) -> None:
    clock = Clock()
    a = lease(kube, "a", clock)
    await a.acquire()
    cluster.faults.add(Fault("PUT", "leases", 503, after=True, times=1))
    clock.now += 3.0
    with pytest.raises(Unreachable):
        await a.renew()
    assert a.held
    clock.now += 3.0
    assert await a.renew()


async def test_after_a_conflict_nobody_acts_until_the_holder_is_known(
    cluster: Cluster, kube: Kube
) -> None:
    mine, other = lease(kube, "a", Clock()), lease(kube, "b", Clock())
    assert await mine.acquire()
    assert await other.acquire(force=True)
    unread = cluster.faults.add(Fault("GET", "leases", 503, times=-1))

    with pytest.raises(Unreachable):
        await mine.renew()

    assert not mine.held
    unread.times = 0
    assert not await mine.renew()


async def test_a_renewal_that_failed_is_tried_again_soon(cluster: Cluster, kube: Kube) -> None:
    mine = Lease(kube, "a", TIMES)
    assert await mine.acquire()
    cluster.faults.add(Fault("PUT", "leases", 503, times=2))
    keeper = asyncio.create_task(mine.keep())

    await asyncio.sleep(TIMES.renew_s * 0.9)

    keeper.cancel()
    assert [method for method, _ in cluster.server.log].count("PUT") >= 3


async def test_a_renewal_that_hangs_ends_in_time_to_be_repeated(
    cluster: Cluster, kube: Kube
) -> None:
    a = Lease(kube, "a", TIMES)
    await a.acquire()
    cluster.faults.add(Fault("PUT", "leases", 0, latency_s=5, times=1))
    async with asyncio.timeout(0.9):
        with pytest.raises(Unreachable, match="in time"):
            await a.renew()


async def test_a_lease_is_given_back_even_when_a_renewal_was_lost_on_its_way(
    cluster: Cluster, kube: Kube
) -> None:
    a = lease(kube, "a", Clock())
    await a.acquire()
    cluster.faults.add(Fault("PUT", "leases", 503, after=True, times=1))
    with pytest.raises(Unreachable):
        await a.renew()
    await a.release()
    assert stored(cluster)["holderIdentity"] == ""


async def test_of_many_contenders_exactly_one_wins(cluster: Cluster, kube: Kube) -> None:
    contenders = [lease(kube, f"c{n}", Clock()) for n in range(8)]
    won = await asyncio.gather(*(contender.acquire() for contender in contenders))
    assert won.count(True) == 1


async def test_a_kept_lease_outlives_its_duration_and_is_given_back(
    cluster: Cluster, kube: Kube
) -> None:
    a, b = Lease(kube, "a", TIMES), Lease(kube, "b", TIMES)
    await a.acquire()
    async with a.kept():
        for _ in range(12):
            await asyncio.sleep(0.2)
            assert a.held
            assert not await b.acquire()
    assert await b.acquire()


async def test_keeping_survives_an_outage_shorter_than_anybodys_patience(
    cluster: Cluster, kube: Kube
) -> None:
    a = Lease(kube, "a", TIMES)
    await a.acquire()
    async with a.kept():
        outage = cluster.faults.add(Fault("", "leases", 503, times=-1))
        await asyncio.sleep(1.7)
        assert not a.held
        outage.times = 0
        async with asyncio.timeout(2):
            while not a.held:
                await asyncio.sleep(0.05)


async def test_keeping_ends_when_somebody_else_has_the_lease(cluster: Cluster, kube: Kube) -> None:
    a = Lease(kube, "a", TIMES)
    await a.acquire()
    keeping = asyncio.create_task(a.keep())
    await Lease(kube, "b", TIMES).acquire(force=True)
    await asyncio.wait_for(keeping, 2)
    assert not a.held


async def test_a_restarted_process_takes_over_from_its_dead_self_at_once(
    cluster: Cluster, kube: Kube
) -> None:
    asked = "from gtc_runtime.cluster.identity import own_identity; print(own_identity('panel'))"
    paths = os.pathsep.join(path for path in sys.path if path)
    dead = subprocess.run(
        [sys.executable, "-c", asked],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": paths},
    ).stdout.strip()
    assert await lease(kube, dead, Clock()).acquire()
    assert await lease(kube, own_identity("panel"), Clock()).acquire()


async def test_a_live_process_of_the_same_host_is_not_displaced(
    cluster: Cluster, kube: Kube
) -> None:
    await lease(kube, own_identity("panel"), Clock()).acquire()
    assert not await lease(kube, own_identity("panel"), Clock()).acquire()


def test_a_process_number_that_came_again_is_no_sign_of_life() -> None:
    role, machine, pid, start, nonce = own_identity("panel").split("/")
    assert not is_dead("/".join((role, machine, pid, start, nonce)))
    assert is_dead("/".join((role, machine, pid, str(int(start) - 1), nonce)))


MACHINE = own_identity("panel").split("/")[1]


@pytest.mark.parametrize(
    "identity",
    [
        "",
        "a",
        "panel@elsewhere/0c9a2e11-4026531836/999999999/1/ab",
        f"panel@{socket.gethostname()}/{MACHINE}/999999999/ab",
        f"panel@{socket.gethostname()}/{MACHINE}/y/z/ab",
    ],
)
def test_nobody_elsewhere_is_known_to_be_dead(identity: str) -> None:
    assert not is_dead(identity)
