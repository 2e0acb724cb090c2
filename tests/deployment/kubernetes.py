"""The clusters of the stand-in account: one API server, and whoever works inside a cluster.

While the account has a cluster its nodes are there, what is deployed becomes available, jobs end
well and serving graphs get their pods. When the account has none, nothing answers, and the next
cluster begins empty.
"""

import asyncio
import base64
import contextlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from gtc_rehearsal.kube_api.errors import ApiError
from gtc_rehearsal.kube_api.resources import (
    DEPLOYMENT,
    DGD,
    DGDSA,
    HPA,
    JOB,
    NAMESPACE,
    NODE,
    POD,
    RESOURCES,
    SCALED_OBJECT,
    SECRET,
    Resource,
)
from gtc_rehearsal.kube_api.storage.store import Store
from gtc_spec import names
from gtc_spec.manifests.panel.panel import PANEL
from gtc_spec.manifests.placement import POOL_LABEL
from tests.deployment.panel_pod import PanelPod
from tests.digitalocean.account import Account
from tests.faulty_api.faults import Fault
from tests.faulty_api.server import FaultyApiServer

TICK_S = 0.2
CERTIFICATE = """\
-----BEGIN CERTIFICATE-----
MIIBfjCCASOgAwIBAgIUVq8Vz5kDjiDHgn8dm16bVYeFBvgwCgYIKoZIzj0EAwIw
EzERMA8GA1UEAwwIc3RhbmQtaW4wIBcNMjYxMTI5MDcxODAwWhgPMjEyNjExMDUw
NzE4MDBaMBMxETAPBgNVBAMMCHN0YW5kLWluMFkwEwYHKoZIzj0CAQYIKoZIzj0D
AQcDQgAEcqXEvg2alVDA3vBXyK24e36HnNbb/qbrhaUEQhj/BraWCi3KH5fMR+NT
QqUAl6qvPYU9WkrPZj7ISAG+eVdouKNTMFEwHQYDVR0OBBYEFNWjR9e/U/79sLX3
1pGRxOVI+6SNMB8GA1UdIwQYMBaAFNWjR9e/U/79sLX31pGRxOVI+6SNMA8GA1Ud
EwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSQAwRgIhAJHBuJdyNY46LvwWe0vnS4UT
EPBT9LyTwIzFHt24p7HIAiEAvWQajYEqLuUqIo8JTJnU86tHAGXyEs/SbA8pJ/Dr
wvc=
-----END CERTIFICATE-----
"""
"""Of an authority that signed nothing: the server speaks plain HTTP, but clients want one."""
READY = {"conditions": [{"type": "Ready", "status": "True"}], "phase": "Running"}
OWN_NAMESPACES = ("default", "kube-system")
"""What every cluster begins with."""
GPUS = {"gpu-h100x1-80gb": 1, "gpu-h200x8-1128gb-contracted": 8}


