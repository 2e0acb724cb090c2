"""TensorRT-LLM with engine files of yours, and decode workers that follow the number of streams."""

from pathlib import Path

import gtc_constructs as gtc

app = gtc.App()
infra, workload = gtc.TerraformStack(app, "infra"), gtc.TerraformStack(app, "workload")
gpus = gtc.NodePool.h100(count=3)
cluster = gtc.GpuCluster(
    infra, "cluster", name="llama", region="atl1", gpu_pool=gpus, nfs_size_gib=100
)
gtc.ClusterConnection(workload, "connection", cluster=cluster)
monitoring = gtc.Observability(workload, "monitoring")
platform = gtc.DynamoPlatform(workload, "platform", monitoring=monitoring)
models = gtc.ModelStore(
    workload, "models", platform=platform, share=cluster.models.export, size_gib=100
)
model = gtc.ModelRef(repository="meta-llama/Llama-3.1-8B-Instruct")
token = gtc.SecretRef.from_variable(workload, "hf_token", description="HuggingFace token")
secrets = gtc.WorkloadSecrets(
    workload, "secrets", namespace=platform, secrets={"hf-token": {"HF_TOKEN": token}}
)
llama = gtc.DisaggDeployment(
    workload,
    "llama",
    serving=gtc.Serving(
        name="llama",
        model=model,
        gpu_pool=gpus,
        backend=gtc.Trtllm(engine_configs=Path(__file__).with_name("engines")),
    ),
    platform=platform,
    models=gtc.ModelDownload(workload, "download", models=models, model=model, token=secrets),
)
busy = gtc.ScaleRule(trigger="decode_streams", threshold=110, min=1, max=2)
gtc.KedaScaler(
    workload,
    "scaler",
    target=llama.decode,
    trigger=llama.decode.trigger(busy),
    max_replicas=busy.max,
    keda=gtc.Keda(workload, "keda", monitoring=monitoring),
    monitoring=monitoring,
)
gtc.synthesise(app)
