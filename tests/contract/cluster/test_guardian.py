"""A pause never outlives the process that made it, and the safe state needs no panel."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from gtc_rehearsal.kube_api.resources import LEASE
from gtc_runtime.cluster.api.kube import Kube
from gtc_runtime.cluster.keda import Keda
from gtc_runtime.cluster.lease import Lease
from gtc_runtime.cluster.lease_view import TIMES as LIVE
from gtc_runtime.cluster.state import StateStore
from gtc_runtime.scenario.unattended.guardian import POLL_INTERVAL_S, Guardian, guard
from gtc_runtime.scenario.unattended.prescale import prescale
from gtc_runtime.scenario.unattended.safe import make_safe
from gtc_spec import names
from gtc_spec.errors import UsageError
from gtc_spec.pools import ROLES, PDRatio
from tests.faulty_api.faults import Fault

from .conftest import NAMESPACE, TIMES, Cluster

Playing = asyncio.Task[None]


@contextlib.asynccontextmanager
async def guarded(kube: Kube) -> AsyncIterator[None]:
    guarding = asyncio.create_task(guard(kube, interval_s=0.1, times=TIMES))
    yield
    guarding.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await guarding


async def paused_panel(kube: Kube) -> Lease:
    """A panel in auto mode; it dies as soon as nobody renews for it."""
    lease = Lease(kube, "panel", TIMES)
    assert await lease.acquire()
    await Keda(kube).pause("panel")
    return lease


def paused(cluster: Cluster) -> bool:
    return any(cluster.annotations(role) for role in ROLES)


async def resumed_within(cluster: Cluster, seconds: float) -> None:
    async with asyncio.timeout(seconds):
        while paused(cluster) or len(cluster.hpas()) < 2:
            await asyncio.sleep(0.05)


async def told(kube: Kube, words: str) -> None:
    """Wait until the newest stored event says so."""
    async with asyncio.timeout(10):
        while words not in str((await StateStore(kube).read()).document.get("events", [""])[-1:]):
            await asyncio.sleep(0.05)


async def test_the_pause_of_a_dead_panel_is_ended_and_written_down(
    cluster: Cluster, kube: Kube, keda_plays: Playing
) -> None:
    await paused_panel(kube)
    async with guarded(kube):
        await resumed_within(cluster, 4.5)
        await told(kube, "the guardian resumed keda")
    stored = (await StateStore(kube).read()).document
    assert [event["text"] for event in stored["events"]] == [
        "panel was gone with keda paused; the guardian resumed keda"
    ]
    spec = cluster.store.get(LEASE, names.LEASE, NAMESPACE)["spec"]
    assert spec["holderIdentity"] == ""


async def test_a_live_panel_keeps_its_pause(
    cluster: Cluster, kube: Kube, keda_plays: Playing
) -> None:
    lease = await paused_panel(kube)
    async with guarded(kube), lease.kept():
        await asyncio.sleep(2.5)
        assert paused(cluster)
        assert lease.held


async def test_a_pause_without_any_lease_is_ended(
    cluster: Cluster, kube: Kube, keda_plays: Playing
) -> None:
    await Keda(kube).pause("panel")
    assert "resumed keda" in await Guardian(kube, TIMES).poll()
    assert not paused(cluster)


async def test_a_pause_is_ended_even_without_the_right_to_make_a_lease(
    cluster: Cluster, kube: Kube, keda_plays: Playing
) -> None:
    await Keda(kube).pause("panel")
    cluster.faults.add(Fault("POST", "leases", 403, times=-1))
    assert "resumed keda" in await Guardian(kube, TIMES).poll()
    assert not paused(cluster)


async def test_the_pause_of_a_person_is_none_of_the_guardians_business(
    cluster: Cluster, kube: Kube, keda_plays: Playing
) -> None:
    cluster.annotate("prefill", **{names.ANNOTATION_PAUSED: "true"})
    assert await Guardian(kube, TIMES).poll() == ""
    assert paused(cluster)


async def test_the_guardian_writes_nothing_while_all_is_well(cluster: Cluster, kube: Kube) -> None:
    guardian = Guardian(kube, TIMES)
    for _ in range(3):
        assert await guardian.poll() == ""
    assert {method for method, _ in cluster.server.log} == {"GET"}


async def test_the_guardian_acts_after_an_outage_of_the_api(
    cluster: Cluster, kube: Kube, keda_plays: Playing
) -> None:
    await paused_panel(kube)
    outage = cluster.faults.add(Fault("", "/apis/", 503, times=-1))
    async with guarded(kube):
        await asyncio.sleep(1.0)
        outage.times = 0
        await resumed_within(cluster, 4.5)


async def test_a_state_that_cannot_be_written_does_not_keep_keda_paused(
    cluster: Cluster, kube: Kube, keda_plays: Playing
) -> None:
    await Keda(kube).pause("panel")
    cluster.faults.add(Fault("", "configmaps", 403, times=-1))
    assert "resumed keda" in await Guardian(kube, TIMES).poll()


def test_the_live_times_keep_the_promise_of_thirty_seconds() -> None:
    assert LIVE.fence_s + LIVE.call_s < LIVE.duration_s
    assert LIVE.duration_s + 2 * POLL_INTERVAL_S + LIVE.call_s < 30
    assert LIVE.duration_s / 2 > POLL_INTERVAL_S


async def test_the_safe_state_asks_load_to_stop_sets_the_ratio_and_then_resumes_keda(
    cluster: Cluster, kube: Kube, keda_plays: Playing
) -> None:
    panel = await paused_panel(kube)
    cluster.set_desired("prefill", 5)
    report = await make_safe(kube, PDRatio(2, 3), gpu_budget=8, times=TIMES)
    assert report.failed == ()
    assert report.done == ("load asked to stop", "ratio 2P:3D ordered", "keda resumed")
    assert (cluster.desired("prefill"), cluster.desired("decode")) == (2, 3)
    assert not paused(cluster)
    assert (await StateStore(kube).read()).document["mode"] == "safe"
    assert not await panel.renew()
    written = [path for method, path in cluster.server.log if method == "PATCH"]
    assert "/scale" in written[-3]
    assert "scaledobjects" in written[-1]


async def test_the_safe_state_does_what_it_can(
    cluster: Cluster, kube: Kube, keda_plays: Playing
) -> None:
    await Keda(kube).pause("panel")
    cluster.faults.add(Fault("PATCH", "worker/scale", 403, times=-1))
    report = await make_safe(kube, PDRatio(1, 1), gpu_budget=8, times=TIMES)
    assert [line.split(":")[0] for line in report.failed] == ["ratio 1P"]
    assert not paused(cluster)


async def test_the_fallback_state_holds_the_full_ratio_without_any_panel_until_its_time(
    cluster: Cluster, kube: Kube, keda_plays: Playing
) -> None:
    panel = await paused_panel(kube)
    until = datetime.now(UTC) + timedelta(seconds=3)
    await prescale(kube, PDRatio(3, 5), until, gpu_budget=8, times=TIMES)
    assert not await panel.renew()
    assert (cluster.desired("prefill"), cluster.desired("decode")) == (3, 5)
    status = await Keda(kube).status()
    assert status.until == until
    assert f"until {until:%H:%M} UTC" in status.reason
    async with guarded(kube):
        await asyncio.sleep(max(0.0, (until - datetime.now(UTC)).total_seconds() - 0.3))
        assert paused(cluster)
        await resumed_within(cluster, 4.5)
        await told(kube, "was over; the guardian resumed keda")
    stored = (await StateStore(kube).read()).document
    assert stored["mode"] == "prescaled"


async def test_the_safe_state_ends_the_fallback_state_at_once(
    cluster: Cluster, kube: Kube, keda_plays: Playing
) -> None:
    until = datetime.now(UTC) + timedelta(hours=1)
    await prescale(kube, PDRatio(3, 5), until, gpu_budget=8, times=TIMES)
    await make_safe(kube, PDRatio(2, 3), gpu_budget=8, times=TIMES)
    assert not paused(cluster)
    assert (cluster.desired("prefill"), cluster.desired("decode")) == (2, 3)


@pytest.mark.parametrize("away", [timedelta(0), timedelta(hours=13)])
async def test_the_fallback_state_refuses_an_end_that_is_over_or_far(
    away: timedelta, cluster: Cluster, kube: Kube
) -> None:
    with pytest.raises(UsageError, match="allowed: the next 12 hours"):
        await prescale(kube, PDRatio(3, 5), datetime.now(UTC) + away, gpu_budget=8, times=TIMES)
    assert not paused(cluster)


@pytest.mark.slow
async def test_at_live_times_a_dead_panels_pause_ends_within_thirty_seconds(
    cluster: Cluster, kube: Kube, keda_plays: Playing
) -> None:
    lease = Lease(kube, "panel")
    await lease.acquire()
    await Keda(kube).pause("panel")
    guarding = asyncio.create_task(guard(kube))
    await asyncio.sleep(3.0)
    await lease.renew()
    await resumed_within(cluster, 30.0)
    guarding.cancel()
