"""Only the cluster: network, Kubernetes, two nodes with eight H200 each, a share for models."""

from gtc_constructs.app import App, TerraformOutput, TerraformStack, synthesise
from gtc_constructs.cluster.gpu_cluster import GpuCluster
from gtc_constructs.values import NodePool

app = App()
stack = TerraformStack(app, "training")
cluster = GpuCluster(
    stack,
    "cluster",
    name="training",
    region="nyc2",
    gpu_pool=NodePool.h200x8(count=2),
    management_pool=NodePool.management(nodes=(1, 3)),
    nfs_size_gib=4_000,
    allowed_addresses=["203.0.113.0/24"],
)
TerraformOutput(stack, "gpus", value=cluster.gpus, static_id=True)
TerraformOutput(stack, "cluster_id", value=cluster.cluster.id, static_id=True)
synthesise(app)
