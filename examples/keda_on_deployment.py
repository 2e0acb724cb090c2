"""A Deployment of yours, scaled by the requests that wait for it; nothing of Dynamo."""

import gtc_constructs as gtc

app = gtc.App()
stack = gtc.TerraformStack(app, "shop")
gtc.KubeconfigConnection(stack, "connection")
keda = gtc.Keda(stack, "keda", node_selector={})
gtc.KedaScaler(
    stack,
    "scaler",
    target=gtc.ScaleTarget(api_version="apps/v1", kind="Deployment", name="api", namespace="shop"),
    trigger=gtc.PrometheusTrigger(
        name="waiting-requests", query='sum(http_requests_waiting{job="api"})', threshold=20
    ),
    min_replicas=2,
    max_replicas=10,
    keda=keda,
    monitoring=gtc.ExistingMonitoring(prometheus_url="http://prometheus.monitoring.svc:9090"),
)
gtc.synthesise(app)
