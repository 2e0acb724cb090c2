"""What the constructs around a served model ship, to the letter, with and without their options."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension

from gtc_constructs._bindings import App, TerraformStack
from gtc_constructs.demo_panel import DemoPanel
from gtc_constructs.serving.disagg_deployment import DisaggDeployment
from gtc_constructs.serving.keda_scaler import KedaScaler, PrometheusTrigger, ScaleTarget
from gtc_constructs.serving.model_store import ModelStore
from gtc_constructs.values import NfsExport
from gtc_spec import names
from gtc_spec.cloud.node_pool import NodePool
from gtc_spec.engines.trtllm import Trtllm
from gtc_spec.environment import load
from gtc_spec.graph.existing import (
    ExistingModels,
    ExistingMonitoring,
    ExistingPlatform,
    ExistingSecret,
)
from gtc_spec.graph.model_ref import ModelRef
from gtc_spec.graph.serving import Serving
from gtc_spec.graph.workers import Workers
from gtc_spec.telemetry.promql import PROMETHEUS_ADDRESS
from tests.snapshot.recorded import differences, without_digests
from tests.synthesised import IMAGE, ROOT, Synthesised, stack_of_demo

SERVING = Serving(
    name="llm",
    model=ModelRef(repository="meta-llama/Llama-3.1-8B-Instruct"),
    gpu_pool=NodePool.h100(count=3),
    backend=Trtllm(engine_configs=ROOT / "engine_configs" / "dev"),
)
HERE: dict[str, Any] = {
    "platform": ExistingPlatform(),
    "models": ExistingModels(claim=names.MODEL_CLAIM),
    "secrets": ExistingSecret(name="hf-token"),
}
MONITORING = ExistingMonitoring(prometheus_url=PROMETHEUS_ADDRESS)
WEB = ScaleTarget(api_version="apps/v1", kind="Deployment", name="web", namespace="site")
TRIGGER = PrometheusTrigger(name="requests", query="sum(rate(requests_total[1m]))", threshold=50)

CONSTRUCTS: dict[str, Callable[[TerraformStack], object]] = {
    "aggregated": lambda stack: DisaggDeployment.aggregated(
        stack, "it", serving=SERVING, **HERE, workers=Workers(replicas=3)
    ),
    "disagg": lambda stack: DisaggDeployment(stack, "it", serving=SERVING, **HERE),
    "model_store": lambda stack: ModelStore(
        stack,
        "it",
        share=NfsExport(host="10.0.0.7", path="/models"),
        size_gib=100,
        platform=ExistingPlatform(),
    ),
    "scaler_of_a_deployment": lambda stack: KedaScaler(
        stack, "it", target=WEB, trigger=TRIGGER, monitoring=MONITORING, max_replicas=5
    ),
}


def made(construct: Callable[[TerraformStack], object], folder: Path) -> Any:
    stack = TerraformStack(App(outdir=str(folder)), "stack")
    construct(stack)
    return without_digests(Synthesised(stack).json)


@pytest.mark.parametrize("name", CONSTRUCTS)
def test_a_construct_is_as_recorded(name: str, tmp_path, snapshot: SnapshotAssertion) -> None:
    found = made(CONSTRUCTS[name], tmp_path)

    assert found == snapshot.use_extension(JSONSnapshotExtension)


def test_without_grove_and_over_ucx_it_differs_as_recorded(
    tmp_path, snapshot: SnapshotAssertion
) -> None:
    def over_ucx(stack: TerraformStack) -> DisaggDeployment:
        backend = replace(SERVING.backend, kv_transport="ucx")
        serving = replace(SERVING, backend=backend)
        here = HERE | {"platform": ExistingPlatform(grove=False)}
        decode = Workers(replicas=2, drain_s=90)
        return DisaggDeployment(stack, "it", serving=serving, **here, decode=decode)

    plain = made(CONSTRUCTS["disagg"], tmp_path / "plain")

    found = differences(plain, made(over_ucx, tmp_path / "ucx"))

    assert found == snapshot.use_extension(JSONSnapshotExtension)


def test_the_panel_alone_ships_what_the_stack_of_the_demo_ships(tmp_path) -> None:
    def panel(stack: TerraformStack) -> DemoPanel:
        return DemoPanel(stack, "it", env=load("dev"), image=IMAGE)

    alone = made(panel, tmp_path)["resource"]
    demo = without_digests(stack_of_demo(names.cluster_stack("dev")).json)["resource"]

    kinds = ("helm_release", "kubernetes_namespace_v1", "kubernetes_secret_v1")
    assert set(alone) == set(kinds)
    for kind in kinds:
        shipped = [without_address(each) for each in demo[kind].values()]
        assert all(without_address(each) in shipped for each in alone[kind].values())


def without_address(resource: dict[str, Any]) -> dict[str, Any]:
    """A resource without what depends on the place of its construct in the tree."""
    placed = ("depends_on", "chart")
    return {key: value for key, value in resource.items() if key not in placed}
