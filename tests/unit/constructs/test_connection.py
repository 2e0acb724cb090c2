from pathlib import Path

import pytest

from gtc_constructs._bindings import TerraformStack
from gtc_constructs.cluster.connection import ClusterConnection, KubeconfigConnection
from gtc_constructs.cluster.gpu_cluster import GpuCluster
from gtc_constructs.management import management_nodes
from gtc_constructs.platform.keda import Keda
from gtc_constructs.platform.observability import Observability
from gtc_constructs.serving.disagg_deployment import DisaggDeployment
from gtc_constructs.serving.model_download import ModelDownload
from gtc_constructs.serving.model_store import ModelStore
from gtc_constructs.values import NfsExport
from gtc_spec.cloud.node_pool import NodePool
from gtc_spec.engines.vllm import Vllm
from gtc_spec.errors import UsageError
from gtc_spec.graph.existing import ExistingModels, ExistingPlatform
from gtc_spec.graph.model_ref import ModelRef
from gtc_spec.graph.serving import Serving
from gtc_spec.manifests.placement import POOL_LABEL
from tests.synthesised import Synthesised

CLUSTER = "digitalocean_kubernetes_cluster"


def test_both_providers_reach_the_cluster_that_has_the_name(stack):
    ClusterConnection(stack, "connection", name="llm")

    made = Synthesised(stack).json
    (address,) = made["data"][CLUSTER]
    (kubernetes,) = made["provider"]["kubernetes"]
    (helm,) = made["provider"]["helm"]

    assert kubernetes["host"] == f"${{data.{CLUSTER}.{address}.endpoint}}"
    assert set(kubernetes) == {"host", "token", "cluster_ca_certificate"}
    assert helm["kubernetes"] == kubernetes


def test_credentials_live_for_two_hours(stack):
    ClusterConnection(stack, "connection", name="llm")

    (cluster,) = Synthesised(stack).json["data"][CLUSTER].values()

    assert cluster["kubeconfig_expire_seconds"] == 7200


def test_a_cluster_without_the_tag_is_refused_with_a_hint(stack):
    ClusterConnection(stack, "connection", name="llm", required_tags=["mine"], hint="Remove it.")

    (cluster,) = Synthesised(stack).json["data"][CLUSTER].values()
    (condition,) = cluster["lifecycle"]["postcondition"]

    assert condition == {
        "condition": '${contains(self.tags, "mine")}',
        "error_message": "Cluster llm is there but does not carry the tag mine. Remove it.",
    }


def test_the_publishers_of_the_providers_are_written_out(stack):
    ClusterConnection(stack, "connection", name="llm")

    sources = {
        name: each["source"]
        for name, each in Synthesised(stack).json["terraform"]["required_providers"].items()
    }

    assert sources == {
        "digitalocean": "digitalocean/digitalocean",
        "helm": "hashicorp/helm",
        "kubernetes": "hashicorp/kubernetes",
    }


def test_any_cluster_of_a_kubeconfig_will_do(stack):
    KubeconfigConnection(stack, "connection", path=Path("cluster.yaml"), context="kind")

    provider = Synthesised(stack).json["provider"]
    expected = {"config_path": "cluster.yaml", "config_context": "kind"}

    assert provider == {"kubernetes": [expected], "helm": [{"kubernetes": expected}]}


def test_one_of_several_copies_is_found_by_its_prefix(stack):
    ClusterConnection(stack, "connection", name="llm", name_prefix="team-a")

    (cluster,) = Synthesised(stack).json["data"][CLUSTER].values()

    assert cluster["name"] == "team-a-llm"


def test_the_cluster_that_was_found_is_the_default_child(stack):
    made = ClusterConnection(stack, "connection", name="llm")

    assert made.node.default_child is made.cluster


@pytest.mark.parametrize(
    ("connect", "selector"),
    [
        (lambda stack: None, {POOL_LABEL: "management"}),
        (lambda stack: ClusterConnection(stack, "c", name="llm"), {POOL_LABEL: "management"}),
        (
            lambda stack: ClusterConnection(stack, "c", name="llm", management_pool="system"),
            {POOL_LABEL: "system"},
        ),
        (lambda stack: ClusterConnection(stack, "c", name="llm", management_pool=None), {}),
        (lambda stack: KubeconfigConnection(stack, "c"), {}),
        (
            lambda stack: KubeconfigConnection(stack, "c", management_pool="system"),
            {POOL_LABEL: "system"},
        ),
    ],
    ids=["none", "doks", "another pool", "any nodes", "kubeconfig", "kubeconfig of doks"],
)
def test_charts_run_where_the_connection_says(stack, connect, selector):
    connect(stack)
    Observability(stack, "monitoring")
    Keda(stack, "keda")

    made = Synthesised(stack)
    [monitoring], [keda] = (
        made.release(name)["values"] for name in ("kube-prometheus-stack", "keda")
    )
    assert management_nodes(stack) == selector
    assert monitoring["grafana"]["nodeSelector"] == selector
    assert keda["nodeSelector"] == selector


