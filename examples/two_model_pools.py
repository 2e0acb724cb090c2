"""Two models on two kinds of GPUs in one cluster: 8B on H100, 70B on H200, each on its own nodes.

A pool with a name pins its workers, so that no small model takes a GPU of the large one.
"""

from pathlib import Path

import gtc_constructs as gtc

SMALL, LARGE = gtc.NodePool.h100(count=2, name="gpu"), gtc.NodePool.h200x8(name="large")
SHARE_GIB = 400

app = gtc.App()
infra, workload = gtc.TerraformStack(app, "infra"), gtc.TerraformStack(app, "workload")
cluster = gtc.GpuCluster(
    infra, "cluster", name="two-models", region="atl1", gpu_pool=SMALL, nfs_size_gib=SHARE_GIB
)
cluster.add_gpu_pool(LARGE)

gtc.ClusterConnection(workload, "connection", cluster=cluster)
platform = gtc.DynamoPlatform(workload, "platform")
models = gtc.ModelStore(
    workload, "models", platform=platform, share=cluster.models.export, size_gib=SHARE_GIB
)
token = gtc.SecretRef.from_variable(workload, "hf_token", description="HuggingFace token")
small = gtc.ModelRef(repository="meta-llama/Llama-3.1-8B-Instruct")
gtc.DisaggDeployment(
    workload,
    "small",
    serving=gtc.Serving(
        name="small",
        model=small,
        gpu_pool=SMALL,
        # files for exactly this model on this GPU
        backend=gtc.Trtllm(engine_configs=Path(__file__).with_name("engines")),
    ),
    platform=platform,
    models=gtc.ModelDownload(workload, "small-model", models=models, model=small, token=token),
)
large = gtc.ModelRef(repository="nvidia/Llama-3.1-70B-Instruct-FP8")
gtc.DisaggDeployment(
    workload,
    "large",
    serving=gtc.Serving(name="large", model=large, gpu_pool=LARGE, backend=gtc.Vllm()),
    platform=platform,
    models=gtc.ModelDownload(workload, "large-model", models=models, model=large),
    prefill=gtc.Workers(replicas=3),
    decode=gtc.Workers(replicas=5),
)
gtc.synthesise(app)
