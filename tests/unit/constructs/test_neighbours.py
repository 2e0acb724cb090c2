"""Two deployments of one model in one namespace, each scaled by its own requests alone."""

from dataclasses import replace

import pytest

from gtc_constructs.base import synthesise
from gtc_constructs.cluster.connection import KubeconfigConnection
from gtc_constructs.serving.disagg_deployment import DisaggDeployment
from gtc_rehearsal.prometheus.promql import Query
from gtc_rehearsal.prometheus.tsdb import METRIC_NAME, Tsdb, labels_of
from gtc_spec import names
from gtc_spec.cloud.node_pool import NodePool
from gtc_spec.engines.sglang import Sglang
from gtc_spec.engines.vllm import Vllm
from gtc_spec.errors import UsageError
from gtc_spec.graph.existing import ExistingModels, ExistingPlatform
from gtc_spec.graph.model_ref import ModelRef
from gtc_spec.graph.serving import Serving
from gtc_spec.pools import ScaleRule
from gtc_spec.telemetry.metrics import JOBS, QUEUED, UP, Emitter

RULE = ScaleRule(trigger="queued_requests", threshold=4, min=1, max=2)
ONE = Serving(
    name="one",
    model=ModelRef(repository="Qwen/Qwen3-8B"),
    gpu_pool=NodePool.h100(count=4),
    backend=Vllm(),
)
OTHER = replace(ONE, name="other", backend=Sglang())


def served(stack, serving):
    return DisaggDeployment(
        stack,
        serving.name,
        serving=serving,
        platform=ExistingPlatform(grove=False),
        models=ExistingModels(claim="weights"),
    )


def asked(deployment, told):
    """What the query of its scaler gives when frontends tell this, by graph."""
    store = Tsdb()
    for graph, (up, queued) in told.items():
        target = {
            "namespace": "dynamo-workload",
            "dynamo_namespace": f"dynamo-workload-{graph}",
            "job": JOBS[Emitter.FRONTEND],
            "pod": f"{graph}-frontend-x",
        }
        store.append(labels_of({METRIC_NAME: UP.name, **target}), 0, up)
        if up:
            series = {METRIC_NAME: QUEUED.name, "model": "qwen/qwen3-8b", **target}
            store.append(labels_of(series), 0, queued)
    query = deployment.decode.trigger(RULE).query
    return [each.value for each in Query(query).at(store, 0).samples]


def test_each_is_scaled_by_its_own_requests(stack):
    one, other = served(stack, ONE), served(stack, OTHER)
    told = {"one": (1, 3), "other": (1, 40)}

    assert (asked(one, told), asked(other, told)) == ([3], [40])


def test_one_whose_frontend_is_down_holds_while_the_other_lives(stack):
    one, other = served(stack, ONE), served(stack, OTHER)
    told = {"one": (0, 0), "other": (1, 2)}

    assert (asked(one, told), asked(other, told)) == ([], [2])


def test_beside_the_demo_whose_queries_count_its_namespace_nothing_is_served(app, stack):
    KubeconfigConnection(stack, "connection")
    served(stack, ONE)
    demo = served(stack, replace(OTHER, name=names.DEMO))
    demo.decode.trigger(RULE)

    with pytest.raises(UsageError) as caught:
        synthesise(app)

    assert caught.value.message == (
        "stack/gtc-demo: its scalers would count the requests of stack/one in dynamo-workload "
        "too, allowed: a namespace each, or a name that is not gtc-demo"
    )
