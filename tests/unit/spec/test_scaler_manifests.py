"""The ScaledObjects act on the adapters, honestly and within limits; the queue fits the graph."""

import json

import pytest

from gtc_spec import environment
from gtc_spec.manifests import dgd, queue, scaled_object
from gtc_spec.pools import ROLES, ScaleRule

ENVIRONMENTS = {name: environment.load(name) for name in environment.ENVIRONMENTS}
PROD = ENVIRONMENTS["prod"]
each_environment = pytest.mark.parametrize("env", ENVIRONMENTS.values(), ids=ENVIRONMENTS)
each_role = pytest.mark.parametrize("role", ROLES)


@each_environment
@each_role
def test_scaler_targets_the_adapter_within_the_limits_of_its_rule(
    env: environment.Environment, role: str
) -> None:
    manifest = scaled_object.scaled_object(env, role)
    spec, rule = manifest["spec"], env.pools.of(role).scale
    assert manifest["metadata"]["name"] == f"gtc-demo-{role}-scaler"
    assert spec["scaleTargetRef"] == {
        "apiVersion": "nvidia.com/v1alpha1",
        "kind": "DynamoGraphDeploymentScalingAdapter",
        "name": f"gtc-demo-trtllm{role}worker",
    }
    assert (spec["minReplicaCount"], spec["maxReplicaCount"]) == (rule.min, rule.max)


@each_environment
@each_role
def test_scaler_has_no_inert_field_and_no_pause(env: environment.Environment, role: str) -> None:
    manifest = scaled_object.scaled_object(env, role)
    text = json.dumps(manifest)
    for inert in ("pollingInterval", "cooldownPeriod", "activationThreshold", "keda.sh/paused"):
        assert inert not in text


@each_environment
@each_role
def test_scaler_holds_when_it_knows_nothing(env: environment.Environment, role: str) -> None:
    spec = scaled_object.scaled_object(env, role)["spec"]
    assert spec["fallback"]["behavior"] == "currentReplicas"
    [trigger] = spec["triggers"]
    assert trigger["metadata"]["ignoreNullValues"] == "false"
    assert trigger["metadata"]["query"].endswith(" == 1))")


def test_totals_are_average_values() -> None:
    triggers = [scaled_object.scaled_object(PROD, role)["spec"]["triggers"][0] for role in ROLES]
    assert [t["metricType"] for t in triggers] == ["AverageValue", "AverageValue"]
    assert [t["metadata"]["threshold"] for t in triggers] == ["3", "90"]


def test_latency_trigger_is_a_value_in_milliseconds() -> None:
    rule = ScaleRule(trigger="ttft_p95_ms", threshold=4000, min=2, max=4)
    prefill = PROD.pools.prefill.model_copy(update={"scale": rule})
    pools = PROD.pools.model_copy(update={"prefill": prefill})
    env = PROD.model_copy(update={"pools": pools})
    [trigger] = scaled_object.scaled_object(env, "prefill")["spec"]["triggers"]
    assert trigger["metricType"] == "Value"
    assert trigger["metadata"]["threshold"] == "4000"
    assert "1000 * histogram_quantile(0.95" in trigger["metadata"]["query"]


def test_scaler_asks_prometheus_without_a_trailing_slash() -> None:
    [trigger] = scaled_object.scaled_object(PROD, "decode")["spec"]["triggers"]
    assert trigger["metadata"]["serverAddress"] == (
        "http://kube-prometheus-stack-prometheus.monitoring.svc:9090"
    )


def test_child_queue_has_the_name_that_the_graph_asks_for() -> None:
    parent, child = queue.queues(PROD)
    wanted = dgd.dynamo_graph_deployment(PROD)["metadata"]["annotations"]
    assert child["metadata"]["name"] == wanted["nvidia.com/kai-scheduler-queue"]
    assert child["spec"]["parentQueue"] == parent["metadata"]["name"]
    assert "namespace" not in child["metadata"]
