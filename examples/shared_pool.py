"""Two models on the eight GPUs of one node, one by vLLM and one by SGLang, in a network of yours.

Without Grove, each model in a namespace of its own, decode scaled by the KV cache in use.
"""

import gtc_constructs as gtc

GPUS = gtc.NodePool.h100x8(name="gpu")
SHARE_GIB = 200
MODELS = {
    "chat": (gtc.Vllm(), "Qwen/Qwen2.5-7B-Instruct", "a09a35458c702b33eeacc393d103063234e8bc28"),
    "think": (gtc.Sglang(), "Qwen/Qwen3-8B", "b968826d9c46dd6066d109eabc6255188de91218"),
}

app = gtc.App()
infra, workload = gtc.TerraformStack(app, "infra"), gtc.TerraformStack(app, "workload")
cluster = gtc.GpuCluster(
    infra,
    "cluster",
    name="models",
    region="nyc2",
    gpu_pool=GPUS,
    vpc=gtc.ExistingVpc(id="5a4981aa-9653-4bd1-bef5-d6bff52042e4"),
    nfs_size_gib=SHARE_GIB,
)
gtc.ClusterConnection(workload, "connection", cluster=cluster)
monitoring = gtc.Observability(workload, "monitoring")
platform = gtc.DynamoPlatform(
    workload, "platform", monitoring=monitoring, grove=False, workload_namespace="chat"
)
spaces = {"chat": platform.workload, "think": platform.add_workload_namespace("think")}
keda = gtc.Keda(workload, "keda", monitoring=monitoring)
for name, (backend, repository, revision) in MODELS.items():
    space, share = spaces[name], cluster.models.export
    models = gtc.ModelStore(
        workload, f"{name}-models", namespace=space, share=share, size_gib=SHARE_GIB
    )
    model = gtc.ModelRef(repository=repository, revision=revision)
    brought = gtc.ModelDownload(workload, f"{name}-download", models=models, model=model)
    serving = gtc.Serving(name=name, model=model, gpu_pool=GPUS, backend=backend)
    served = gtc.DisaggDeployment(
        workload, name, serving=serving, platform=platform, models=brought
    )
    gtc.KedaScaler(
        workload,
        f"{name}-scaler",
        target=served.decode,
        trigger=served.decode.kv_usage(threshold=0.8),
        max_replicas=3,
        keda=keda,
        monitoring=monitoring,
    )
gtc.synthesise(app)
