"""Two clusters in one program: what is of the one is not used in the other."""

from pathlib import Path

import pytest

from gtc_constructs._bindings import TerraformStack
from gtc_constructs.cluster.connection import ClusterConnection, KubeconfigConnection
from gtc_constructs.cluster.gpu_cluster import GpuCluster
from gtc_constructs.platform.dynamo_platform import DynamoPlatform
from gtc_constructs.platform.keda import Keda
from gtc_constructs.platform.observability import Observability
from gtc_constructs.secrets import SecretRef, WorkloadSecrets
from gtc_constructs.serving.disagg_deployment import DisaggDeployment
from gtc_constructs.serving.keda_scaler import KedaScaler, PrometheusTrigger, ScaleTarget
from gtc_constructs.serving.model_download import ModelDownload
from gtc_constructs.serving.model_store import ModelStore
from gtc_constructs.serving.public_endpoint import PublicEndpoint
from gtc_constructs.values import NfsExport
from gtc_spec.cloud.node_pool import NodePool
from gtc_spec.engines.vllm import Vllm
from gtc_spec.errors import UsageError
from gtc_spec.graph.existing import ExistingModels, ExistingMonitoring, ExistingPlatform
from gtc_spec.graph.model_ref import ModelRef
from gtc_spec.graph.serving import Serving
from tests.synthesised import Synthesised

QWEN = ModelRef(repository="Qwen/Qwen2.5-0.5B-Instruct")
SERVING = Serving(name="chat", model=QWEN, gpu_pool=NodePool.h100(count=2), backend=Vllm())
SHARE = NfsExport(host="10.0.0.7", path="/models")
WEB = ScaleTarget(api_version="apps/v1", kind="Deployment", name="web", namespace="shop")
TRIGGER = PrometheusTrigger(name="load", query="sum(up)", threshold=2)
THERE = ExistingMonitoring(prometheus_url="http://prometheus.there.svc:9090")
OPEN = ["203.0.113.0/24"]


def platform(stack):
    return DynamoPlatform(stack, "platform")


def store(stack, **place):
    place = place or {"namespace": "dynamo-workload"}
    return ModelStore(stack, "models", share=SHARE, size_gib=50, **place)


def chat(stack, **objects):
    needed = {"platform": ExistingPlatform(), "models": ExistingModels(claim="models")}
    return DisaggDeployment(stack, "chat", serving=SERVING, **needed | objects)


def secrets(stack, **place):
    place = place or {"namespace": "dynamo-workload"}
    token = SecretRef.from_variable(stack, "hf_token", description="token")
    return WorkloadSecrets(stack, "secrets", secrets={"hub": {"HF_TOKEN": token}}, **place)


def scaler(stack, **objects):
    needed = {"target": WEB, "monitoring": THERE, "trigger": TRIGGER, "max_replicas": 1}
    return KedaScaler(stack, "scaler", **needed | objects)


USES = {
    "a deployment its platform": (platform, lambda stack, it: chat(stack, platform=it)),
    "a deployment its models": (store, lambda stack, it: chat(stack, models=it)),
    "a deployment its secrets": (secrets, lambda stack, it: chat(stack, secrets=it)),
    "a store its platform": (platform, lambda stack, it: store(stack, platform=it)),
    "a store its namespace": (
        lambda stack: platform(stack).add_workload_namespace("team-b"),
        lambda stack, it: store(stack, namespace=it),
    ),
    "secrets their platform": (platform, lambda stack, it: secrets(stack, namespace=it)),
    "a download its store": (
        store,
        lambda stack, it: ModelDownload(stack, "download", models=it, model=QWEN),
    ),
    "a download its token": (
        secrets,
        lambda stack, it: ModelDownload(
            stack, "download", models=store(stack), model=QWEN, token=it
        ),
    ),
    "a platform its monitoring": (
        lambda stack: Observability(stack, "monitoring"),
        lambda stack, it: DynamoPlatform(stack, "platform", monitoring=it),
    ),
    "KEDA its monitoring": (
        lambda stack: Observability(stack, "monitoring"),
        lambda stack, it: Keda(stack, "keda", monitoring=it),
    ),
    "a scaler its KEDA": (
        lambda stack: Keda(stack, "keda"),
        lambda stack, it: scaler(stack, keda=it),
    ),
    "a scaler its target": (chat, lambda stack, it: scaler(stack, target=it.decode)),
    "a scaler its monitoring": (
        lambda stack: Observability(stack, "monitoring"),
        lambda stack, it: scaler(stack, monitoring=it),
    ),
    "an endpoint its deployment": (
        chat,
        lambda stack, it: PublicEndpoint(stack, "door", target=it, allowed_addresses=OPEN),
    ),
}


@pytest.fixture
def stacks(app):
    return TerraformStack(app, "one"), TerraformStack(app, "two")


