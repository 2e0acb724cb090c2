"""A model on a cluster that has Dynamo already: two prefill and three decode workers, no KEDA."""

from pathlib import Path

import gtc_constructs as gtc

app = gtc.App()
stack = gtc.TerraformStack(app, "llama")
gtc.KubeconfigConnection(stack, "connection", context="gpu-cluster")
gtc.DisaggDeployment(
    stack,
    "llama",
    serving=gtc.Serving(
        name="llama",
        model=gtc.ModelRef(repository="meta-llama/Llama-3.1-8B-Instruct"),
        gpu_pool=gtc.NodePool.h100(count=5),
        backend=gtc.Trtllm(engine_configs=Path(__file__).with_name("engines")),
    ),
    platform=gtc.ExistingPlatform(workload_namespace="inference", grove=False),
    models=gtc.ExistingModels(claim="models"),
    secrets=gtc.ExistingSecret(name="hf-token"),
    prefill=gtc.Workers(replicas=2, scaling_adapter=False),
    decode=gtc.Workers(replicas=3, scaling_adapter=False),
)
gtc.synthesise(app)
