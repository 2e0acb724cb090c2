from dataclasses import replace

import pytest

from gtc_constructs.serving.disagg_deployment import DisaggDeployment
from gtc_spec.environment import load
from gtc_spec.errors import UsageError
from gtc_spec.graph.existing import ExistingModels, ExistingPlatform
from gtc_spec.graph.serving import Serving
from gtc_spec.graph.workers import Workers
from tests.synthesised import ROOT, Synthesised

SERVING = replace(Serving.of(load("prod"), ROOT / "engine_configs" / "prod"), name="llm")
HERE = {"platform": ExistingPlatform(), "models": ExistingModels(claim=SERVING.claim)}


def test_an_account_may_read_and_set_the_replicas_of_every_pool_and_nothing_else(stack):
    deployment = DisaggDeployment(stack, "it", serving=SERVING, **HERE)
    deployment.grant_scaling("robot", namespace="robots")

    (values,) = Synthesised(stack).release("llm-scaling-robot")["values"]
    role, binding = values["manifests"]
    adapters = ["llm-trtllmprefillworker", "llm-trtllmdecodeworker"]
    kind = "dynamographdeploymentscalingadapters"

    assert [(rule["resources"], rule["verbs"]) for rule in role["rules"]] == [
        ([kind], ["get", "list", "watch"]),
        ([f"{kind}/scale"], ["get", "patch"]),
    ]
    assert all(rule["resourceNames"] == adapters for rule in role["rules"])
    assert binding["subjects"] == [
        {"kind": "ServiceAccount", "name": "robot", "namespace": "robots"}
    ]
    assert role["metadata"]["namespace"] == SERVING.namespace


def test_pools_that_cannot_be_scaled_cannot_be_granted(stack):
    fixed = Workers(scaling_adapter=False)
    deployment = DisaggDeployment(stack, "it", serving=SERVING, **HERE, prefill=fixed, decode=fixed)

    with pytest.raises(UsageError, match=r"^stack/it: no pool has a scaling adapter"):
        deployment.grant_scaling("robot", namespace="robots")
