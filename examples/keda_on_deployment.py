"""A Deployment of yours, scaled by the requests that wait for it; nothing of Dynamo."""

from gtc_constructs.app import App, TerraformStack, synthesise
from gtc_constructs.cluster.connection import KubeconfigConnection
from gtc_constructs.platform.keda import Keda
from gtc_constructs.serving.keda_scaler import KedaScaler, PrometheusTrigger, ScaleTarget

app = App()
stack = TerraformStack(app, "shop")
KubeconfigConnection(stack, "connection")
keda = Keda(stack, "keda", monitors=False, node_selector={})
KedaScaler(
    stack,
    "scaler",
    target=ScaleTarget(api_version="apps/v1", kind="Deployment", name="api", namespace="shop"),
    trigger=PrometheusTrigger(
        name="waiting-requests", query='sum(http_requests_waiting{job="api"})', threshold=20
    ),
    min_replicas=2,
    max_replicas=10,
    prometheus_url="http://prometheus.monitoring.svc:9090",
    after=[keda],
)
synthesise(app)
