"""Four workers that prefill and decode, by SGLang, on a cluster that has Dynamo and a claim."""

import gtc_constructs as gtc

app = gtc.App()
stack = gtc.TerraformStack(app, "chat")
gtc.KubeconfigConnection(stack, "connection", context="gpu-cluster", management_pool="management")
model = gtc.ModelRef(
    repository="Qwen/Qwen3-8B", revision="b968826d9c46dd6066d109eabc6255188de91218"
)
claim = gtc.ExistingModels(claim="models", namespace="inference")
chat = gtc.DisaggDeployment.aggregated(
    stack,
    "chat",
    serving=gtc.Serving(
        name="chat",
        model=model,
        gpu_pool=gtc.NodePool.l40s(count=4),
        backend=gtc.Sglang(flags={"--max-running-requests": 64}),
    ),
    platform=gtc.ExistingPlatform(workload_namespace="inference"),
    models=gtc.ModelDownload(stack, "download", models=claim, model=model),
    workers=gtc.Workers(replicas=4, max_unavailable=1),
)
for name, line in chat.commands.items():
    gtc.TerraformOutput(stack, name, value=line, static_id=True)
gtc.synthesise(app)
