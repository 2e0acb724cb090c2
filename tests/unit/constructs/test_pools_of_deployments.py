"""Deployments that share nodes: one budget a pool, workers on its nodes, drains that leave some."""

from dataclasses import replace

import kubernetes_validate
import pytest

from gtc_constructs._bindings import HelmProvider
from gtc_constructs.base import synthesise
from gtc_constructs.serving.disagg_deployment import DisaggDeployment
from gtc_constructs.serving.keda_scaler import KedaScaler, PrometheusTrigger
from gtc_spec.cloud.node_pool import NodePool
from gtc_spec.engines.trtllm import Trtllm
from gtc_spec.engines.vllm import Vllm
from gtc_spec.errors import UsageError
from gtc_spec.graph.existing import ExistingModels, ExistingMonitoring, ExistingPlatform
from gtc_spec.graph.model_ref import ModelRef
from gtc_spec.graph.serving import Serving
from gtc_spec.graph.workers import Workers
from tests.synthesised import ROOT, Synthesised

CHAT = Serving(
    name="chat",
    model=ModelRef(repository="meta-llama/Llama-3.1-8B-Instruct"),
    gpu_pool=NodePool.h100(count=5),
    backend=Trtllm(engine_configs=ROOT / "engine_configs" / "dev"),
)
CODE = replace(CHAT, name="code")
SMALL = NodePool.h100(count=2, name="small")
HERE = {"platform": ExistingPlatform(), "models": ExistingModels(claim="weights")}
NODE = "doks.digitalocean.com/node-pool"


def deployed(stack, serving, **pools):
    return DisaggDeployment(stack, serving.name, serving=serving, **HERE, **pools)


def scaled(stack, pool, most):
    return KedaScaler(
        stack,
        f"{pool.scale_target.name}-scaler",
        target=pool,
        trigger=PrometheusTrigger(name="load", query="sum(up)", threshold=2),
        monitoring=ExistingMonitoring(prometheus_url="http://prometheus:9090"),
        max_replicas=most,
    )


def test_two_models_share_the_gpus_of_one_pool(stack):
    deployed(stack, CHAT, decode=Workers(replicas=2))

    with pytest.raises(UsageError) as caught:
        deployed(stack, CODE, decode=Workers(replicas=2))

    assert caught.value.message == (
        "stack/code: 1 TrtllmPrefillWorker of code + 2 TrtllmDecodeWorker of code need 3 gpus, "
        "allowed: at most 2 of 5, 3 of them for chat"
    )


def test_the_scalers_of_two_models_share_them_too(app, stack):
    HelmProvider(stack, "helm")
    chat, code = deployed(stack, CHAT), deployed(stack, CODE)
    scaled(stack, chat.decode, 2)
    scaled(stack, code.decode, 2)

    with pytest.raises(UsageError) as caught:
        synthesise(app)

    [line] = caught.value.message.splitlines()
    assert line.startswith("stack/chat: maxima 1 TrtllmPrefillWorker of chat + 2 ")
    assert line.endswith("need 6 gpus, allowed: at most 5")


def test_nodes_that_are_too_full_for_one_more_worker_are_refused(stack):
    three = replace(CHAT.engine_facts, gpus_per_worker=3)
    pool = NodePool.h100x8(count=2)
    chat = replace(CHAT, gpu_pool=pool, engine_facts=three, backend=Vllm())

    with pytest.raises(UsageError) as caught:
        deployed(stack, chat, decode=Workers(replicas=4))

    assert caught.value.message == (
        "stack/chat: 1 VllmPrefillWorker + 4 VllmDecodeWorker need 3 gpus of one node each, "
        "allowed: at most 4 on 2 nodes of 8"
    )


def test_a_maximum_below_the_workers_at_rest_is_refused(stack):
    chat = deployed(stack, CHAT, decode=Workers(replicas=4))

    with pytest.raises(UsageError) as caught:
        scaled(stack, chat.decode, 3)

    assert caught.value.message == (
        "stack/chat-trtllmdecodeworker-scaler: max_replicas=3 of chat-trtllmdecodeworker, "
        "allowed: at least 4, which it has at rest"
    )
    scaled(stack, deployed(stack, replace(CHAT, name="rest", gpu_pool=SMALL)).decode, 1)


def test_pools_of_their_own_are_budgets_of_their_own(stack):
    for serving in (CHAT, CODE):
        pool = NodePool.h100(count=2, name=f"{serving.name}-gpus")
        deployed(stack, replace(serving, gpu_pool=pool))


def test_two_pools_of_one_name_are_refused(stack):
    deployed(stack, CHAT)

    with pytest.raises(UsageError, match=r"^stack/code: pool 'gpu' is another one for chat, "):
        deployed(stack, replace(CODE, gpu_pool=NodePool.h200x8()))


def test_workers_of_a_pool_with_a_name_run_nowhere_else(stack):
    pool = NodePool.h100(count=5, name="fast")

    named = deployed(stack, replace(CHAT, gpu_pool=pool)).manifest["spec"]["services"]
    unnamed = deployed(stack, CODE).manifest["spec"]["services"]

    assert named["TrtllmDecodeWorker"]["extraPodSpec"]["nodeSelector"] == {NODE: "fast"}
    assert named["TrtllmPrefillWorker"]["extraPodSpec"]["nodeSelector"] == {NODE: "fast"}
    assert named["Frontend"]["extraPodSpec"]["nodeSelector"] == {NODE: "management"}
    assert "nodeSelector" not in unnamed["TrtllmDecodeWorker"]["extraPodSpec"]


def test_a_drain_takes_away_as_many_workers_as_it_may(stack):
    deployed(stack, CHAT, decode=Workers(replicas=3, max_unavailable=1))

    [budget] = (
        each for each in Synthesised(stack).manifests() if each["kind"] == "PodDisruptionBudget"
    )

    kubernetes_validate.validate(budget, "1.34", strict=True)
    assert budget["metadata"]["namespace"] == "dynamo-workload"
    assert budget["spec"] == {
        "maxUnavailable": 1,
        "selector": {
            "matchLabels": {
                "nvidia.com/dynamo-graph-deployment-name": "chat",
                "nvidia.com/dynamo-component": "TrtllmDecodeWorker",
            }
        },
    }


@pytest.mark.parametrize("wrong", [0, -1])
def test_a_drain_that_could_never_end_is_refused(wrong):
    with pytest.raises(UsageError, match=f"got max_unavailable={wrong}, allowed: at least 1"):
        Workers(max_unavailable=wrong)