def test_frontends_and_downloads_run_there_too(stack):
    ClusterConnection(stack, "connection", name="llm", management_pool="system")
    model = ModelRef(repository="Qwen/Qwen2.5-0.5B-Instruct")
    share = NfsExport(host="10.0.0.7", path="/models")
    store = ModelStore(stack, "models", share=share, size_gib=50, namespace="inference")
    models = ModelDownload(stack, "model", models=store, model=model)
    serving = Serving(name="chat", model=model, gpu_pool=NodePool.h100(count=2), backend=Vllm())
    platform = ExistingPlatform(workload_namespace="inference")
    chat = DisaggDeployment(stack, "chat", serving=serving, platform=platform, models=models)

    frontend = chat.manifest["spec"]["services"]["Frontend"]["extraPodSpec"]
    job = Synthesised(stack).resource("kubernetes_job_v1")["spec"]["template"]["spec"]
    assert frontend["nodeSelector"] == {POOL_LABEL: "system"}
    assert job["node_selector"] == {POOL_LABEL: "system"}


def test_what_a_serving_says_of_its_nodes_stays(stack):
    KubeconfigConnection(stack, "connection")
    serving = Serving(
        name="chat",
        model=ModelRef(repository="Qwen/Qwen2.5-0.5B-Instruct"),
        gpu_pool=NodePool.h100(count=2),
        backend=Vllm(),
        node_selector={"role": "front"},
    )
    models = ExistingModels(claim="models")
    chat = DisaggDeployment(
        stack, "chat", serving=serving, platform=ExistingPlatform(), models=models
    )

    frontend = chat.manifest["spec"]["services"]["Frontend"]["extraPodSpec"]
    assert frontend["nodeSelector"] == {"role": "front"}


def test_another_stack_has_a_connection_of_its_own(app, stack):
    other = TerraformStack(app, "other")
    ClusterConnection(stack, "connection", name="llm", management_pool="system")
    ClusterConnection(other, "connection", name="shop", management_pool="small")

    assert management_nodes(stack) == {POOL_LABEL: "system"}
    assert management_nodes(other) == {POOL_LABEL: "small"}


def test_a_cluster_made_beside_is_connected_by_itself(app, stack):
    infra = TerraformStack(app, "infra")
    pool = NodePool.management(name="system")
    made = GpuCluster(
        infra, "cluster", name="llm", name_prefix="team-a", region="atl1",
        gpu_pool=NodePool.h100(), management_pool=pool,
    )  # fmt: skip
    ClusterConnection(stack, "connection", cluster=made)

    (found,) = Synthesised(stack).json["data"][CLUSTER].values()
    assert found["name"] == "team-a-llm"
    assert management_nodes(stack) == {POOL_LABEL: "system"}
    assert stack.dependencies == [infra], "the cluster is deployed first"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"cluster": None}, "got no cluster, allowed: cluster, or the name of one"),
        ({"name": "llm"}, "got more than the cluster llm, allowed: it alone"),
        ({"name_prefix": "a"}, "got more than the cluster llm"),
        ({"management_pool": "system"}, "got more than the cluster llm"),
        ({"cluster": "llm"}, "cluster is 'llm', allowed: a GpuCluster"),
    ],
)
def test_a_connection_is_told_of_one_cluster(app, stack, more, said):
    infra = TerraformStack(app, "infra")
    made = GpuCluster(infra, "cluster", name="llm", region="atl1", gpu_pool=NodePool.h100())

    with pytest.raises(UsageError, match=r"^stack/connection: ") as caught:
        ClusterConnection(stack, "connection", **{"cluster": made, **more})

    assert said in caught.value.message


def test_a_cluster_of_the_same_stack_cannot_be_connected(stack):
    made = GpuCluster(stack, "cluster", name="llm", region="atl1", gpu_pool=NodePool.h100())

    with pytest.raises(UsageError, match="is made in the same stack, allowed: in another one"):
        ClusterConnection(stack, "connection", cluster=made)


def test_a_second_connection_of_a_stack_is_refused(stack):
    ClusterConnection(stack, "connection", name="llm")

    with pytest.raises(UsageError, match=r"^stack/other: the stack is connected already by stack/"):
        KubeconfigConnection(stack, "other")


def test_a_management_pool_that_is_told_too_late_is_refused(stack):
    Keda(stack, "keda")

    with pytest.raises(UsageError, match="management_pool='system' comes after charts"):
        ClusterConnection(stack, "connection", name="llm", management_pool="system")


def test_a_connection_may_come_after_charts_that_it_would_not_move(stack):
    Keda(stack, "keda")
    ClusterConnection(stack, "connection", name="llm")

    assert management_nodes(stack) == {POOL_LABEL: "management"}
