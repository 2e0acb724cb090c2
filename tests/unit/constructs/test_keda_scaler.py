from dataclasses import replace

import pytest

from gtc_constructs.base import synthesise
from gtc_constructs.cluster.connection import ClusterConnection
from gtc_constructs.serving.disagg_deployment import DisaggDeployment
from gtc_constructs.serving.keda_scaler import KedaScaler, PrometheusTrigger, ScaleTarget
from gtc_spec import names
from gtc_spec.environment import load
from gtc_spec.errors import UsageError
from gtc_spec.graph.existing import ExistingModels, ExistingMonitoring, ExistingPlatform
from gtc_spec.graph.serving import Serving
from gtc_spec.graph.workers import Workers
from gtc_spec.manifests.metadata import PART_OF, digest
from gtc_spec.manifests.scaled_object import scaled_object
from gtc_spec.telemetry.promql import PROMETHEUS_ADDRESS
from tests.synthesised import ROOT, Synthesised

PROD = load("prod")
SERVING = Serving.of(PROD, ROOT / "engine_configs" / "prod")
MODELS = ExistingModels(claim=names.MODEL_CLAIM)
MONITORING = ExistingMonitoring(prometheus_url="http://prometheus.monitoring.svc:9090/")
TRIGGER = PrometheusTrigger(name="load", query="sum(up)", threshold=2)
WEB = ScaleTarget(api_version="apps/v1", kind="Deployment", name="web", namespace="site")


@pytest.fixture
def deployment(stack):
    return DisaggDeployment(
        stack,
        "serving",
        serving=SERVING,
        platform=ExistingPlatform(),
        models=MODELS,
        prefill=Workers(replicas=2),
        decode=Workers(replicas=3),
    )


def scaler(stack, id="it", *, target, most=4, **more):
    given = {"monitoring": MONITORING, "max_replicas": most, **more}
    return KedaScaler(stack, id, target=target, trigger=TRIGGER, **given)


def refusal(make):
    with pytest.raises(UsageError) as caught:
        make()
    assert "\n" not in caught.value.message
    assert "JavaScript" not in caught.value.message
    return f"{caught.value.message} ({caught.value.hint})"


@pytest.mark.parametrize("role", ["prefill", "decode"])
def test_the_demo_ships_the_scaler_that_the_rehearsal_runs(stack, deployment, role):
    rule, pool = PROD.pools.of(role).scale, getattr(deployment, role)

    made = KedaScaler(
        stack,
        "it",
        target=pool,
        trigger=pool.trigger(rule),
        min_replicas=rule.min,
        max_replicas=rule.max,
        monitoring=ExistingMonitoring(prometheus_url=PROMETHEUS_ADDRESS),
        name=f"gtc-demo-{role}-scaler",
        labels=PART_OF,
        annotations=digest(PROD),
    )

    assert made.manifest == scaled_object(PROD, role)
    [values] = Synthesised(stack).release(made.name)["values"]
    assert values["manifests"] == [made.manifest]


def test_a_scaler_waits_for_its_target(stack, deployment):
    made = scaler(stack, target=deployment.prefill)

    written = Synthesised(stack)
    serving = written.address("helm_release", written.release("gtc-demo"))
    assert serving in written.release(made.name)["depends_on"]


def test_a_plain_deployment_can_be_scaled_too(stack):
    made = scaler(stack, target=WEB)

    assert made.manifest["metadata"] == {"name": "web-scaler", "namespace": "site", "labels": {}}
    assert made.manifest["spec"]["scaleTargetRef"] == {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "name": "web",
    }


def test_no_field_is_offered_that_does_nothing(stack):
    text = str(scaler(stack, target=WEB).manifest)

    for inert in ("pollingInterval", "cooldownPeriod", "activationThreshold", "paused"):
        assert inert not in text


def test_two_scalers_on_one_target_are_refused_with_both_paths(stack, deployment):
    scaler(stack, "first", target=deployment.prefill)

    said = refusal(lambda: scaler(stack, "second", target=deployment.prefill))

    assert said.startswith("stack/second: DynamoGraphDeploymentScalingAdapter")
    assert "gtc-demo-trtllmprefillworker is scaled by stack/first already" in said


def test_two_equal_targets_are_one_target(stack):
    scaler(stack, "first", target=WEB)

    assert "scaled by stack/first" in refusal(lambda: scaler(stack, "second", target=replace(WEB)))


def test_a_pool_without_adapter_is_refused_with_the_argument_to_change(stack):
    fixed = DisaggDeployment(
        stack,
        "fixed",
        serving=SERVING,
        platform=ExistingPlatform(),
        models=MODELS,
        prefill=Workers(scaling_adapter=False),
    )

    said = refusal(lambda: scaler(stack, target=fixed.prefill))

    assert said.startswith("stack/it: TrtllmPrefillWorker of stack/fixed has no scaling adapter")
    assert "Workers(scaling_adapter=True)" in said


@pytest.mark.parametrize("wrong", [None, "web", 3])
def test_what_cannot_be_scaled_is_refused(stack, wrong):
    said = refusal(lambda: scaler(stack, target=wrong))

    assert said.startswith(f"stack/it: target is {wrong!r}, allowed: a pool or a ScaleTarget")


def test_a_whole_deployment_is_refused_with_its_pools(stack, deployment):
    assert ".prefill or .decode" in refusal(lambda: scaler(stack, target=deployment))


def test_a_maximum_that_can_never_be_had_is_refused(stack, deployment):
    said = refusal(lambda: scaler(stack, target=deployment.prefill, most=9))

    assert said.startswith("stack/it: max_replicas=9 of TrtllmPrefillWorker can never be had")
    assert "allowed: at most 7" in said


def test_maxima_that_do_not_fit_together_are_refused_at_the_second(stack, deployment):
    scaler(stack, "first", target=deployment.prefill, most=4)

    said = refusal(lambda: scaler(stack, "second", target=deployment.decode, most=5))

    assert said.startswith("stack/second: maxima 4 TrtllmPrefillWorker + 5 TrtllmDecodeWorker")
    assert "allow_pending=True" in said


def test_a_maximum_beside_workers_that_nobody_scales_is_refused_when_written(
    app, stack, deployment
):
    ClusterConnection(stack, "connection", name="llm")
    scaler(stack, target=deployment.prefill, most=7)

    assert "stack/serving: maxima 7 TrtllmPrefillWorker + 3 TrtllmDecodeWorker need 10" in refusal(
        lambda: synthesise(app)
    )


@pytest.mark.parametrize(("least", "most"), [(0, 3), (4, 3), (-1, 2)])
def test_limits_out_of_order_are_refused(stack, least, most):
    said = refusal(lambda: scaler(stack, target=WEB, min_replicas=least, most=most))

    assert f"got {least} to {most} replicas, allowed: 1 <= min <= max" in said


def test_a_name_that_its_hpa_cannot_carry_is_refused(stack):
    assert "allowed: at most 54" in refusal(lambda: scaler(stack, target=WEB, name="a" * 55))
