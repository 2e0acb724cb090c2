"""The whole platform without a GPU or a model: simulated workers on two plain nodes, and a scaler.

Prefill and decode take as long as on an H200; what they answer is random.
"""

import gtc_constructs as gtc

NODES = gtc.CpuNodes(
    kind="cpu", size="s-8vcpu-16gb", count=2, slots_per_node=4, slot_cpu=1.5, slot_memory_mib=1024
)

app = gtc.App()
infra, workload = gtc.TerraformStack(app, "infra"), gtc.TerraformStack(app, "workload")
cluster = gtc.GpuCluster(
    infra,
    "cluster",
    name="simulated",
    region="fra1",
    cpu_pool=gtc.NodePool(size=NODES.size, count=NODES.count),
)
gtc.ClusterConnection(workload, "connection", cluster=cluster)
monitoring = gtc.Observability(workload, "monitoring", gpu_chart=None)
platform = gtc.DynamoPlatform(workload, "platform", monitoring=monitoring, gpus=False)
llama = gtc.DisaggDeployment(
    workload,
    "llama",
    serving=gtc.Serving(
        name="llama",
        model=gtc.ModelRef(repository="nvidia/Llama-3.1-70B-Instruct-FP8"),
        cpu_nodes=NODES,
        backend=gtc.Mocker(profile="llama-3.1-70b.h200.fp8"),
    ),
    platform=platform,
    prefill=gtc.Workers(replicas=3),
    decode=gtc.Workers(replicas=2),
)
busy = gtc.ScaleRule(trigger="decode_streams", threshold=110, min=2, max=5)
gtc.KedaScaler(
    workload,
    "scaler",
    target=llama.decode,
    trigger=llama.decode.trigger(busy),
    min_replicas=busy.min,
    max_replicas=busy.max,
    keda=gtc.Keda(workload, "keda", monitoring=monitoring),
    monitoring=monitoring,
)
gtc.synthesise(app)
