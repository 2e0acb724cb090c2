"""What the constructs around a served model ship, to the letter, with and without their options."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension

from gtc_constructs._bindings import App, TerraformStack
from gtc_constructs.demo_panel import DemoPanel
from gtc_constructs.serving.disagg_deployment import DisaggDeployment
from gtc_constructs.serving.keda_scaler import KedaScaler, PrometheusTrigger, ScaleTarget
from gtc_constructs.serving.model_store import ModelStore
from gtc_constructs.values import NfsExport
from gtc_spec.cloud.node_pool import NodePool
from gtc_spec.environment import load
from gtc_spec.graph.model_ref import ModelRef
from gtc_spec.graph.serving import Serving
from gtc_spec.graph.workers import Workers
from tests.snapshot.constructs.test_construct_snapshots import without_digests
from tests.synthesised import IMAGE, ROOT, Synthesised

SERVING = Serving(
    name="llm",
    model=ModelRef(repository="meta-llama/Llama-3.1-8B-Instruct"),
    gpu_pool=NodePool.h100(count=3),
    engine_configs=ROOT / "engine_configs" / "dev",
)
WEB = ScaleTarget(api_version="apps/v1", kind="Deployment", name="web", namespace="site")
TRIGGER = PrometheusTrigger(name="requests", query="sum(rate(requests_total[1m]))", threshold=50)

CONSTRUCTS: dict[str, Callable[[TerraformStack], object]] = {
    "aggregated": lambda stack: DisaggDeployment.aggregated(
        stack, "it", serving=SERVING, workers=Workers(replicas=3)
    ),
    "demo_panel": lambda stack: DemoPanel(stack, "it", env=load("dev"), image=IMAGE),
    "disagg": lambda stack: DisaggDeployment(stack, "it", serving=SERVING),
    "disagg_without_grove_over_ucx": lambda stack: DisaggDeployment(
        stack,
        "it",
        serving=replace(SERVING, grove=False, kv_transport="ucx"),
        decode=Workers(replicas=2, drain_s=90),
    ),
    "model_store": lambda stack: ModelStore(
        stack, "it", share=NfsExport(host="10.0.0.7", path="/models"), size_gib=100
    ),
    "scaler_of_a_deployment": lambda stack: KedaScaler(
        stack, "it", target=WEB, trigger=TRIGGER, max_replicas=5
    ),
}


@pytest.mark.parametrize("name", CONSTRUCTS)
def test_a_construct_is_as_recorded(name: str, tmp_path, snapshot: SnapshotAssertion) -> None:
    stack = TerraformStack(App(outdir=str(tmp_path)), "stack")
    CONSTRUCTS[name](stack)

    made = without_digests(Synthesised(stack).json)

    assert made == snapshot.use_extension(JSONSnapshotExtension)
