"""From nothing to a served model: three H100 nodes, Dynamo, Llama 3.1 8B, decode scaled by load."""

from pathlib import Path

import gtc_constructs as gtc

app = gtc.App()
infra, workload = gtc.TerraformStack(app, "infra"), gtc.TerraformStack(app, "workload")
gpus = gtc.NodePool.h100(count=3)
cluster = gtc.GpuCluster(infra, "gpu", name="llama", region="atl1", gpu_pool=gpus, nfs_size_gib=200)

gtc.ClusterConnection(workload, "connection", name="llama")
monitoring = gtc.Observability(workload, "monitoring")
platform = gtc.DynamoPlatform(workload, "platform", monitoring=monitoring)
models = gtc.ModelStore(
    workload, "models", platform=platform, share=cluster.models.export, size_gib=200
)
token = gtc.SecretRef.from_variable(workload, "hf_token", description="HuggingFace token")
secrets = gtc.WorkloadSecrets(
    workload, "secrets", namespace=platform, secrets={"hf-token": {"HF_TOKEN": token}}
)
serving = gtc.Serving(
    name="llama",
    model=gtc.ModelRef(repository="meta-llama/Llama-3.1-8B-Instruct"),
    gpu_pool=gpus,
    backend=gtc.Trtllm(engine_configs=Path(__file__).with_name("engines")),
)
llama = gtc.DisaggDeployment(
    workload, "llama", serving=serving, platform=platform, models=models, secrets=secrets
)
keda = gtc.Keda(workload, "keda", monitoring=monitoring)
busy = llama.decode.trigger(gtc.ScaleRule(trigger="decode_streams", threshold=110, min=1, max=2))
gtc.KedaScaler(
    workload, "scaler", target=llama.decode, trigger=busy, max_replicas=2,
    keda=keda, monitoring=monitoring,
)  # fmt: skip
gtc.synthesise(app)
