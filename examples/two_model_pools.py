"""Two models on two kinds of GPUs in one cluster: 8B on H100, 70B on H200, each on its own nodes.

``overrides`` is the last word on what is shipped: here it pins workers to the nodes of their pool.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from gtc_constructs.app import App, TerraformStack, synthesise
from gtc_constructs.cluster.connection import ClusterConnection
from gtc_constructs.cluster.gpu_cluster import GpuCluster
from gtc_constructs.platform.dynamo_platform import DynamoPlatform
from gtc_constructs.serving.disagg_deployment import DisaggDeployment, Serving, Workers
from gtc_constructs.serving.model_store import ModelStore
from gtc_constructs.values import ModelRef, NodePool
from gtc_spec.manifests.placement import POOL_LABEL

SMALL, LARGE = NodePool.h100(count=2), NodePool.h200x8()
MODELS = {
    "small": (SMALL, "meta-llama/Llama-3.1-8B-Instruct", Workers(), Workers()),
    "large": (
        LARGE,
        "nvidia/Llama-3.1-70B-Instruct-FP8",
        Workers(replicas=3),
        Workers(replicas=5),
    ),
}


def on_pool(pool: str) -> Callable[[dict[str, Any]], None]:
    """Pin the workers of a serving graph to the nodes of one pool."""

    def pin(graph: dict[str, Any]) -> None:
        for service in graph["spec"]["services"].values():
            if service["componentType"] == "worker":
                service["extraPodSpec"]["nodeSelector"] = {POOL_LABEL: pool}

    return pin


app = App()
infra, workload = TerraformStack(app, "infra"), TerraformStack(app, "workload")
cluster = GpuCluster(infra, "cluster", name="two-models", region="atl1", gpu_pool=SMALL)
cluster.add_gpu_pool("large", LARGE)

ClusterConnection(workload, "connection", name="two-models")
platform = DynamoPlatform(workload, "platform")
models = ModelStore(
    workload, "models", share=cluster.models.export, size_gib=16_000, after=[platform.workload]
)
for name, (gpus, repository, prefill, decode) in MODELS.items():
    serving = Serving(
        name=name,
        model=ModelRef(repository=repository),
        gpu_pool=gpus,
        engine_configs=Path(__file__).with_name("engines"),
        overrides=on_pool("gpu" if gpus is SMALL else name),
    )
    DisaggDeployment(
        workload, name, serving=serving, prefill=prefill, decode=decode, after=[platform, models]
    )
synthesise(app)
