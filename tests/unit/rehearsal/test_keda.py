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
    assert cluster.condition("Paused")["status"] == "True"
    cluster.metric = 500
    cluster.pass_s(30)
    assert cluster.replicas == 4


def test_a_new_scaled_object_has_its_hpa_at_once_and_is_ready_with_the_next_poll(
    cluster_of: ClusterOf,
) -> None:
    cluster = cluster_of()
    spec = cluster.store.get(SCALED_OBJECT, SCALER, N)["spec"]
    cluster.store.delete(SCALED_OBJECT, SCALER, N)
    cluster.autoscaler.step()
    cluster.store.create(
        SCALED_OBJECT, {"metadata": {"name": SCALER, "namespace": N}, "spec": spec}
    )
    cluster.autoscaler.step()
    assert cluster.hpa is not None
    assert [(one["type"], one["status"]) for one in cluster.status["conditions"]] == [
        ("Ready", "Unknown"),
        ("Active", "Unknown"),
        ("Fallback", "False"),
        ("Paused", "False"),
    ]
    assert cluster.status["health"]["s0-prometheus"]["status"] == "Happy"
    cluster.pass_s(15)
    (metric,) = cluster.hpa["status"]["currentMetrics"]
    assert metric["external"]["current"] == {"averageValue": "0"}
    assert cluster.condition("Ready")["status"] == "Unknown"
    cluster.pass_s(15)
    assert [(one["type"], one["status"]) for one in cluster.status["conditions"]] == [
        ("Ready", "True"),
        ("Active", "False"),
        ("Fallback", "False"),
        ("Paused", "False"),
        ("HPAActive", "True"),
    ]


def test_an_unreadable_trigger_holds_and_then_makes_up_the_metric_of_the_present_size(
    cluster_of: ClusterOf,
) -> None:
    cluster = cluster_of(replicas=3)
    cluster.metric = None
    cluster.pass_s(15)
    assert cluster.condition("ScalingActive", cluster.hpa)["reason"] == "FailedGetExternalMetric"
    assert cluster.hpa["status"]["currentMetrics"] == [{"type": ""}]
    cluster.pass_s(15)
    assert cluster.condition("HPAActive")["reason"] == "FailedGetExternalMetric"
    assert cluster.condition("Fallback")["status"] == "False"
    cluster.pass_s(30)
    assert cluster.condition("Fallback")["status"] == "True"
    assert cluster.condition("ScalingActive", cluster.hpa)["status"] == "True"
    (metric,) = cluster.hpa["status"]["currentMetrics"]
    assert metric["external"]["current"] == {"averageValue": "10"}
    assert cluster.replicas == 3


def test_with_a_fallback_only_health_and_the_condition_of_that_name_tell_of_the_failure(
    cluster_of: ClusterOf,
) -> None:
    cluster = cluster_of(replicas=3)
    cluster.metric = None
    cluster.pass_s(65)
    health = cluster.status["health"]["s0-prometheus"]
    assert health == {"numberOfFailures": 6, "status": "Failing"}  # four of the HPA, two polls
    assert cluster.condition("Ready")["status"] == "True"
    assert cluster.condition("Active")["reason"] == "ScalerActive"
    assert cluster.condition("Fallback")["reason"] == "FallbackExists"


def test_a_trigger_that_can_be_read_again_ends_the_fallback(cluster_of: ClusterOf) -> None:
    cluster = cluster_of(replicas=3)
    cluster.metric = None
    cluster.pass_s(65)
    cluster.metric = 30
    cluster.pass_s(15)
    assert cluster.condition("Fallback")["status"] == "False"
    assert cluster.status["health"]["s0-prometheus"] == {"numberOfFailures": 0, "status": "Happy"}


def without_fallback(cluster_of: ClusterOf) -> Any:
    cluster = cluster_of(replicas=3)
    cluster.store.patch(SCALED_OBJECT, SCALER, N, {"spec": {"fallback": None}})
    return cluster


def test_without_a_fallback_an_unreadable_trigger_is_an_error_and_keeps_no_health(
    cluster_of: ClusterOf,
) -> None:
    cluster = without_fallback(cluster_of)
    cluster.metric = None
    cluster.pass_s(30)
    ready = cluster.condition("Ready")
    assert (ready["status"], ready["reason"]) == ("False", "TriggerError")
    assert ready["message"] == "Triggers defined in ScaledObject are not working correctly"
    assert cluster.condition("Fallback")["status"] == "False"
    assert "health" not in cluster.status
    cluster.metric = 30
    cluster.pass_s(30)
    assert cluster.condition("Ready")["status"] == "True"


def test_one_of_two_triggers_that_cannot_be_read_leaves_it_unknown_whether_all_is_well(
    cluster_of: ClusterOf,
) -> None:
    cluster = without_fallback(cluster_of)
    (trigger,) = cluster.store.get(SCALED_OBJECT, SCALER, N)["spec"]["triggers"]
    bad = {**trigger, "metadata": {**trigger["metadata"], "query": "bad"}}
    patch = {"spec": {"triggers": [trigger, bad]}}
    cluster.store.patch(SCALED_OBJECT, SCALER, N, patch)

    def ask(expr: str) -> Value:
        return Vector(() if expr == "bad" else (Sample((), 30.0),))

    autoscaler = Autoscaler(cluster.store, ask, clock=lambda: cluster.now_s)
    autoscaler.step()
    cluster.now_s += 30
    autoscaler.step()
    assert cluster.condition("Ready")["reason"] == "PartialTriggerError"
    assert cluster.condition("Active")["status"] == "True"


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
    assert cluster.status["health"]["s0-prometheus"]["status"] == "Happy"


def twos(_expr: str) -> Value:
    return Vector((Sample((("a", "1"),), 1.0), Sample((("a", "2"),), 1.0)))


def refusal(expr: str) -> Value:
    raise PromqlError(f"function topk() is not supported: got {expr}")


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda _expr: Vector((Sample((), math.nan),)), "query returns nan"),
        (lambda _expr: Vector((Sample((), math.inf),)), "query returns inf"),
        (lambda _expr: Vector((Sample((), -math.inf),)), "query returns -inf"),
        (twos, "multiple elements"),
        (refusal, "topk"),
    ],
)
def test_what_is_no_single_number_cannot_be_read_and_the_log_says_why_once(
    cluster_of: ClusterOf,
    ask: Callable[[str], Value],
    words: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    cluster = cluster_of(replicas=3)
    autoscaler = Autoscaler(cluster.store, ask, clock=lambda: cluster.now_s)
    for _ in range(3):
        autoscaler.step()
        cluster.now_s += 15
    assert cluster.status["health"]["s0-prometheus"]["status"] == "Failing"
    (told,) = [record.getMessage() for record in caplog.records if SCALER in record.getMessage()]
    assert words in told


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