def connect(stacks, *names):
    for stack, name in zip(stacks, names, strict=True):
        ClusterConnection(stack, "connection", name=name)


@pytest.mark.parametrize("use", USES)
def test_what_is_in_another_cluster_is_refused_with_both_paths(stacks, use):
    make, take = USES[use]
    connect(stacks, "llm-nyc2", "llm-atl1")
    there = make(stacks[0])

    with pytest.raises(UsageError, match=r"^two/\S+: one/\S+ is in the cluster llm-nyc2") as caught:
        take(stacks[1], there)

    assert caught.value.message.endswith(
        "allowed: what is in the cluster llm-atl1, to which two is connected"
    )


@pytest.mark.parametrize("use", USES)
def test_two_stacks_of_one_cluster_use_what_the_other_makes(stacks, use):
    make, take = USES[use]
    connect(stacks, "llm", "llm")

    take(stacks[1], make(stacks[0]))


@pytest.mark.parametrize("later", [0, 1], ids=["its own stack", "the stack that uses it"])
def test_it_is_noticed_too_when_a_stack_is_connected_afterwards(stacks, later):
    ClusterConnection(stacks[1 - later], "connection", name="llm-nyc2")
    chat(stacks[1], models=store(stacks[0]))

    with pytest.raises(UsageError, match=r"^two/chat: one/models is in the cluster llm-"):
        ClusterConnection(stacks[later], "connection", name="llm-atl1")


def test_a_cluster_that_a_program_makes_is_the_one_of_its_name(app, stacks):
    infra = TerraformStack(app, "infra")
    made = GpuCluster(infra, "gpu", name="llm", region="nyc2", gpu_pool=NodePool.h100(count=2))
    ClusterConnection(stacks[0], "connection", cluster=made)
    ClusterConnection(stacks[1], "connection", name="llm")

    chat(stacks[1], models=store(stacks[0]))


def test_a_cluster_of_a_kubeconfig_may_be_that_of_doks(stacks):
    ClusterConnection(stacks[0], "connection", name="llm")
    KubeconfigConnection(stacks[1], "connection", context="do-nyc2-llm")

    chat(stacks[1], models=store(stacks[0]))


USUAL = Path("~/.kube/config")


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ({"path": USUAL}, {"path": USUAL.expanduser()}),
        ({"path": Path("kubeconfig")}, {"path": Path.cwd() / "kubeconfig"}),
        ({}, {"context": "llm"}),
        ({"context": "llm"}, {"context": "llm", "path": USUAL.expanduser()}),
    ],
)
def test_two_spellings_of_a_kubeconfig_may_be_one_cluster(stacks, one, two):
    KubeconfigConnection(stacks[0], "connection", **one)
    KubeconfigConnection(stacks[1], "connection", **two)

    chat(stacks[1], models=store(stacks[0]))


@pytest.mark.parametrize(
    ("one", "two", "called"),
    [
        ({"context": "east"}, {"context": "west"}, r"~/\.kube/config west"),
        ({}, {"path": Path("/etc/other")}, "/etc/other"),
        ({"context": "llm"}, {"path": Path("/etc/other"), "context": "llm"}, "/etc/other llm"),
    ],
)
def test_two_contexts_and_two_kubeconfigs_are_two_clusters(stacks, one, two, called):
    KubeconfigConnection(stacks[0], "connection", **one)
    KubeconfigConnection(stacks[1], "connection", **two)

    with pytest.raises(UsageError, match=f"allowed: what is in the cluster of {called}, to which"):
        chat(stacks[1], models=store(stacks[0]))


def test_a_kubeconfig_of_a_home_that_is_not_here_is_taken_as_it_is_written(stacks):
    KubeconfigConnection(stacks[0], "connection", path=Path("~nobody-here/config"))
    KubeconfigConnection(stacks[1], "connection", path=Path("~nobody-here/config"))

    chat(stacks[1], models=store(stacks[0]))


def test_order_between_clusters_may_be_told(stacks):
    connect(stacks, "llm-nyc2", "llm-atl1")
    first = store(stacks[0])

    Keda(stacks[1], "keda", after=[first])

    assert stacks[1].dependencies == [stacks[0]]


def test_the_variable_of_a_secret_cannot_leave_its_stack(stacks):
    token = SecretRef.from_variable(stacks[0], "hf_token", description="token")

    with pytest.raises(UsageError) as caught:
        WorkloadSecrets(
            stacks[1], "secrets", namespace="work", secrets={"hub": {"HF_TOKEN": token}}
        )

    assert caught.value.message == (
        "two/secrets: HF_TOKEN of the secret hub is a variable of the stack one, "
        "allowed: one of two"
    )


def test_each_stack_has_a_variable_of_the_same_name(stacks):
    for stack in stacks:
        secrets(stack)

    for stack in stacks:
        made = Synthesised(stack).json
        assert made["variable"]["hf_token"]["ephemeral"]
        assert "output" not in made
