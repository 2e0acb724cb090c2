"""KEDA's and the HPA's part: pausing, scaling, fallbacks, and what is written where."""

import asyncio
import contextlib
import math
from typing import Any

import pytest

from gtc_runtime.rehearsal.autoscaler import Autoscaler
from gtc_runtime.rehearsal.kube_api.errors import ApiError
from gtc_runtime.rehearsal.kube_api.resources import DGDSA, HPA, POD, SCALED_OBJECT
from gtc_runtime.rehearsal.kube_api.store import Store
from gtc_runtime.rehearsal.prometheus import PrometheusTwin
from gtc_runtime.rehearsal.promql_values import PromqlError, Sample, Value, Vector
from gtc_runtime.rehearsal.tsdb import labels_of
from gtc_spec import environment, names
from gtc_spec.manifests.scaled_object import scaled_object

N = names.NAMESPACE_WORKLOAD
SCALER = names.scaler("prefill")
ADAPTER = names.pool_dgdsa("prefill")
SERVICE = names.SERVICES["prefill"]
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


def test_a_scaled_object_gets_its_hpa_and_is_ready() -> None:
    cluster = Cluster()
    assert cluster.hpa is not None
    assert cluster.hpa["spec"]["minReplicas"] == 1
    assert cluster.hpa["spec"]["behavior"] == QUICK
    assert cluster.hpa["metadata"]["ownerReferences"][0]["name"] == SCALER
    assert cluster.status["hpaName"] == names.hpa(SCALER)
    assert cluster.condition("Ready")["status"] == "True"
    assert cluster.condition("Paused")["status"] == "False"


def test_without_a_change_nothing_is_written() -> None:
    cluster = Cluster()
    cluster.metric = 20
    cluster.pass_s(40)
    revision = cluster.store.revision
    cluster.pass_s(30)
    assert cluster.store.revision == revision


def test_the_first_sync_comes_a_period_after_the_hpa() -> None:
    cluster = Cluster()
    cluster.metric = 35
    cluster.pass_s(14)
    assert cluster.replicas == 2
    cluster.pass_s(1)
    assert cluster.replicas == 3


def test_load_scales_up_within_policy_and_maximum_and_down_after_its_window() -> None:
    cluster = Cluster()
    cluster.metric = 500
    sizes = []
    for _ in range(4):
        cluster.pass_s(15)
        sizes.append(cluster.replicas)
    assert sizes == [3, 4, 4, 4]
    cluster.metric = 0
    cluster.pass_s(45)
    assert cluster.replicas == 4
    cluster.pass_s(75)
    assert cluster.replicas == 1


def test_a_metric_within_the_tolerance_changes_nothing() -> None:
    cluster = Cluster()
    cluster.metric = 22
    cluster.pass_s(120)
    assert cluster.replicas == 2


def test_the_hpa_tells_what_it_read_and_did() -> None:
    cluster = Cluster()
    cluster.metric = 25
    cluster.pass_s(15)
    hpa = cluster.hpa
    assert hpa is not None
    (metric,) = hpa["status"]["currentMetrics"]
    assert metric["external"]["current"] == {"averageValue": "12500m"}
    assert hpa["status"]["currentReplicas"] == 2
    assert hpa["status"]["desiredReplicas"] == 3
    assert cluster.condition("AbleToScale", hpa)["reason"] == "SucceededRescale"
    assert cluster.condition("ScalingActive", hpa)["status"] == "True"
    assert cluster.condition("Active")["status"] == "True"


def test_an_hpa_at_its_maximum_says_that_it_is_limited() -> None:
    cluster = Cluster(replicas=4)
    cluster.metric = 500
    cluster.pass_s(15)
    assert cluster.condition("ScalingLimited", cluster.hpa)["reason"] == "TooManyReplicas"


def test_a_value_metric_counts_ready_workers_only() -> None:
    cluster = Cluster(trigger={"metricType": "Value"}, maxReplicaCount=8)
    cluster.metric = 15
    cluster.pass_s(15)
    assert cluster.replicas == 3
    cluster.pass_s(60)
    assert cluster.replicas == 3
    cluster.add_ready_pods(1)
    cluster.pass_s(15)
    assert cluster.replicas == 4


def test_a_size_outside_the_limits_is_corrected_at_once() -> None:
    cluster = Cluster(replicas=6)
    cluster.metric = None
    cluster.pass_s(15)
    assert cluster.replicas == 4


def test_a_size_of_zero_is_lifted_by_keda() -> None:
    cluster = Cluster()
    cluster.store.patch(DGDSA, ADAPTER, N, {"spec": {"replicas": 0}}, "scale")
    cluster.pass_s(1)
    assert cluster.replicas == 1


@pytest.mark.parametrize("text", ["true", "True", "1", "yes", "", "gtc-demo"])
def test_a_pause_removes_the_hpa_after_the_condition(text: str) -> None:
    cluster = Cluster()
    cluster.annotate(paused=text)
    assert cluster.condition("Paused")["status"] == "True"
    assert cluster.hpa is not None
    cluster.pass_s(1)
    assert cluster.hpa is None
    cluster.metric = 500
    cluster.pass_s(60)
    assert cluster.replicas == 2


