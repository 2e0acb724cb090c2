"""A pool with a scaler on a store, for the tests of the autoscaler's parts."""

import contextlib
from typing import Any

import pytest

from gtc_rehearsal.autoscaling.autoscaler import Autoscaler
from gtc_rehearsal.kube_api.errors import ApiError
from gtc_rehearsal.kube_api.resources import DGDSA, HPA, POD, SCALED_OBJECT
from gtc_rehearsal.kube_api.storage.store import Store
from gtc_rehearsal.prometheus.promql_values import Sample, Value, Vector
from gtc_spec import environment, names
from gtc_spec.manifests.scaled_object import scaled_object

N = names.NAMESPACE_WORKLOAD
SCALER = names.scaler("prefill")
ADAPTER = names.pool_dgdsa("prefill")
SERVICE = names.service("prefill")
QUICK = {
    "scaleUp": {"policies": [{"type": "Pods", "value": 1, "periodSeconds": 15}]},
    "scaleDown": {
        "stabilizationWindowSeconds": 60,
        "policies": [{"type": "Pods", "value": 1, "periodSeconds": 15}],
    },
}


class Cluster:
    """A pool with a scaler on a store, a clock turned by hand and a settable metric."""

    def __init__(self, replicas: int = 2, **changes: Any) -> None:
        self.store = Store()
        self.now_s = 100.0
        self.metric: float | None = 0.0
        adapter = {
            "metadata": {"name": ADAPTER, "namespace": N},
            "spec": {"replicas": replicas, "dgdRef": {"name": "gtc-demo", "serviceName": SERVICE}},
        }
        self.store.create(DGDSA, adapter)
        selector = ",".join(f"{key}={value}" for key, value in names.pod_labels(SERVICE).items())
        status = {"status": {"replicas": replicas, "selector": selector}}
        self.store.patch(DGDSA, ADAPTER, N, status, "status")
        self._pods = 0
        self.add_ready_pods(replicas)
        obj = scaled_object(environment.load("prod"), "prefill")
        obj["spec"]["minReplicaCount"] = 1
        obj["spec"]["advanced"]["horizontalPodAutoscalerConfig"]["behavior"] = QUICK
        trigger = obj["spec"]["triggers"][0]
        trigger["metadata"] |= {"threshold": "10", **changes.pop("metadata", {})}
        trigger |= changes.pop("trigger", {})
        obj["spec"] |= changes
        self.store.create(SCALED_OBJECT, obj)
        self.autoscaler = Autoscaler(self.store, self._ask, clock=lambda: self.now_s)
        self.autoscaler.step()

    def _ask(self, _expr: str) -> Value:
        return Vector(() if self.metric is None else (Sample((), self.metric),))

    def add_ready_pods(self, count: int) -> None:
        for _ in range(count):
            self._pods += 1
            meta = {"name": f"p-{self._pods}", "namespace": N, "labels": names.pod_labels(SERVICE)}
            container = {"name": "main", "image": "worker"}
            self.store.create(POD, {"metadata": meta, "spec": {"containers": [container]}})
            ready = {"type": "Ready", "status": "True"}
            status = {"status": {"phase": "Running", "conditions": [ready]}}
            self.store.patch(POD, meta["name"], N, status, "status")

    def pass_s(self, seconds: float) -> None:
        """Let time pass in steps of a second."""
        for _ in range(round(seconds)):
            self.now_s += 1
            self.autoscaler.step()

    def annotate(self, **annotations: str | None) -> None:
        full = {f"autoscaling.keda.sh/{k.replace('_', '-')}": v for k, v in annotations.items()}
        self.store.patch(SCALED_OBJECT, SCALER, N, {"metadata": {"annotations": full}})
        self.autoscaler.step()

    @property
    def replicas(self) -> int:
        return int(self.store.get(DGDSA, ADAPTER, N)["spec"]["replicas"])

    @property
    def hpa(self) -> dict[str, Any] | None:
        with contextlib.suppress(ApiError):
            return self.store.get(HPA, names.hpa(SCALER), N)
        return None

    @property
    def status(self) -> dict[str, Any]:
        status: dict[str, Any] = self.store.get(SCALED_OBJECT, SCALER, N)["status"]
        return status

    def condition(self, kind: str, of: dict[str, Any] | None = None) -> dict[str, Any]:
        conditions = (of or {"status": self.status})["status"]["conditions"]
        (found,) = [one for one in conditions if one["type"] == kind]
        assert isinstance(found, dict)
        return found


@pytest.fixture
def cluster_of() -> type[Cluster]:
    """Makes a pool with a scaler: `cluster_of(replicas=3, maxReplicaCount=8)`."""
    return Cluster
