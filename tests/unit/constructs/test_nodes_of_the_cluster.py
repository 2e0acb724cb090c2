"""What a deployment is to run on is what the cluster that its stack is connected to has."""

from dataclasses import replace

import pytest

from gtc_constructs._bindings import TerraformStack
from gtc_constructs.base import synthesise
from gtc_constructs.cluster.connection import ClusterConnection
from gtc_constructs.cluster.gpu_cluster import GpuCluster
from gtc_constructs.serving.disagg_deployment import DisaggDeployment
from gtc_spec.cloud.node_pool import NodePool
from gtc_spec.cloud.nodes import CpuNodes
from gtc_spec.engines.mocker import Mocker
from gtc_spec.engines.vllm import Vllm
from gtc_spec.errors import UsageError
from gtc_spec.graph.existing import ExistingModels, ExistingPlatform
from gtc_spec.graph.model_ref import ModelRef
from gtc_spec.graph.serving import Serving

TWO, NAMED = NodePool.h100(count=2), NodePool.h100(count=2, name="fast")
CHAT = Serving(
    name="chat", model=ModelRef(repository="Qwen/Qwen3-8B"), gpu_pool=TWO, backend=Vllm()
)
NODES = CpuNodes(
    kind="cpu", size="s-8vcpu-16gb", count=2, slots_per_node=4, slot_cpu=1.5, slot_memory_mib=1024
)
SIMULATED = Serving(
    name="chat",
    model=ModelRef(repository="nvidia/Llama-3.1-70B-Instruct-FP8"),
    cpu_nodes=NODES,
    backend=Mocker(profile="llama-3.1-70b.h200.fp8"),
)
PLAIN = NodePool(size=NODES.size, count=2)


@pytest.fixture
def infra(app):
    return TerraformStack(app, "infra")


def connected(stack, infra, *, by_name=False, **pools):
    cluster = GpuCluster(infra, "cluster", name="llm", region="nyc2", **pools)
    found = {"name": "llm"} if by_name else {"cluster": cluster}
    ClusterConnection(stack, "connection", **found)
    return cluster


def serve(stack, serving):
    return DisaggDeployment(
        stack,
        "chat",
        serving=serving,
        platform=ExistingPlatform(),
        models=None if serving.cpu_nodes else ExistingModels(claim="weights"),
    )


@pytest.mark.parametrize("by_name", [True, False])
@pytest.mark.parametrize(
    ("wanted", "called"),
    [
        (NodePool.h100(count=8, name="gpu"), "gpu (8 x gpu-h100x1-80gb)"),
        (NodePool.h100(count=2, name="h100"), "h100 (2 x gpu-h100x1-80gb)"),
        (NodePool.h200(count=2), "gpu (2 x gpu-h200x1-141gb)"),
        (NodePool.h100(count=3), "gpu (3 x gpu-h100x1-80gb)"),
    ],
)
def test_nodes_that_the_cluster_has_not_are_refused(app, stack, infra, by_name, wanted, called):
    connected(stack, infra, by_name=by_name, gpu_pool=TWO)
    serve(stack, replace(CHAT, gpu_pool=wanted))

    with pytest.raises(UsageError) as caught:
        synthesise(app)

    assert caught.value.message == (
        f"stack/chat: its workers are for the pool {called}, allowed: those of the cluster llm, "
        "which are gpu (2 x gpu-h100x1-80gb)"
    )


@pytest.mark.parametrize(
    ("made", "wanted"),
    [
        (TWO, TWO),
        (NAMED, NAMED),
        (NAMED, TWO),
        (TWO, replace(TWO, name="gpu")),
        (NodePool.h100(count=4), TWO),
        (replace(TWO, count=None, autoscale=(1, 2)), TWO),
    ],
)
def test_nodes_that_the_cluster_has_are_taken(app, stack, infra, made, wanted):
    connected(stack, infra, gpu_pool=made)
    serve(stack, replace(CHAT, gpu_pool=wanted))

    synthesise(app)


@pytest.mark.parametrize("count", [4, 5])
def test_workers_of_no_pool_by_name_run_on_all_pools_of_the_size(app, stack, infra, count):
    cluster = connected(stack, infra, gpu_pool=TWO)
    cluster.add_gpu_pool(NodePool.h100(count=2, name="more"))
    cluster.add_gpu_pool(NodePool.l40s(count=2, name="other"))
    serve(stack, replace(CHAT, gpu_pool=NodePool.h100(count=count)))

    if count == 4:
        synthesise(app)
    else:
        with pytest.raises(UsageError, match=r"\(5 x gpu-h100x1-80gb\), allowed: those of the"):
            synthesise(app)


def test_workers_of_a_pool_by_name_do_not_run_on_others_of_the_size(app, stack, infra):
    cluster = connected(stack, infra, gpu_pool=NAMED)
    cluster.add_gpu_pool(NodePool.h100(count=2, name="more"))
    serve(stack, replace(CHAT, gpu_pool=replace(NAMED, count=4)))

    with pytest.raises(UsageError, match=r"the pool fast \(4 x gpu-h100x1-80gb\), allowed: "):
        synthesise(app)


def test_nodes_that_the_cluster_gets_later_are_taken(app, stack, infra):
    cluster = connected(stack, infra, gpu_pool=NodePool.l40s())
    serve(stack, replace(CHAT, gpu_pool=NAMED))
    cluster.add_gpu_pool(NAMED)

    synthesise(app)


def test_simulated_workers_are_held_against_its_nodes_too(app, stack, infra):
    connected(stack, infra, cpu_pool=replace(PLAIN, name="plain"))
    serve(stack, SIMULATED)

    with pytest.raises(UsageError, match=r"the pool workers \(2 x s-8vcpu-16gb\), allowed: "):
        synthesise(app)


def test_simulated_workers_on_its_nodes_are_taken(app, stack, infra):
    connected(stack, infra, cpu_pool=PLAIN)
    serve(stack, SIMULATED)

    synthesise(app)


def test_of_a_cluster_that_somebody_else_made_nothing_is_known(app, stack, infra):
    connected(TerraformStack(app, "first"), infra, gpu_pool=TWO)
    ClusterConnection(stack, "connection", name="theirs")
    serve(stack, replace(CHAT, gpu_pool=NodePool.h100(count=8)))

    synthesise(app)


def test_two_clusters_of_one_name_in_a_stack_are_refused(infra):
    def make(id):
        return GpuCluster(infra, id, name="llm", name_prefix="team-a", region="nyc2", gpu_pool=TWO)

    make("first")
    with pytest.raises(UsageError) as caught:
        make("second")
    assert caught.value.message == (
        "infra/second: infra/first makes the cluster team-a-llm already, allowed: one a stack"
    )
