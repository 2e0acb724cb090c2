"""The HPA's part, and both controllers on their loop."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from gtc_rehearsal.autoscaling.autoscaler import Autoscaler
from gtc_rehearsal.kube_api.resources import DGDSA, HPA, SCALED_OBJECT
from gtc_rehearsal.prometheus.prometheus import PrometheusTwin
from gtc_rehearsal.prometheus.tsdb import labels_of
from gtc_spec import names

N = names.NAMESPACE_WORKLOAD
SCALER = names.scaler("prefill")
ADAPTER = names.pool_dgdsa("prefill")
ClusterOf = Callable[..., Any]


def test_without_a_change_nothing_is_written(cluster_of: ClusterOf) -> None:
    cluster = cluster_of()
    cluster.metric = 20
    cluster.pass_s(40)
    revision = cluster.store.revision
    cluster.pass_s(30)
    assert cluster.store.revision == revision


def test_the_first_sync_comes_a_period_after_the_hpa(cluster_of: ClusterOf) -> None:
    cluster = cluster_of()
    cluster.metric = 35
    cluster.pass_s(14)
    assert cluster.replicas == 2
    cluster.pass_s(1)
    assert cluster.replicas == 3


def test_load_scales_up_within_policy_and_maximum_and_down_after_its_window(
    cluster_of: ClusterOf,
) -> None:
    cluster = cluster_of()
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


def test_a_metric_within_the_tolerance_changes_nothing(cluster_of: ClusterOf) -> None:
    cluster = cluster_of()
    cluster.metric = 22
    cluster.pass_s(120)
    assert cluster.replicas == 2


def test_the_hpa_tells_what_it_read_and_did(cluster_of: ClusterOf) -> None:
    cluster = cluster_of()
    cluster.metric = 25
    cluster.pass_s(15)
    hpa = cluster.hpa
    assert hpa is not None
    (metric,) = hpa["status"]["currentMetrics"]
    assert metric["external"]["current"] == {"averageValue": "12500m"}
    assert hpa["status"]["currentReplicas"] == 2
    assert hpa["status"]["desiredReplicas"] == 3
    assert cluster.condition("AbleToScale", hpa)["reason"] == "SucceededRescale"
    assert cluster.condition("ScalingActive", hpa) | {"lastTransitionTime": ""} == {
        "type": "ScalingActive",
        "status": "True",
        "reason": "ValidMetricFound",
        "message": "the HPA was able to successfully calculate a replica count from external "
        "metric s0-prometheus(&LabelSelector{MatchLabels:map[string]string{"
        f"scaledobject.keda.sh/name: {SCALER},}},"
        "MatchExpressions:[]LabelSelectorRequirement{},})",
        "lastTransitionTime": "",
    }


def test_an_hpa_at_its_maximum_says_that_it_is_limited(cluster_of: ClusterOf) -> None:
    cluster = cluster_of(replicas=4)
    cluster.metric = 500
    cluster.pass_s(15)
    assert cluster.condition("ScalingLimited", cluster.hpa)["reason"] == "TooManyReplicas"


def test_a_value_metric_counts_ready_workers_only(cluster_of: ClusterOf) -> None:
    cluster = cluster_of(trigger={"metricType": "Value"}, maxReplicaCount=8)
    cluster.metric = 15
    cluster.pass_s(15)
    assert cluster.replicas == 3
    cluster.pass_s(60)
    assert cluster.replicas == 3
    cluster.add_ready_pods(1)
    cluster.pass_s(15)
    assert cluster.replicas == 4


def test_a_size_outside_the_limits_is_corrected_at_once(cluster_of: ClusterOf) -> None:
    cluster = cluster_of(replicas=6)
    cluster.metric = None
    cluster.pass_s(15)
    assert cluster.replicas == 4


def test_a_size_of_zero_is_lifted_by_keda(cluster_of: ClusterOf) -> None:
    cluster = cluster_of()
    cluster.store.patch(DGDSA, ADAPTER, N, {"spec": {"replicas": 0}}, "scale")
    cluster.pass_s(1)
    assert cluster.replicas == 1


def test_a_target_without_selector_is_not_scaled(cluster_of: ClusterOf) -> None:
    cluster = cluster_of()
    cluster.store.patch(DGDSA, ADAPTER, N, {"status": {"selector": None}}, "status")
    cluster.metric = 500
    cluster.pass_s(30)
    assert cluster.replicas == 2
    assert cluster.condition("ScalingActive", cluster.hpa)["reason"] == "InvalidSelector"


def test_an_hpa_that_a_person_makes_by_hand_is_told_what_is_not_played(
    cluster_of: ClusterOf,
) -> None:
    cluster = cluster_of()
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


async def test_on_its_own_loop_it_scales_by_what_prometheus_holds(cluster_of: ClusterOf) -> None:
    cluster = cluster_of()
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