@pytest.mark.parametrize("text", ["false", "False", "0", "f", None])
def test_false_and_absence_resume(text: str | None) -> None:
    cluster = Cluster()
    cluster.annotate(paused="true")
    cluster.pass_s(2)
    cluster.annotate(paused=text)
    assert cluster.hpa is not None
    assert cluster.condition("Paused")["status"] == "False"


def test_a_pause_that_is_taken_back_in_time_keeps_the_hpa() -> None:
    cluster = Cluster()
    uid = (cluster.hpa or {})["metadata"]["uid"]
    cluster.annotate(paused="true")
    cluster.annotate(paused=None)
    cluster.pass_s(5)
    assert (cluster.hpa or {})["metadata"]["uid"] == uid


def test_a_resumed_scaler_does_not_shrink_before_its_window_is_over() -> None:
    cluster = Cluster(replicas=4)
    cluster.annotate(paused="true")
    cluster.pass_s(200)
    cluster.annotate(paused=None)
    cluster.metric = 0
    cluster.pass_s(60)
    assert cluster.replicas == 4
    cluster.pass_s(15)
    assert cluster.replicas == 3


def test_paused_replicas_pauses_and_sets_the_size_whatever_paused_says() -> None:
    cluster = Cluster()
    cluster.annotate(paused_replicas="3", paused="false")
    cluster.pass_s(1)
    assert cluster.replicas == 3
    assert cluster.hpa is None
    assert cluster.status["pausedReplicaCount"] == 3
    cluster.annotate(paused_replicas=None)
    assert cluster.hpa is not None
    assert "pausedReplicaCount" not in cluster.status


def test_a_one_way_pause_keeps_the_hpa_and_holds_one_direction() -> None:
    cluster = Cluster(replicas=3)
    cluster.annotate(paused_scale_in="true")
    cluster.metric = 0
    cluster.pass_s(180)
    assert cluster.replicas == 3
    cluster.metric = 500
    cluster.pass_s(30)
    assert cluster.replicas == 4


def test_no_data_holds_and_then_falls_back_to_the_present_size() -> None:
    cluster = Cluster(replicas=3)
    cluster.metric = None
    cluster.pass_s(15)
    assert cluster.condition("ScalingActive", cluster.hpa)["reason"] == "FailedGetExternalMetric"
    assert cluster.condition("Ready")["reason"] == "TriggerError"
    assert cluster.condition("Fallback")["status"] == "False"
    cluster.pass_s(60)
    assert cluster.condition("Fallback")["status"] == "True"
    assert cluster.status["health"]["s0-prometheus"]["status"] == "Failing"
    assert cluster.replicas == 3
    cluster.metric = 30
    cluster.pass_s(15)
    assert cluster.condition("Ready")["status"] == "True"
    assert cluster.condition("Fallback")["status"] == "False"
    assert cluster.status["health"]["s0-prometheus"]["numberOfFailures"] == 0


@pytest.mark.parametrize(
    ("behavior", "replicas", "expected"),
    [
        ("static", 2, 2),
        ("static", 4, 4),
        ("currentReplicas", 4, 3),
        ("currentReplicasIfHigher", 2, 3),
        ("currentReplicasIfHigher", 4, 4),
        ("currentReplicasIfLower", 2, 2),
        ("currentReplicasIfLower", 4, 3),
    ],
)
@pytest.mark.parametrize("kind", ["AverageValue", "Value"])
def test_each_fallback_assumes_its_size(
    kind: str, behavior: str, replicas: int, expected: int
) -> None:
    fallback = {"failureThreshold": 1, "replicas": replicas, "behavior": behavior}
    cluster = Cluster(replicas=3, fallback=fallback, trigger={"metricType": kind})
    cluster.metric = None
    # a minute for the scale-down window, a sync for the failure that is borne
    cluster.pass_s(105)
    assert cluster.replicas == expected


@pytest.mark.parametrize("nothing", [None, math.nan, math.inf])
def test_ignored_nulls_scale_in_silently_as_with_the_real_one(nothing: float | None) -> None:
    cluster = Cluster(replicas=3, metadata={"ignoreNullValues": "true"})
    cluster.metric = nothing
    cluster.pass_s(150)
    assert cluster.replicas == 1
    assert cluster.condition("Active")["status"] == "False"


