"""From nothing to a served model: three H100 nodes, Dynamo, Llama 3.1 8B, decode scaled by load."""

from pathlib import Path

from gtc_constructs.app import App, TerraformStack, synthesise
from gtc_constructs.cluster.connection import ClusterConnection
from gtc_constructs.cluster.gpu_cluster import GpuCluster
from gtc_constructs.platform.dynamo_platform import DynamoPlatform
from gtc_constructs.platform.keda import Keda
from gtc_constructs.platform.observability import Observability
from gtc_constructs.secrets import SecretRef, WorkloadSecrets
from gtc_constructs.serving.disagg_deployment import DisaggDeployment, Serving
from gtc_constructs.serving.keda_scaler import KedaScaler
from gtc_constructs.serving.model_store import ModelStore
from gtc_constructs.values import ModelRef, NodePool
from gtc_spec.pools import ScaleRule

app = App()
infra, workload = TerraformStack(app, "infra"), TerraformStack(app, "workload")
gpus = NodePool.h100(count=3)
cluster = GpuCluster(infra, "cluster", name="llama", region="atl1", gpu_pool=gpus)

ClusterConnection(workload, "connection", name="llama")
monitoring = Observability(workload, "monitoring")
platform = DynamoPlatform(workload, "platform", after=[monitoring.prometheus])
space, ready = platform.workload.name, [platform.workload]
models = ModelStore(workload, "models", share=cluster.models.export, size_gib=16_000, after=ready)
token = SecretRef.from_variable(workload, "hf_token", description="HuggingFace token")
secrets = WorkloadSecrets(
    workload, "secrets", namespace=space, secrets={"hf-token": {"HF_TOKEN": token}}, after=ready
)
serving = Serving(
    name="llama",
    model=ModelRef(repository="meta-llama/Llama-3.1-8B-Instruct"),
    gpu_pool=gpus,
    engine_configs=Path(__file__).with_name("engines"),
)
llama = DisaggDeployment(workload, "llama", serving=serving, after=[platform, models, secrets])
keda = Keda(workload, "keda", after=[monitoring.prometheus])
busy = llama.decode.trigger(ScaleRule(trigger="decode_streams", threshold=110, min=1, max=2))
KedaScaler(workload, "scaler", target=llama.decode, trigger=busy, max_replicas=2, after=[keda])
synthesise(app)
