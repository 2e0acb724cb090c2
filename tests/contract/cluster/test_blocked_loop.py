"""A process whose loop was blocked, or whose machine slept, acts on nothing it knew before."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, tzinfo
from pathlib import Path

import pytest

from gtc_rehearsal.kube_api.storage.store import Store
from gtc_runtime.cluster import lease as lease_module
from gtc_runtime.cluster.api.clock import boot_clock
from gtc_runtime.cluster.api.errors import Fenced, KubeError
from gtc_runtime.cluster.api.kube import Kube
from gtc_runtime.cluster.api.transport import Limits
from gtc_runtime.cluster.lease import Lease
from gtc_runtime.cluster.lease_view import LeaseTimes
from gtc_runtime.cluster.scaling import Scaling
from gtc_spec import kinds, names
from gtc_spec.pools import PDRatio
from tests.faulty_api.faults import Fault
from tests.faulty_api.server import FaultyApiServer

from .conftest import NAMESPACE, TIMES, Cluster

QUICK = LeaseTimes(duration_s=1.5, renew_s=0.2, fence_s=0.8, call_s=0.5)
"""The real times divided by ten, so that 20 s of blocking are 2 s."""


@contextmanager
def elsewhere(folder: Path) -> Iterator[tuple[Cluster, asyncio.AbstractEventLoop]]:
    """An API in a thread of its own, which goes on when the loop of the test does not."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    store = Store()
    server = FaultyApiServer(store)
    asyncio.run_coroutine_threadsafe(server.start(), loop).result(5)
    cluster = Cluster(store, server)
    loop.call_soon_threadsafe(cluster.seed, PDRatio(2, 3))
    cluster.kubeconfig(folder)
    yield cluster, loop
    asyncio.run_coroutine_threadsafe(server.stop(), loop).result(5)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(5)


async def watch_and_take(kubeconfig: Path, taken: list[tuple[float, int]]) -> None:
    """Another process: it takes the Lease when its holder shows no sign of life."""
    async with await Kube.connect(NAMESPACE, str(kubeconfig)) as kube:
        lease = Lease(kube, "rival", QUICK)
        while not await lease.acquire():
            await asyncio.sleep(0.1)
        taken.append((time.monotonic(), lease.epoch))
        await asyncio.sleep(1.0)
        await lease.release()


async def test_who_was_blocked_longer_than_the_lease_writes_nothing_afterwards(
    tmp_path: Path,
) -> None:
    """The loop is blocked at the worst moment: the write has just been allowed."""
    with elsewhere(tmp_path) as (cluster, loop):
        kube = await Kube.connect(NAMESPACE, str(tmp_path / "kubeconfig"))
        lease = Lease(kube, "panel", QUICK)
        blocking = False

        def allowed() -> bool:
            nonlocal blocking
            held, blocked, blocking = lease.held, blocking, False
            if blocked:
                time.sleep(2.2)  # this is the fault
            return held

        scaling = Scaling(kube.fenced(allowed), 8, hold_s=0.0)
        assert await lease.acquire()
        keeping = asyncio.create_task(lease.keep())
        await scaling.set_ratio(PDRatio(3, 3))
        taken: list[tuple[float, int]] = []
        rival = asyncio.run_coroutine_threadsafe(
            watch_and_take(tmp_path / "kubeconfig", taken), loop
        )
        await asyncio.sleep(0.4)
        before, blocking = len(scales(cluster)), True

        with pytest.raises(Fenced, match="do not hold the lease"):
            await scaling.set_ratio(PDRatio(2, 3))

        assert taken, "the rival waits for ever"
        await asyncio.sleep(0.5)
        assert len(scales(cluster)) == before == 1
        assert not lease.held
        await asyncio.wait_for(asyncio.wrap_future(rival), 5)
        keeping.cancel()
        await kube.close()


def scales(cluster: Cluster) -> list[str]:
    return [path for method, path in cluster.server.log if method == "PATCH" and "/scale" in path]


async def test_a_write_that_waits_to_be_repeated_is_not_sent_without_the_lease(
    cluster: Cluster, tmp_path: Path
) -> None:
    limits = Limits(exchange_s=1.0, tries=5, total_s=10.0, backoff_s=0.4)
    async with await Kube.connect(NAMESPACE, str(cluster.kubeconfig(tmp_path)), limits) as kube:
        held = True
        fenced = kube.fenced(lambda: held)
        cluster.faults.add(Fault("PATCH", "scale", 503, times=-1))
        patching = asyncio.create_task(
            fenced.patch(
                kinds.DGDSA, names.pool_dgdsa("prefill"), {"spec": {}}, subresource="scale"
            )
        )
        await asyncio.sleep(0.1)
        sent = len(scales(cluster))
        held = False
        with pytest.raises(Fenced, match="do not hold the lease"):
            await patching
        assert len(scales(cluster)) == sent == 1


async def test_a_lease_whose_taking_was_cut_off_is_given_back_all_the_same(
    cluster: Cluster, kube: Kube
) -> None:
    lease = Lease(kube, "a", TIMES)
    cluster.faults.add(Fault("POST", "leases", 503, latency_s=0.0, after=True, times=1))
    with pytest.raises(KubeError):
        await lease.acquire()
    await lease.release()
    assert await Lease(kube, "b", TIMES).acquire()


def test_the_clock_of_a_lease_passes_while_the_machine_sleeps() -> None:
    asleep = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    assert boot_clock() == pytest.approx(time.clock_gettime(asleep), abs=0.5)


async def test_jumps_of_the_wall_clock_are_nothing_to_a_lease(
    cluster: Cluster, kube: Kube, monkeypatch: pytest.MonkeyPatch
) -> None:
    jump = timedelta()

    class Jumping(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + jump

    monkeypatch.setattr(lease_module, "datetime", Jumping)
    a, b = Lease(kube, "a", TIMES), Lease(kube, "b", TIMES)
    assert await a.acquire()
    for jump in (timedelta(hours=1), timedelta(hours=-1), timedelta()):  # noqa: B007 - a closure
        assert await a.renew()
        assert a.held
        assert not await b.acquire()
