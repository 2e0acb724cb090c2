"""Waiting for the parts of a fresh cluster: complete, or what is missing and why."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from gtc_rehearsal.kube_api.resources import DEPLOYMENT, DGD, NODE, POD
from gtc_runtime.cluster import waiting
from gtc_runtime.cluster.api.kube import Kube
from gtc_runtime.cluster.waiting import Readiness
from gtc_runtime.cluster.writer import Writer
from gtc_runtime.scenario.unattended import swap
from gtc_runtime.scenario.unattended.swap import Swap
from gtc_spec import names
from gtc_spec.environment import load
from gtc_spec.errors import GtcError
from gtc_spec.pools import ROLES
from tests.contract.cluster.conftest import LIMITS, Cluster
from tests.faulty_api.faults import Fault

READY = {"conditions": [{"type": "Ready", "status": "True"}], "phase": "Running"}


def node(name: str, gpus: int, ready: bool = True, pool: str = "") -> dict[str, Any]:
    labels = {"doks.digitalocean.com/node-pool": pool} if pool else {}
    return {
        "metadata": {"name": name, "labels": labels},
        "status": {
            "allocatable": {"cpu": "8", **({"nvidia.com/gpu": str(gpus)} if gpus else {})},
            "conditions": [{"type": "Ready", "status": "True" if ready else "Unknown"}],
        },
    }


def add_node(cluster: Cluster, name: str, gpus: int, ready: bool = True, pool: str = "") -> None:
    made = node(name, gpus, ready, pool)
    cluster.store.create(NODE, made)
    cluster.store.patch(NODE, name, None, {"status": made["status"]}, "status")


def add_deployment(cluster: Cluster, name: str, wanted: int, available: int) -> None:
    labels = {"app": name}
    pod = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "a", "image": "x"}]}}
    spec = {"replicas": wanted, "selector": {"matchLabels": labels}, "template": pod}
    metadata = {"name": name, "namespace": names.NAMESPACE_PLATFORM}
    cluster.store.create(DEPLOYMENT, {"metadata": metadata, "spec": spec})
    set_available(cluster, name, available)


def set_available(cluster: Cluster, name: str, pods: int) -> None:
    told = dict.fromkeys(("replicas", "readyReplicas", "availableReplicas"), pods)
    cluster.store.patch(DEPLOYMENT, name, names.NAMESPACE_PLATFORM, {"status": told}, "status")


@pytest.fixture
async def platform(cluster: Cluster, tmp_path: Path) -> AsyncIterator[Kube]:
    """A client of the platform's namespace."""
    file = tmp_path / "platform"
    file.write_text(yaml.safe_dump(cluster.server.kubeconfig()))
    client = await Kube.connect(names.NAMESPACE_PLATFORM, str(file), LIMITS)
    yield client
    await client.close()


async def test_gpus_are_there_when_ready_nodes_offer_enough(cluster: Cluster, kube: Kube) -> None:
    add_node(cluster, "gpu-1", 8)
    add_node(cluster, "management", 0)

    assert await waiting.gpus(kube, 8) == Readiness(True, "8 of 8 gpus on 1 nodes")


async def test_a_node_that_is_not_ready_offers_nothing_and_is_named(
    cluster: Cluster, kube: Kube
) -> None:
    add_node(cluster, "gpu-1", 1)
    add_node(cluster, "gpu-2", 1, ready=False)

    assert await waiting.gpus(kube, 2) == Readiness(
        False, "1 of 2 gpus on 2 nodes; not ready: gpu-2"
    )


async def test_workers_without_gpus_wait_for_the_nodes_of_their_own_pool(
    cluster: Cluster, kube: Kube
) -> None:
    nodes = load("cpu").nodes
    add_node(cluster, "workers-1", 0, pool="workers")
    add_node(cluster, "management-1", 0, pool="management")
    alone = await waiting.places(kube, nodes)
    add_node(cluster, "workers-2", 0, ready=False, pool="workers")
    half = await waiting.places(kube, nodes)

    pool = "1 of 2 nodes in the pool workers, 4 simulated worker slots"
    assert alone == Readiness(False, pool)
    assert half == Readiness(False, f"{pool}; not ready: workers-2")


async def test_a_ready_node_without_gpus_waits_for_its_driver(cluster: Cluster, kube: Kube) -> None:
    add_node(cluster, "gpu-1", 0)

    seen = await waiting.gpus(kube, 8)

    assert not seen.ready
    assert seen.text == "0 of 8 gpus on 0 nodes; the driver has not announced the rest"


async def test_an_empty_namespace_is_not_a_platform(platform: Kube) -> None:
    assert await waiting.platform(platform) == Readiness(
        False, "nothing is deployed in dynamo-system yet"
    )


async def test_the_platform_is_there_when_all_its_workloads_are_available(
    cluster: Cluster, platform: Kube
) -> None:
    add_deployment(cluster, "dynamo-operator", 1, 1)
    add_deployment(cluster, "grove", 2, 1)
    assert await waiting.platform(platform) == Readiness(
        False, "waiting in dynamo-system: grove 1/2"
    )

    set_available(cluster, "grove", 2)
    assert (await waiting.platform(platform)).ready


