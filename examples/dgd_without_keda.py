"""A model on a cluster that has Dynamo already: two prefill and three decode workers, no KEDA."""

from pathlib import Path

from gtc_constructs.app import App, TerraformStack, synthesise
from gtc_constructs.cluster.connection import KubeconfigConnection
from gtc_constructs.serving.disagg_deployment import DisaggDeployment, Serving, Workers
from gtc_constructs.values import ModelRef, NodePool

app = App()
stack = TerraformStack(app, "llama")
KubeconfigConnection(stack, "connection", context="gpu-cluster")
DisaggDeployment(
    stack,
    "llama",
    serving=Serving(
        name="llama",
        namespace="inference",
        claim="models",
        model=ModelRef(repository="meta-llama/Llama-3.1-8B-Instruct"),
        gpu_pool=NodePool.h100(count=5),
        engine_configs=Path(__file__).with_name("engines"),
        grove=False,
    ),
    prefill=Workers(replicas=2, scaling_adapter=False),
    decode=Workers(replicas=3, scaling_adapter=False),
)
synthesise(app)
