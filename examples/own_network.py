"""In a house with rules: your VPC, your ranges of addresses, your names, your state, your office.

A gated model by vLLM, prefill and decode on a GPU each; only the office may ask it.
"""

import gtc_constructs as gtc

TEAM, OFFICE = "team-a", "203.0.113.0/24"

app = gtc.App()
infra, workload = gtc.TerraformStack(app, "infra"), gtc.TerraformStack(app, "workload")
for stack in (infra, workload):
    gtc.SpacesBackend(stack, bucket="house-states", region="nyc3", name_prefix=TEAM)
gpus = gtc.NodePool.h100(count=2, name="h100")
cluster = gtc.GpuCluster(
    infra,
    "cluster",
    name="llama",
    name_prefix=TEAM,
    region="nyc2",
    gpu_pool=gpus,
    management_pool=gtc.NodePool.management(name="system"),
    vpc=gtc.ExistingVpc(id="5a4981aa-9653-4bd1-bef5-d6bff52042e4", cidr="10.110.0.0/20"),
    cluster_subnet="10.112.0.0/16",
    service_subnet="10.113.0.0/19",
    nfs_size_gib=100,
    allowed_addresses=[OFFICE],
)
gtc.ClusterConnection(workload, "connection", cluster=cluster)
monitoring = gtc.Observability(workload, "monitoring")
platform = gtc.DynamoPlatform(workload, "platform", monitoring=monitoring, workload_namespace=TEAM)
models = gtc.ModelStore(
    workload, "models", platform=platform, share=cluster.models.export, size_gib=100
)
model = gtc.ModelRef(repository="meta-llama/Llama-3.1-8B-Instruct")
token = gtc.SecretRef.from_variable(workload, "hf_token", description="HuggingFace token")
llama = gtc.DisaggDeployment(
    workload,
    "llama",
    serving=gtc.Serving(name="llama", model=model, gpu_pool=gpus, backend=gtc.Vllm()),
    platform=platform,
    models=gtc.ModelDownload(workload, "download", models=models, model=model, token=token),
)
gtc.PublicEndpoint(workload, "endpoint", target=llama, allowed_addresses=[OFFICE])
gtc.synthesise(app)
