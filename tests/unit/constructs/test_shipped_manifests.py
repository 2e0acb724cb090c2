"""Every object that the cluster stacks ship is accepted by the schema of its kind."""

import jsonschema
import kubernetes_validate
import pytest

from gtc_spec.environment import ENVIRONMENTS, load
from tests.strict_schemas import packaged_crds, real_crds, schema_of
from tests.synthesised import stack_of_demo

CUSTOM = {"DynamoGraphDeployment", "ScaledObject", "Queue"}
UNCHECKED = {"PodMonitor"}
"""Kinds whose schema is neither built in nor packaged."""


@pytest.fixture(scope="module", params=ENVIRONMENTS)
def env(request):
    return request.param


@pytest.fixture(scope="module")
def shipped(env):
    return stack_of_demo(f"cluster-{env}").manifests()


@pytest.mark.parametrize("crds", [real_crds, packaged_crds], ids=["real", "packaged"])
def test_custom_resources_satisfy_their_schemas_strictly(shipped, crds):
    schemas = crds()
    if not schemas:
        pytest.skip("../shared/schemas is not here")
    found = [each for each in shipped if each["kind"] in CUSTOM]

    for manifest in found:
        jsonschema.Draft202012Validator(schema_of(manifest, schemas)).validate(manifest)
    assert {each["kind"] for each in found} == CUSTOM


def test_built_in_kinds_are_valid_for_kubernetes(env, shipped):
    found = [each for each in shipped if each["kind"] not in CUSTOM | UNCHECKED]

    for manifest in found:
        kubernetes_validate.validate(manifest, "1.34", strict=True)
    stored = "PersistentVolumeClaim" if load(env).hosting.share else "ConfigMap"
    assert {"Deployment", "NetworkPolicy", stored} < {each["kind"] for each in found}


def test_every_scaler_targets_an_adapter_of_the_graph_beside_it(shipped):
    [graph] = [each for each in shipped if each["kind"] == "DynamoGraphDeployment"]
    adapters = {
        f"{graph['metadata']['name']}-{service.lower()}"
        for service, each in graph["spec"]["services"].items()
        if each.get("scalingAdapter", {}).get("enabled")
    }
    scalers = [each for each in shipped if each["kind"] == "ScaledObject"]

    assert {each["spec"]["scaleTargetRef"]["name"] for each in scalers} == adapters
    assert {e["metadata"]["namespace"] for e in scalers} == {graph["metadata"]["namespace"]}


def test_every_pod_with_a_gpu_tolerates_the_taint_and_no_other_pod_does(shipped):
    [graph] = [each for each in shipped if each["kind"] == "DynamoGraphDeployment"]
    for service in graph["spec"]["services"].values():
        tolerates = "nvidia.com/gpu" in str(service["extraPodSpec"].get("tolerations"))
        assert tolerates == ("gpu" in service["resources"].get("limits", {}))
    for manifest in shipped:
        if manifest["kind"] == "Deployment":
            assert "tolerations" not in manifest["spec"]["template"]["spec"]


def test_no_manifest_pauses_keda(shipped):
    assert "autoscaling.keda.sh" not in str(shipped)
