"""KEDA's part: an HPA for each ScaledObject, pausing, and triggers that cannot be read."""

import math
from collections.abc import Callable
from typing import Any

import pytest

from gtc_rehearsal.autoscaling.autoscaler import Autoscaler
from gtc_rehearsal.kube_api.resources import HPA, SCALED_OBJECT
from gtc_rehearsal.prometheus.promql_values import PromqlError, Sample, Value, Vector
from gtc_spec import names

N = names.NAMESPACE_WORKLOAD
SCALER = names.scaler("prefill")
ADAPTER = names.pool_dgdsa("prefill")
ClusterOf = Callable[..., Any]


def test_a_scaled_object_gets_its_hpa_and_is_ready(cluster_of: ClusterOf) -> None:
    cluster = cluster_of()
    assert cluster.hpa is not None
    assert cluster.hpa["spec"]["minReplicas"] == 1
    spec = cluster.store.get(SCALED_OBJECT, SCALER, N)["spec"]
    wanted = spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]
    assert cluster.hpa["spec"]["behavior"] == wanted
    assert cluster.hpa["metadata"]["ownerReferences"][0]["name"] == SCALER
    assert cluster.status["hpaName"] == names.hpa(SCALER)
    assert cluster.condition("Ready")["status"] == "True"
    assert cluster.condition("Paused")["status"] == "False"


@pytest.mark.parametrize("text", ["true", "True", "1", "yes", "", "gtc-demo"])
def test_a_pause_removes_the_hpa_after_the_condition(cluster_of: ClusterOf, text: str) -> None:
    cluster = cluster_of()
    cluster.annotate(paused=text)
    assert cluster.condition("Paused")["status"] == "True"
    assert cluster.hpa is not None
    cluster.pass_s(1)
    assert cluster.hpa is None
    cluster.metric = 500
    cluster.pass_s(60)
    assert cluster.replicas == 2


@pytest.mark.parametrize("text", ["false", "False", "0", "f", None])
def test_false_and_absence_resume(cluster_of: ClusterOf, text: str | None) -> None:
    cluster = cluster_of()
    cluster.annotate(paused="true")
    cluster.pass_s(2)
    cluster.annotate(paused=text)
    assert cluster.hpa is not None
    assert cluster.condition("Paused")["status"] == "False"


def test_a_pause_that_is_taken_back_in_time_keeps_the_hpa(cluster_of: ClusterOf) -> None:
    cluster = cluster_of()
    uid = (cluster.hpa or {})["metadata"]["uid"]
    cluster.annotate(paused="true")
    cluster.annotate(paused=None)
    cluster.pass_s(5)
    assert (cluster.hpa or {})["metadata"]["uid"] == uid


def test_a_resumed_scaler_does_not_shrink_before_its_window_is_over(cluster_of: ClusterOf) -> None:
    cluster = cluster_of(replicas=4)
    cluster.annotate(paused="true")
    cluster.pass_s(200)
    cluster.annotate(paused=None)
    cluster.metric = 0
    cluster.pass_s(60)
    assert cluster.replicas == 4
    cluster.pass_s(15)
    assert cluster.replicas == 3


def test_paused_replicas_pauses_and_sets_the_size_whatever_paused_says(
    cluster_of: ClusterOf,
) -> None:
    cluster = cluster_of()
    cluster.annotate(paused_replicas="3", paused="false")
    cluster.pass_s(1)
    assert cluster.replicas == 3
    assert cluster.hpa is None
    assert cluster.status["pausedReplicaCount"] == 3
    cluster.annotate(paused_replicas=None)
    assert cluster.hpa is not None
    assert "pausedReplicaCount" not in cluster.status


def test_a_one_way_pause_keeps_the_hpa_and_holds_one_direction(cluster_of: ClusterOf) -> None:
    cluster = cluster_of(replicas=3)
    cluster.annotate(paused_scale_in="true")
    cluster.metric = 0
    cluster.pass_s(180)
    assert cluster.replicas == 3
    cluster.metric = 500
    cluster.pass_s(30)
    assert cluster.replicas == 4


