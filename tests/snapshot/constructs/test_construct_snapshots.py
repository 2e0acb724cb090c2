"""What each construct makes with its defaults, and what each stack of the demo is, to the letter.

Addresses are part of it: a construct whose id changes is destroyed and made anew.
"""

from collections.abc import Callable
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension

from gtc_constructs._bindings import App, TerraformStack
from gtc_constructs.cluster.connection import ClusterConnection
from gtc_constructs.cluster.gpu_cluster import GpuCluster
from gtc_constructs.manifest_release import ManifestRelease
from gtc_constructs.platform.dynamo_platform import DynamoPlatform
from gtc_constructs.platform.keda import Keda
from gtc_constructs.platform.observability import Observability
from gtc_constructs.secrets import SecretRef, WorkloadSecrets
from gtc_spec import names, versions
from gtc_spec.cloud.node_pool import NodePool
from gtc_spec.environment import ENVIRONMENTS
from gtc_spec.graph.existing import ExistingMonitoring
from gtc_spec.pools import ROLES
from tests.snapshot.recorded import differences, without_digests
from tests.synthesised import Synthesised, cluster_with_engine, stack_of_demo

STACKS = (names.infra_stack, names.cluster_stack)
OTHERS = [env for env in ENVIRONMENTS if env != "prod"]

WIDGET = {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "one"}}


def secrets(stack: TerraformStack) -> None:
    key = SecretRef.from_variable(stack, "api_key", description="key of the service")
    WorkloadSecrets(stack, "secrets", namespace="work", secrets={"service": {"KEY": key}})


CONSTRUCTS: dict[str, Callable[[TerraformStack], object]] = {
    "cluster_connection": lambda stack: ClusterConnection(stack, "connection", name="llm"),
    "dynamo_platform": lambda stack: DynamoPlatform(stack, "platform"),
    "gpu_cluster": lambda stack: GpuCluster(
        stack,
        "gpu",
        name="llm",
        region="atl1",
        gpu_pool=NodePool.h100(count=3),
        nfs_size_gib=16_000,
    ),
    "keda": lambda stack: Keda(
        stack, "keda", monitoring=ExistingMonitoring(prometheus_url="http://prometheus:9090")
    ),
    "manifest_release": lambda stack: ManifestRelease(
        stack, "widgets", name="widgets", namespace="work", manifests=[WIDGET]
    ),
    "observability": lambda stack: Observability(stack, "observability"),
    "workload_secrets": secrets,
}


@pytest.mark.parametrize("name", CONSTRUCTS)
def test_a_construct_is_as_recorded(name: str, tmp_path, snapshot: SnapshotAssertion) -> None:
    stack = TerraformStack(App(outdir=str(tmp_path)), "stack")
    CONSTRUCTS[name](stack)

    assert Synthesised(stack).json == snapshot.use_extension(JSONSnapshotExtension)


@pytest.mark.parametrize("stack", STACKS, ids=["infra", "cluster"])
def test_a_stack_is_as_recorded(stack: Callable[[str], str], snapshot: SnapshotAssertion) -> None:
    made = without_digests(stack_of_demo(stack("prod")).json)

    assert made == snapshot.use_extension(JSONSnapshotExtension)


@pytest.mark.parametrize("stack", STACKS, ids=["infra", "cluster"])
@pytest.mark.parametrize("env", OTHERS)
def test_a_stack_differs_from_prods_as_recorded(
    env: str, stack: Callable[[str], str], snapshot: SnapshotAssertion
) -> None:
    prod, other = (without_digests(stack_of_demo(stack(each)).json) for each in ("prod", env))

    assert differences(prod, other) == snapshot.use_extension(JSONSnapshotExtension)


def test_with_another_engine_the_cluster_differs_as_recorded(snapshot: SnapshotAssertion) -> None:
    default = without_digests(stack_of_demo(names.cluster_stack("prod")).json)
    other = without_digests(cluster_with_engine("vllm").json)

    assert differences(default, other) == snapshot.use_extension(JSONSnapshotExtension)


def test_with_another_engine_the_graph_runs_it_and_the_scalers_stay_as_they_are() -> None:
    default, other = stack_of_demo(names.cluster_stack("prod")), cluster_with_engine("vllm")
    [graph] = (each for each in other.manifests() if each["kind"] == "DynamoGraphDeployment")
    workers = [
        graph["spec"]["services"][names.service(role, "vllm")]["extraPodSpec"] for role in ROLES
    ]

    assert [each["mainContainer"]["command"][2] for each in workers] == ["dynamo.vllm"] * 2
    assert {each["mainContainer"]["image"] for each in workers} == {versions.VLLM_IMAGE}
    assert [each["mainContainer"]["args"][4] for each in workers] == [
        "--is-prefill-worker",
        "--is-decode-worker",
    ]
    assert [each["volumes"] for each in workers] == [[], []]
    assert not [each for each in other.manifests() if "engine" in each["metadata"]["name"]]
    assert scaler_queries(other) == scaler_queries(default)
    assert not [query for query in scaler_queries(other) if "dynamo_component=" in query]


def scaler_queries(stack: Synthesised) -> list[str]:
    return [
        trigger["metadata"]["query"]
        for each in stack.manifests()
        if each["kind"] == "ScaledObject"
        for trigger in each["spec"]["triggers"]
    ]


def test_the_same_facts_give_the_same_stacks(tmp_path) -> None:
    def written(folder: str) -> dict[str, Any]:
        stack = TerraformStack(App(outdir=str(tmp_path / folder)), "stack")
        CONSTRUCTS["observability"](stack)
        return Synthesised(stack).json

    assert written("one") == written("two")