class Inside:
    """Everything that runs in a cluster.

    Attributes:
        silent: Whether the API server keeps quiet although the cluster is there.
        panel: Plays the panel's pod; without one the panel is a Deployment on paper.
    """

    def __init__(self, account: Account) -> None:
        self._account = account
        self._cluster = ""
        self.store = Store()
        self._empty()
        self.server = FaultyApiServer(self.store)
        self.server.accounts.trust(account.kube.token)
        self.silent = False
        self.panel: PanelPod | None = None
        account.kube.ca = base64.b64encode(CERTIFICATE.encode()).decode()

    def kinds(self) -> tuple[Resource, ...]:
        """Every kind that the API knows."""
        return RESOURCES

    def secrets(self) -> list[dict[str, Any]]:
        """Every Secret, releases included."""
        return [dict(each) for each in self.store.list(SECRET)]

    async def work(self, started: threading.Event, ended: asyncio.Event) -> None:
        """Serve and act until the end."""
        self._account.kube.server = await self.server.start()
        started.set()
        while not ended.is_set():
            self._follow_account()
            if self._cluster:
                self._act()
            await self.store.changed(self.store.revision, TICK_S)
        if self.panel is not None:
            self.panel.end()
        await self.server.stop()

    def _follow_account(self) -> None:
        cluster = next(iter(self._account.clusters), "")
        if cluster != self._cluster:
            self._cluster = cluster
            self._empty()
        self.server.faults.clear()
        if self.silent or not cluster:
            self.server.faults.add(Fault(status=503, times=-1))

    def _empty(self) -> None:
        for resource in RESOURCES:
            for each in self.store.list(resource):
                meta = each["metadata"]
                if resource is NAMESPACE and meta["name"] in OWN_NAMESPACES:
                    continue
                with contextlib.suppress(ApiError):
                    self.store.delete(resource, meta["name"], meta.get("namespace"))

    def _act(self) -> None:
        self._nodes()
        for each in self.store.list(DEPLOYMENT):
            late = self.panel and not self.panel.ready and each["metadata"]["name"] == PANEL
            wanted = 0 if late else each["spec"].get("replicas", 1)
            self._status(DEPLOYMENT, each, {"availableReplicas": wanted, "replicas": wanted})
        for each in self.store.list(JOB):
            done = {"type": "Complete", "status": "True"}
            self._status(JOB, each, {"succeeded": 1, "conditions": [done]})
        for each in self.store.list(SCALED_OBJECT):
            self._scaler(each)
        for each in self.store.list(DGD):
            for name, service in each["spec"]["services"].items():
                self._service(each, name, int(service.get("replicas", 1)))
        if self.panel is not None:
            (node, *_) = self.store.list(NODE)
            self.panel.follow(self.store, self.server, node["metadata"]["name"])

    def _nodes(self) -> None:
        for pool in self._account.clusters[self._cluster]["node_pools"]:
            for node in pool["nodes"]:
                gpus = GPUS.get(pool["size"], 0)
                offers = {"cpu": "8", **({"nvidia.com/gpu": str(gpus)} if gpus else {})}
                place = {"name": node["name"], "labels": {POOL_LABEL: pool["name"]}}
                made = self._once(NODE, {"metadata": place})
                self._status(NODE, made, {"allocatable": offers, "conditions": READY["conditions"]})

    def _scaler(self, scaler: dict[str, Any]) -> None:
        meta = scaler["metadata"]
        self._status(SCALED_OBJECT, scaler, {"conditions": READY["conditions"]})
        place = {"name": names.hpa(meta["name"]), "namespace": meta["namespace"]}
        if (meta.get("annotations") or {}).get(names.ANNOTATION_PAUSED) == "true":
            with contextlib.suppress(ApiError):  # KEDA takes its HPA away while it is paused
                self.store.delete(HPA, place["name"], place["namespace"])
            return
        target = {"apiVersion": "nvidia.com/v1alpha1", "kind": "X", "name": meta["name"]}
        spec = {"scaleTargetRef": target, "minReplicas": 1, "maxReplicas": 4}
        self._once(HPA, {"metadata": place, "spec": spec})

    def _service(self, graph: dict[str, Any], name: str, replicas: int) -> None:
        meta = graph["metadata"]
        if name != names.FRONTEND:
            place = {"name": names.dgdsa(meta["name"], name), "namespace": meta["namespace"]}
            spec = {"replicas": replicas, "dgdRef": {"name": meta["name"], "serviceName": name}}
            replicas = self._once(DGDSA, {"metadata": place, "spec": spec})["spec"]["replicas"]
        for number in range(replicas):
            place = {
                "name": f"{meta['name']}-{name.lower()}-{number}",
                "namespace": meta["namespace"],
                "labels": names.pod_labels(name, meta["name"]),
            }
            spec = {"containers": [{"name": "main", "image": "x"}]}
            self._status(POD, self._once(POD, {"metadata": place, "spec": spec}), READY)

    def _once(self, resource: Resource, manifest: dict[str, Any]) -> dict[str, Any]:
        meta = manifest["metadata"]
        try:
            return dict(self.store.get(resource, meta["name"], meta.get("namespace")))
        except ApiError:
            return dict(self.store.create(resource, manifest))

    def _status(self, resource: Resource, obj: dict[str, Any], status: dict[str, Any]) -> None:
        meta = obj["metadata"]
        with contextlib.suppress(ApiError):  # somebody deleted it in between
            patch = {"status": status}
            self.store.patch(resource, meta["name"], meta.get("namespace"), patch, "status")


@contextmanager
def inside(account: Account) -> Iterator[Inside]:
    """Run the account's clusters in a thread until the end of the block."""
    made, started = Inside(account), threading.Event()
    loop = asyncio.new_event_loop()
    ended = asyncio.Event()
    thread = threading.Thread(target=loop.run_until_complete, args=(made.work(started, ended),))
    thread.start()
    assert started.wait(10)
    try:
        yield made
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join()
        loop.close()
