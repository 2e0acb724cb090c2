"""From nothing to a served token: one GPU, Dynamo, an open model, and the lines that ask it."""

import gtc_constructs as gtc

app = gtc.App()
infra, workload = gtc.TerraformStack(app, "infra"), gtc.TerraformStack(app, "workload")
gpus = gtc.NodePool.h100(count=1)
cluster = gtc.GpuCluster(infra, "gpu", name="chat", region="nyc2", gpu_pool=gpus, nfs_size_gib=200)

gtc.ClusterConnection(workload, "connection", name="chat")
monitoring = gtc.Observability(workload, "monitoring")
platform = gtc.DynamoPlatform(workload, "platform", monitoring=monitoring)
models = gtc.ModelStore(
    workload, "models", platform=platform, share=cluster.models.export, size_gib=200
)
qwen = gtc.ModelRef(
    repository="Qwen/Qwen2.5-1.5B-Instruct", revision="989aa7980e4cf806f80c7fef2b1adb7bc71aa306"
)
brought = gtc.ModelDownload(workload, "qwen", models=models, model=qwen)
serving = gtc.Serving(name="chat", model=qwen, gpu_pool=gpus, backend=gtc.Vllm())
# with count=2 above, DisaggDeployment(…) instead: a prefill and a decode worker, a GPU each
chat = gtc.DisaggDeployment.aggregated(
    workload, "chat", serving=serving, platform=platform, models=brought
)
for name, line in chat.commands.items():
    gtc.TerraformOutput(workload, name, value=line, static_id=True)
gtc.synthesise(app)