async def test_workers_are_there_when_both_pools_and_the_frontend_are_ready(
    cluster: Cluster, kube: Kube
) -> None:
    env = load("prod")
    for role in ROLES:
        cluster.set_desired(role, 1)
        cluster.add_pod(role, f"{role}-0", READY)
    seen = await waiting.workers(kube, env)
    assert not seen.ready
    assert seen.text.endswith("frontend: 0 of 1 ready (no pod yet)")

    add_frontend(cluster)
    assert await waiting.workers(kube, env) == Readiness(
        True, "prefill: 1 of 1 ready; decode: 1 of 1 ready; frontend: 1 of 1 ready"
    )


def add_frontend(cluster: Cluster) -> None:
    labels = names.pod_labels(names.FRONTEND)
    metadata = {"name": "frontend", "namespace": names.NAMESPACE_WORKLOAD, "labels": labels}
    spec = {"containers": [{"name": "main", "image": "x"}]}
    cluster.store.create(POD, {"metadata": metadata, "spec": spec})
    cluster.store.patch(POD, "frontend", names.NAMESPACE_WORKLOAD, {"status": READY}, "status")


async def test_a_worker_that_finds_no_gpu_is_told_in_the_schedulers_words(
    cluster: Cluster, kube: Kube
) -> None:
    why = {"type": "PodScheduled", "status": "False", "message": "0/3 nodes: no gpu left"}
    cluster.add_pod("decode", "decode-0", {"phase": "Pending", "conditions": [why]})

    seen = await waiting.workers(kube, load("prod"))

    assert "decode: 0 of 3 ready (0/3 nodes: no gpu left)" in seen.text


async def test_a_scaler_without_a_word_from_keda_is_waited_for(
    cluster: Cluster, kube: Kube
) -> None:
    seen = await waiting.scalers(kube, [names.scaler("prefill"), "other"])

    assert seen == Readiness(
        False, "gtc-demo-prefill-scaler: no word from keda yet; other: does not exist"
    )


async def test_waiting_ends_when_it_is_there_and_tells_each_change_once() -> None:
    seen = iter(
        [Readiness(False, "a"), Readiness(False, "a"), Readiness(False, "b"), Readiness(True, "c")]
    )
    told: list[str] = []

    async def poll() -> Readiness:
        return next(seen)

    await waiting.wait(poll, 5, told.append, interval_s=0)

    assert told == ["a", "b", "c"]


async def test_waiting_gives_up_in_time_and_says_what_was_missing() -> None:
    async def poll() -> Readiness:
        return Readiness(False, "1 of 8 gpus")

    with pytest.raises(GtcError, match=r"gave up after 0 s: 1 of 8 gpus"):
        await asyncio.wait_for(waiting.wait(poll, 0.05, lambda _line: None, interval_s=0.01), 2)


async def test_a_cluster_that_does_not_answer_is_waited_for(cluster: Cluster, kube: Kube) -> None:
    add_node(cluster, "gpu-1", 8)
    cluster.faults.add(Fault(path="nodes", status=503, times=LIMITS.tries))
    told: list[str] = []

    await waiting.wait(lambda: waiting.gpus(kube, 8), 10, told.append, interval_s=0.01)

    assert told[-1] == "8 of 8 gpus on 1 nodes"
    assert "503" in told[0]


async def test_a_comparison_waits_for_a_cluster_that_does_not_answer(
    cluster: Cluster, kube: Kube
) -> None:
    metadata = {"name": names.DEMO, "namespace": names.NAMESPACE_WORKLOAD}
    cluster.store.create(DGD, {"metadata": metadata, "spec": {"services": {}}})
    status = {"status": {"state": "successful"}}
    cluster.store.patch(DGD, names.DEMO, names.NAMESPACE_WORKLOAD, status, "status")
    add_frontend(cluster)
    cluster.faults.add(Fault(path=DGD.plural, status=503, times=LIMITS.tries))
    told: list[str] = []

    await Swap(Writer.of(kube, 8, "compare"), load("dev"), told.append).settled(0)

    assert "503" in told[0]
    assert told[-1] == "1 of 1 pods, 0 leave, graph successful"


async def test_a_graph_that_does_not_come_is_told_with_what_was_there(
    cluster: Cluster, kube: Kube, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(swap, "SLACK_S", 0.0)
    metadata = {"name": names.DEMO, "namespace": names.NAMESPACE_WORKLOAD}
    cluster.store.create(DGD, {"metadata": metadata, "spec": {"services": {}}})
    quick = {"worker_start_s": 0.1, "pools.prefill.drain_s": 0.1, "pools.decode.drain_s": 0.1}
    at_once = load("dev", quick)

    with pytest.raises(GtcError, match="0 of 3 pods, 0 leave, graph new") as refusal:
        await Swap(Writer.of(kube, 8, "compare"), at_once, lambda _line: None).settled(2)
    assert "get pods" in refusal.value.hint