@pytest.mark.parametrize("nothing", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_an_error_when_nulls_count(nothing: float) -> None:
    cluster = Cluster(replicas=3)
    cluster.metric = nothing
    cluster.pass_s(15)
    assert cluster.condition("Ready")["reason"] == "TriggerError"


def test_a_query_that_cannot_be_answered_is_an_error_of_the_trigger() -> None:
    cluster = Cluster(replicas=3)

    def refuse(expr: str) -> Value:
        raise PromqlError(f"function topk() is not supported: got {expr}")

    autoscaler = Autoscaler(cluster.store, refuse, clock=lambda: cluster.now_s)
    autoscaler.step()
    cluster.now_s += 15
    autoscaler.step()
    assert "topk" in cluster.condition("Ready")["message"]


def test_several_elements_are_an_error_of_the_trigger() -> None:
    cluster = Cluster(replicas=3)
    two = Vector((Sample((("a", "1"),), 1.0), Sample((("a", "2"),), 1.0)))
    autoscaler = Autoscaler(cluster.store, lambda _expr: two, clock=lambda: cluster.now_s)
    autoscaler.step()
    cluster.now_s += 15
    autoscaler.step()
    assert "multiple elements" in cluster.condition("Ready")["message"]


def test_a_target_without_selector_is_not_scaled() -> None:
    cluster = Cluster()
    cluster.store.patch(DGDSA, ADAPTER, N, {"status": {"selector": None}}, "status")
    cluster.metric = 500
    cluster.pass_s(30)
    assert cluster.replicas == 2
    assert cluster.condition("ScalingActive", cluster.hpa)["reason"] == "InvalidSelector"


@pytest.mark.parametrize(
    ("patch", "words"),
    [
        ({"triggers": [{"type": "cpu", "metadata": {"value": "5"}}]}, "got cpu"),
        ({"triggers": [{"type": "prometheus", "metadata": {"query": "x"}}]}, "serverAddress"),
        (
            {
                "triggers": [
                    {
                        "type": "prometheus",
                        "metadata": {"serverAddress": "http://p", "query": "x", "threshold": "0"},
                    }
                ]
            },
            "allowed: a number above 0",
        ),
        ({"scaleTargetRef": {"name": "nobody"}}, "not found"),
        ({"advanced": {"scalingModifiers": {"formula": "a + b"}}}, "got a + b"),
    ],
)
def test_what_cannot_be_acted_on_is_not_ready_and_says_why(
    patch: dict[str, Any], words: str
) -> None:
    cluster = Cluster()
    cluster.store.patch(SCALED_OBJECT, SCALER, N, {"spec": patch})
    cluster.autoscaler.step()
    ready = cluster.condition("Ready")
    assert ready["status"] == "False"
    assert words in ready["message"]
    assert "\n" not in ready["message"]


def test_an_hpa_that_a_person_makes_by_hand_is_told_what_is_not_played() -> None:
    cluster = Cluster()
    by_hand = {
        "metadata": {"name": "by-hand", "namespace": N},
        "spec": {
            "scaleTargetRef": (cluster.hpa or {})["spec"]["scaleTargetRef"],
            "maxReplicas": 5,
            "metrics": [
                {
                    "type": "Resource",
                    "resource": {
                        "name": "cpu",
                        "target": {"type": "Utilization", "averageUtilization": 50},
                    },
                }
            ],
        },
    }
    cluster.store.create(HPA, by_hand)
    cluster.pass_s(20)
    active = cluster.condition("ScalingActive", cluster.store.get(HPA, "by-hand", N))
    assert "Resource are not played" in active["message"]
    assert cluster.replicas == 2


def test_a_changed_limit_reaches_the_hpa() -> None:
    cluster = Cluster()
    cluster.store.patch(SCALED_OBJECT, SCALER, N, {"spec": {"maxReplicaCount": 7}})
    cluster.autoscaler.step()
    assert (cluster.hpa or {})["spec"]["maxReplicas"] == 7


def test_an_hpa_that_somebody_deletes_comes_back() -> None:
    cluster = Cluster()
    cluster.store.delete(HPA, names.hpa(SCALER), N)
    cluster.autoscaler.step()
    assert cluster.hpa is not None


def test_an_hpa_goes_with_its_scaled_object() -> None:
    cluster = Cluster()
    cluster.store.delete(SCALED_OBJECT, SCALER, N)
    cluster.autoscaler.step()
    assert cluster.hpa is None


async def test_on_its_own_loop_it_scales_by_what_prometheus_holds() -> None:
    cluster = Cluster()
    obj = cluster.store.get(SCALED_OBJECT, SCALER, N)
    obj["spec"]["triggers"][0]["metadata"]["query"] = "sum(queued{})"
    cluster.store.patch(SCALED_OBJECT, SCALER, N, {"spec": {"triggers": obj["spec"]["triggers"]}})
    labels = labels_of({"__name__": "queued"})
    loop = asyncio.get_running_loop()
    twin = PrometheusTwin(list, clock=loop.time)
    twin.store.append(labels, int(loop.time() * 1000), 100.0)
    task = asyncio.create_task(Autoscaler(cluster.store, twin.query, time_scale=0.01).run())
    async with asyncio.timeout(5):
        while cluster.replicas < 4:
            await cluster.store.changed(cluster.store.revision, 1.0)
        cluster.store.patch(
            SCALED_OBJECT, SCALER, N, {"metadata": {"annotations": {names.ANNOTATION_PAUSED: "1"}}}
        )
        while cluster.hpa is not None:
            await cluster.store.changed(cluster.store.revision, 1.0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
