"""A scaler that watches how full the KV pools of one deployment are."""

from __future__ import annotations

import pytest

from gtc_constructs.serving.disagg_deployment import DisaggDeployment
from gtc_constructs.serving.keda_scaler import KedaScaler
from gtc_spec.cloud.node_pool import NodePool
from gtc_spec.engines.sglang import Sglang
from gtc_spec.engines.vllm import Vllm
from gtc_spec.environment import load
from gtc_spec.errors import UsageError
from gtc_spec.graph.existing import ExistingModels, ExistingMonitoring, ExistingPlatform
from gtc_spec.graph.model_ref import ModelRef
from gtc_spec.graph.serving import Serving

QWEN = ModelRef(repository="Qwen/Qwen2.5-0.5B-Instruct")
HERE = {"platform": ExistingPlatform(workload_namespace="inference", grove=False)}
OWN = ExistingPlatform()
MONITORING = ExistingMonitoring(prometheus_url="http://prometheus.there.svc:9090")


def deployed(stack, backend):
    serving = Serving(name="chat", model=QWEN, backend=backend, gpu_pool=NodePool.h100(count=3))
    models = ExistingModels(claim="weights")
    return DisaggDeployment(stack, "chat", serving=serving, models=models, **HERE)


@pytest.mark.parametrize("backend", [Vllm(), Sglang()], ids=["vllm", "sglang"])
def test_a_pool_is_scaled_by_the_share_that_its_own_workers_use(stack, backend):
    chat = deployed(stack, backend)

    made = KedaScaler(
        stack,
        "scaler",
        target=chat.decode,
        trigger=chat.decode.kv_usage(threshold=0.7),
        max_replicas=2,
        monitoring=MONITORING,
    )

    [trigger] = made.manifest["spec"]["triggers"]
    assert (trigger["name"], trigger["metricType"]) == ("kv-usage", "Value")
    assert trigger["metadata"]["threshold"] == "0.7"
    assert trigger["metadata"]["ignoreNullValues"] == "false"
    own = 'namespace="inference",dynamo_namespace="inference-chat",dynamo_component="backend"'
    assert trigger["metadata"]["query"].count(own) == 3


def test_workers_that_tell_nothing_are_refused_as_what_a_scaler_watches(stack):
    chat = deployed(stack, Vllm())
    simulated = DisaggDeployment(stack, "demo", serving=Serving.of(load("cpu")), platform=OWN)

    for pool, name in (
        (chat.prefill, "stack/chat: VllmPrefillWorker"),
        (simulated.decode, "stack/demo: TrtllmDecodeWorker"),
    ):
        with pytest.raises(UsageError) as caught:
            pool.kv_usage()
        assert caught.value.message.startswith(f"{name} tells nothing about its KV pool, allowed:")


@pytest.mark.parametrize("threshold", [0, -0.1, 1.5, 80])
def test_a_threshold_is_a_share(stack, threshold):
    with pytest.raises(UsageError, match="allowed: a share above 0 up to 1"):
        deployed(stack, Sglang()).decode.kv_usage(threshold)
