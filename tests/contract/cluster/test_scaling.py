"""The pools are read from pods and set through /scale."""

import asyncio
import itertools

import pytest

from gtc_rehearsal.kube_api.resources import DGDSA
from gtc_runtime.cluster.api.errors import Denied, Fenced, KubeError, NotFound, Unreachable
from gtc_runtime.cluster.api.kube import Kube
from gtc_runtime.cluster.scaling import ScaleReverted, Scaling
from gtc_spec import names
from gtc_spec.errors import UsageError
from gtc_spec.pools import PDRatio
from tests.faulty_api.faults import Fault

from .conftest import NAMESPACE, Cluster

READY = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
LOADING = {"phase": "Running", "conditions": [{"type": "Ready", "status": "False"}]}
NO_GPU = {
    "phase": "Pending",
    "conditions": [
        {"type": "PodScheduled", "status": "False", "message": "0/1 nodes: insufficient gpu"}
    ],
}


def scaling(kube: Kube, hold_s: float = 0.3) -> Scaling:
    return Scaling(kube, gpu_budget=8, hold_s=hold_s)


def writes(cluster: Cluster) -> list[tuple[str, str]]:
    """Adapter and replicas of every change of an adapter since the start, in order."""
    changes = [change for change in cluster.store.changes_since(1000) if change.resource is DGDSA]
    return [
        (
            change.object["metadata"]["name"].removeprefix("gtc-demo-trtllm"),
            change.object["spec"]["replicas"],
        )
        for change in changes
        if change.type == "MODIFIED"
    ]


async def test_a_pool_is_read_from_its_adapter_and_its_pods(cluster: Cluster, kube: Kube) -> None:
    cluster.add_pod("prefill", "p0", READY)
    cluster.add_pod("prefill", "p1", LOADING)
    cluster.add_pod("decode", "d0", READY)
    cluster.add_pod("decode", "d1", NO_GPU)
    pools = await scaling(kube).read()
    prefill, decode = pools["prefill"], pools["decode"]
    assert (prefill.desired, prefill.ready, prefill.pending) == (2, 1, 1)
    assert prefill.reasons == ("loading",)
    assert (decode.desired, decode.ready, decode.pending) == (3, 1, 1)
    assert decode.reasons == ("0/1 nodes: insufficient gpu",)


async def test_a_missing_adapter_is_a_state_and_the_other_pool_still_scales(
    cluster: Cluster, kube: Kube
) -> None:
    cluster.store.delete(DGDSA, names.pool_dgdsa("prefill"), NAMESPACE)
    pools = await scaling(kube).read()
    assert pools["prefill"].desired is None
    assert pools["prefill"].reasons == ("no scaling adapter gtc-demo-trtllmprefillworker",)
    with pytest.raises(NotFound):
        await scaling(kube).set_ratio(PDRatio(2, 5))
    assert cluster.desired("decode") == 5


async def test_the_pool_that_shrinks_is_written_first(cluster: Cluster, kube: Kube) -> None:
    await scaling(kube).set_ratio(PDRatio(4, 2))
    await scaling(kube).set_ratio(PDRatio(1, 5))
    assert writes(cluster) == [
        ("decodeworker", 2),
        ("prefillworker", 4),
        ("prefillworker", 1),
        ("decodeworker", 5),
    ]


async def test_a_ratio_that_is_already_there_writes_nothing(cluster: Cluster, kube: Kube) -> None:
    await scaling(kube).set_ratio(PDRatio(2, 3))
    assert writes(cluster) == []


@pytest.mark.parametrize("ratio", [PDRatio(0, 3), PDRatio(2, 0), PDRatio(4, 5), PDRatio(-1, 3)])
async def test_an_impossible_ratio_is_refused_before_any_write(
    cluster: Cluster, kube: Kube, ratio: PDRatio
) -> None:
    with pytest.raises(UsageError, match="allowed"):
        await scaling(kube).set_ratio(ratio)
    assert writes(cluster) == []


async def test_a_scale_that_the_operator_reverts_once_is_repeated(
    cluster: Cluster, kube: Kube
) -> None:
    setting = asyncio.create_task(scaling(kube, hold_s=0.6).set_ratio(PDRatio(4, 3)))
    async with asyncio.timeout(2):
        while cluster.desired("prefill") != 4:
            await asyncio.sleep(0.01)
    cluster.set_desired("prefill", 2)
    await setting
    assert cluster.desired("prefill") == 4


async def test_a_scale_that_is_always_reverted_ends_with_a_sentence(
    cluster: Cluster, kube: Kube
) -> None:
    async def revert() -> None:
        while True:
            if cluster.desired("prefill") != 2:
                cluster.set_desired("prefill", 2)
            await asyncio.sleep(0.01)

    reverting = asyncio.create_task(revert())
    with pytest.raises(ScaleReverted, match="put back to 2P:3D, 5 times"):
        await scaling(kube, hold_s=0.2).set_ratio(PDRatio(4, 3))
    reverting.cancel()


async def test_a_denied_pool_is_patched_once_and_keeps_the_webhooks_words(
    cluster: Cluster, kube: Kube
) -> None:
    fault = cluster.faults.add(
        Fault("PATCH", "prefillworker/scale", 403, body='{"message": "ask the boss"}', times=9)
    )
    with pytest.raises(Denied, match="ask the boss"):
        await scaling(kube).set_ratio(PDRatio(3, 4))
    assert fault.times == 8
    assert cluster.desired("decode") == 4


async def test_a_pool_does_not_grow_into_gpus_that_a_denied_shrink_keeps(
    cluster: Cluster, kube: Kube
) -> None:
    cluster.set_desired("prefill", 4)
    cluster.faults.add(Fault("PATCH", "prefillworker/scale", 403, times=-1))
    with pytest.raises(KubeError):
        await scaling(kube).set_ratio(PDRatio(2, 6))
    assert cluster.desired("decode") == 3


async def test_a_scale_whose_answer_is_lost_is_done_and_confirmed(
    cluster: Cluster, kube: Kube
) -> None:
    cluster.faults.add(Fault("PATCH", "/scale", 503, after=True, times=1))
    await scaling(kube).set_ratio(PDRatio(4, 3))
    assert writes(cluster) == [("prefillworker", 4)]


async def test_a_cluster_that_is_down_is_unreachable(cluster: Cluster, kube: Kube) -> None:
    await cluster.server.stop()
    with pytest.raises(Unreachable):
        await scaling(kube).read()


async def test_a_writer_that_loses_the_lease_half_way_stops_writing(
    cluster: Cluster, kube: Kube
) -> None:
    asked = itertools.count(1)  # before a try, and again while the bytes of a write leave
    fenced = Scaling(kube.fenced(lambda: next(asked) <= 4), gpu_budget=8, hold_s=0.2)
    with pytest.raises(Fenced, match="do not hold the lease"):
        await fenced.set_ratio(PDRatio(1, 5))
    assert writes(cluster) == [("prefillworker", 1)]
