"""Two models on two kinds of GPUs in one cluster: 8B on H100, 70B on H200, each on its own nodes.

A pool with a name pins its workers, so that no small model takes a GPU of the large one.
"""

from pathlib import Path

import gtc_constructs as gtc

SMALL, LARGE = gtc.NodePool.h100(count=2, name="gpu"), gtc.NodePool.h200x8(name="large")
MODELS = {
    "small": (SMALL, "meta-llama/Llama-3.1-8B-Instruct", gtc.Workers(), gtc.Workers()),
    "large": (
        LARGE,
        "nvidia/Llama-3.1-70B-Instruct-FP8",
        gtc.Workers(replicas=3),
        gtc.Workers(replicas=5),
    ),
}

app = gtc.App()
infra, workload = gtc.TerraformStack(app, "infra"), gtc.TerraformStack(app, "workload")
cluster = gtc.GpuCluster(
    infra, "cluster", name="two-models", region="atl1", gpu_pool=SMALL, nfs_size_gib=400
)
cluster.add_gpu_pool(LARGE)

gtc.ClusterConnection(workload, "connection", name="two-models")
platform = gtc.DynamoPlatform(workload, "platform")
models = gtc.ModelStore(
    workload, "models", platform=platform, share=cluster.models.export, size_gib=400
)
for name, (gpus, repository, prefill, decode) in MODELS.items():
    serving = gtc.Serving(
        name=name,
        model=gtc.ModelRef(repository=repository),
        gpu_pool=gpus,
        backend=gtc.Trtllm(engine_configs=Path(__file__).with_name("engines")),
    )
    gtc.DisaggDeployment(
        workload,
        name,
        serving=serving,
        platform=platform,
        models=models,
        prefill=prefill,
        decode=decode,
    )
gtc.synthesise(app)
