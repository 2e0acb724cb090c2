"""A rehearsal API on loopback with the objects of the demo, and a player of KEDA's part."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from gtc_rehearsal.kube_api.resources import DGDSA, HPA, POD, SCALED_OBJECT
from gtc_rehearsal.kube_api.storage.store import Store
from gtc_runtime.cluster.api.kube import Kube
from gtc_runtime.cluster.api.transport import Limits
from gtc_runtime.cluster.keda_status import scaler_state
from gtc_runtime.cluster.lease_view import LeaseTimes
from gtc_spec import names
from gtc_spec.pools import ROLES, PDRatio, Role
from tests.contract import real_cluster
from tests.contract.remote_store import RemoteStore
from tests.faulty_api.faults import Faults
from tests.faulty_api.front import FaultyFront
from tests.faulty_api.server import FaultyApiServer

NAMESPACE = names.NAMESPACE_WORKLOAD
LIMITS = Limits(exchange_s=1.0, tries=3, total_s=3.0, backoff_s=0.01, ask_every_s=0.1)
TIMES = LeaseTimes(duration_s=2.0, renew_s=0.3, fence_s=1.3, call_s=0.6)


class Cluster:
    """The API server, its store, and what the demo keeps in it.

    A real server is asked through a front that knows faults and keeps a log.
    """

    def __init__(self, store: Store | RemoteStore, server: FaultyApiServer) -> None:
        self.store: Any = store
        self.server = server

    @property
    def faults(self) -> Faults:
        return self.server.faults

    def kubeconfig(self, folder: Path) -> Path:
        """A kubeconfig of this cluster."""
        file = folder / "kubeconfig"
        file.write_text(yaml.safe_dump(self.server.kubeconfig()))
        return file

    def seed(self, ratio: PDRatio) -> None:
        for role in ROLES:
            self.store.create(DGDSA, adapter(role, ratio.of(role)))
            self.store.create(SCALED_OBJECT, scaled_object(role))

    def desired(self, role: Role) -> int:
        found = self.store.get(DGDSA, names.pool_dgdsa(role), NAMESPACE)
        return int(found["spec"]["replicas"])

    def set_desired(self, role: Role, workers: int) -> None:
        spec = {"spec": {"replicas": workers}}
        self.store.patch(DGDSA, names.pool_dgdsa(role), NAMESPACE, spec)

    def annotations(self, role: Role) -> dict[str, str]:
        found = self.store.get(SCALED_OBJECT, names.scaler(role), NAMESPACE)
        return dict(found["metadata"].get("annotations") or {})

    def annotate(self, role: Role, **annotations: str | None) -> None:
        patch = {"metadata": {"annotations": annotations}}
        self.store.patch(SCALED_OBJECT, names.scaler(role), NAMESPACE, patch)

    def hpas(self) -> set[str]:
        return {hpa["metadata"]["name"] for hpa in self.store.list(HPA, NAMESPACE)}

    def add_pod(self, role: Role, name: str, status: dict[str, object]) -> None:
        labels = names.pod_labels(names.service(role))
        metadata = {"name": name, "namespace": NAMESPACE, "labels": labels}
        spec = {"containers": [{"name": "main", "image": "x"}]}
        self.store.create(POD, {"metadata": metadata, "spec": spec})
        self.store.patch(POD, name, NAMESPACE, {"status": status}, "status")


def adapter(role: Role, workers: int) -> dict[str, object]:
    return {
        "metadata": {"name": names.pool_dgdsa(role), "namespace": NAMESPACE},
        "spec": {
            "replicas": workers,
            "dgdRef": {"name": names.DEMO, "serviceName": names.service(role)},
        },
    }


def scaled_object(role: Role) -> dict[str, object]:
    return {
        "metadata": {"name": names.scaler(role), "namespace": NAMESPACE},
        "spec": {
            "scaleTargetRef": {
                "apiVersion": "nvidia.com/v1alpha1",
                "kind": "DynamoGraphDeploymentScalingAdapter",
                "name": names.pool_dgdsa(role),
            },
            "minReplicaCount": 1,
            "maxReplicaCount": 4,
            "triggers": [{"type": "prometheus", "metadata": {}}],
        },
    }


def follow_pauses(store: Any) -> None:
    """KEDA's part, once: an HPA for every ScaledObject that is not paused."""
    present = {hpa["metadata"]["name"] for hpa in store.list(HPA, NAMESPACE)}
    wanted = {
        names.hpa(found["metadata"]["name"])
        for found in store.list(SCALED_OBJECT, NAMESPACE)
        if not scaler_state(found, hpa_present=False).pause
    }
    for name in present - wanted:
        store.delete(HPA, name, NAMESPACE)
    for name in wanted - present:
        target = {"apiVersion": "nvidia.com/v1alpha1", "kind": "X", "name": name}
        spec = {"scaleTargetRef": target, "minReplicas": 1, "maxReplicas": 4}
        store.create(HPA, {"metadata": {"name": name, "namespace": NAMESPACE}, "spec": spec})


@pytest.fixture
async def cluster(request: pytest.FixtureRequest) -> AsyncIterator[Cluster]:
    """An API with both pools at 2P:3D and KEDA's objects, without anybody playing KEDA."""
    store: Store | RemoteStore
    if request.param == "rehearsal":
        store = Store()
        server = FaultyApiServer(store)
    else:
        url = real_cluster.of(request).url
        store, server = RemoteStore(url), FaultyFront(url)
    await server.start()
    made = Cluster(store, server)
    made.seed(PDRatio(2, 3))
    follow_pauses(made.store)
    yield made
    await server.stop()
    if isinstance(store, RemoteStore):
        store.clear()


@pytest.fixture
async def keda_plays(cluster: Cluster) -> AsyncIterator[asyncio.Task[None]]:
    """KEDA follows every pause within 0.1 s; cancel the task and it stops."""

    async def play() -> None:
        while True:
            follow_pauses(cluster.store)
            await asyncio.sleep(0.1)

    task = asyncio.create_task(play())
    yield task
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


@pytest.fixture
async def kube(cluster: Cluster, tmp_path: Path) -> AsyncIterator[Kube]:
    """A client of the cluster."""
    client = await Kube.connect(NAMESPACE, str(cluster.kubeconfig(tmp_path)), LIMITS)
    yield client
    await client.close()