def test_no_data_holds_and_then_falls_back_to_the_present_size(cluster_of: ClusterOf) -> None:
    cluster = cluster_of(replicas=3)
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
    cluster_of: ClusterOf, kind: str, behavior: str, replicas: int, expected: int
) -> None:
    fallback = {"failureThreshold": 1, "replicas": replicas, "behavior": behavior}
    cluster = cluster_of(replicas=3, fallback=fallback, trigger={"metricType": kind})
    cluster.metric = None
    # a minute for the scale-down window, a sync for the failure that is borne
    cluster.pass_s(105)
    assert cluster.replicas == expected


@pytest.mark.parametrize("nothing", [None, math.nan, math.inf])
def test_ignored_nulls_scale_in_silently_as_with_the_real_one(
    cluster_of: ClusterOf, nothing: float | None
) -> None:
    cluster = cluster_of(replicas=3, metadata={"ignoreNullValues": "true"})
    cluster.metric = nothing
    cluster.pass_s(150)
    assert cluster.replicas == 1
    assert cluster.condition("Active")["status"] == "False"


@pytest.mark.parametrize("nothing", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_an_error_when_nulls_count(
    cluster_of: ClusterOf, nothing: float
) -> None:
    cluster = cluster_of(replicas=3)
    cluster.metric = nothing
    cluster.pass_s(15)
    assert cluster.condition("Ready")["reason"] == "TriggerError"


def test_a_query_that_cannot_be_answered_is_an_error_of_the_trigger(cluster_of: ClusterOf) -> None:
    cluster = cluster_of(replicas=3)

    def refuse(expr: str) -> Value:
        raise PromqlError(f"function topk() is not supported: got {expr}")

    autoscaler = Autoscaler(cluster.store, refuse, clock=lambda: cluster.now_s)
    autoscaler.step()
    cluster.now_s += 15
    autoscaler.step()
    assert "topk" in cluster.condition("Ready")["message"]


def test_several_elements_are_an_error_of_the_trigger(cluster_of: ClusterOf) -> None:
    cluster = cluster_of(replicas=3)
    two = Vector((Sample((("a", "1"),), 1.0), Sample((("a", "2"),), 1.0)))
    autoscaler = Autoscaler(cluster.store, lambda _expr: two, clock=lambda: cluster.now_s)
    autoscaler.step()
    cluster.now_s += 15
    autoscaler.step()
    assert "multiple elements" in cluster.condition("Ready")["message"]


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
    cluster_of: ClusterOf, patch: dict[str, Any], words: str
) -> None:
    cluster = cluster_of()
    cluster.store.patch(SCALED_OBJECT, SCALER, N, {"spec": patch})
    cluster.autoscaler.step()
    ready = cluster.condition("Ready")
    assert ready["status"] == "False"
    assert words in ready["message"]
    assert "\n" not in ready["message"]


def test_a_changed_limit_reaches_the_hpa(cluster_of: ClusterOf) -> None:
    cluster = cluster_of()
    cluster.store.patch(SCALED_OBJECT, SCALER, N, {"spec": {"maxReplicaCount": 7}})
    cluster.autoscaler.step()
    assert (cluster.hpa or {})["spec"]["maxReplicas"] == 7


def test_an_hpa_that_somebody_deletes_comes_back(cluster_of: ClusterOf) -> None:
    cluster = cluster_of()
    cluster.store.delete(HPA, names.hpa(SCALER), N)
    cluster.autoscaler.step()
    assert cluster.hpa is not None


def test_an_hpa_goes_with_its_scaled_object(cluster_of: ClusterOf) -> None:
    cluster = cluster_of()
    cluster.store.delete(SCALED_OBJECT, SCALER, N)
    cluster.autoscaler.step()
    assert cluster.hpa is None
