"""Only the cluster: network, Kubernetes, two nodes with eight H200 each, a share for models."""

import gtc_constructs as gtc

app = gtc.App()
stack = gtc.TerraformStack(app, "training")
cluster = gtc.GpuCluster(
    stack,
    "cluster",
    name="training",
    region="nyc2",
    gpu_pool=gtc.NodePool.h200x8(count=2),
    management_pool=gtc.NodePool.management(nodes=(1, 3)),
    nfs_size_gib=4_000,
    allowed_addresses=["203.0.113.0/24"],
)
gtc.TerraformOutput(stack, "gpus", value=cluster.gpus, static_id=True)
gtc.TerraformOutput(stack, "cluster_id", value=cluster.cluster.id, static_id=True)
gtc.synthesise(app)
