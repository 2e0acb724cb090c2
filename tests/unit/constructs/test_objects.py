"""Constructs are handed to each other: namespaces, claims, secrets, addresses and order follow."""

from dataclasses import replace

import pytest

from gtc_constructs._bindings import TerraformStack
from gtc_constructs.platform.dynamo_platform import DynamoPlatform
from gtc_constructs.platform.keda import Keda
from gtc_constructs.platform.observability import Observability
from gtc_constructs.secrets import SecretRef, WorkloadSecrets
from gtc_constructs.serving.disagg_deployment import DisaggDeployment
from gtc_constructs.serving.keda_scaler import KedaScaler, PrometheusTrigger
from gtc_constructs.serving.model_store import ModelStore
from gtc_constructs.values import NfsExport
from gtc_spec.cloud.node_pool import NodePool
from gtc_spec.engines.trtllm import Trtllm
from gtc_spec.errors import UsageError
from gtc_spec.graph.existing import ExistingModels, ExistingMonitoring, ExistingPlatform
from gtc_spec.graph.model_ref import ModelRef
from gtc_spec.graph.serving import Serving
from gtc_spec.pools import ScaleRule
from tests.synthesised import ROOT, Synthesised

SHARE = NfsExport(host="10.0.0.7", path="/models")
SERVING = Serving(
    name="llm",
    model=ModelRef(repository="meta-llama/Llama-3.1-8B-Instruct"),
    gpu_pool=NodePool.h100(count=6),
    backend=Trtllm(engine_configs=ROOT / "engine_configs" / "dev"),
)
TRIGGER = PrometheusTrigger(name="load", query="sum(up)", threshold=2)
THERE = ExistingMonitoring(prometheus_url="http://prometheus.there.svc:9090")
WEIGHTS = ExistingModels(claim="weights")


def refusal(make):
    with pytest.raises(UsageError) as caught:
        make()
    assert "\n" not in caught.value.message
    assert "allowed" in caught.value.message
    return f"{caught.value.message} ({caught.value.hint})"


def store(stack, id="models", **more):
    return ModelStore(stack, id, share=SHARE, size_gib=100, **more)


def token(stack, id="secrets", **more):
    value = SecretRef.from_variable(stack, "hf_token", description="token")
    return WorkloadSecrets(stack, id, secrets={"hub": {"HF_TOKEN": value}}, **more)


@pytest.fixture
def platform(stack):
    return DynamoPlatform(stack, "platform", workload_namespace="inference", grove=False)


def test_a_deployment_is_where_its_platform_is_and_reads_what_is_handed_to_it(stack, platform):
    models, secrets = store(stack, platform=platform), token(stack, namespace=platform)
    made = DisaggDeployment(
        stack, "it", serving=SERVING, platform=platform, models=models, secrets=secrets
    )

    graph = made.manifest
    worker = graph["spec"]["services"]["TrtllmDecodeWorker"]
    assert graph["metadata"]["namespace"] == "inference"
    assert graph["metadata"]["annotations"]["nvidia.com/enable-grove"] == "false"
    assert graph["spec"]["pvcs"] == [{"name": "model-nfs-pvc", "create": False}]
    assert worker["envFromSecret"] == "hub"
    assert made.frontend_url == "http://llm-frontend.inference.svc:8000"


def test_a_deployment_comes_after_its_platform_models_and_secrets(stack, platform):
    models, secrets = store(stack, platform=platform), token(stack, namespace=platform)
    DisaggDeployment(
        stack, "it", serving=SERVING, platform=platform, models=models, secrets=secrets
    )

    made = Synthesised(stack)
    before = {
        made.address("helm_release", made.release(name))
        for name in ("dynamo-crds", "dynamo-platform", "model-nfs-pvc-store")
    }
    [secret] = (
        f"kubernetes_secret_v1.{key}"
        for key, each in made.json["resource"]["kubernetes_secret_v1"].items()
        if each["metadata"]["name"] == "hub"
    )
    assert before | {secret} <= set(made.release("llm")["depends_on"])


def test_models_and_secrets_wait_for_their_namespace_alone(stack, platform):
    store(stack, platform=platform)
    token(stack, namespace=platform)

    made = Synthesised(stack)
    [namespace] = (
        f"kubernetes_namespace_v1.{key}"
        for key, each in made.json["resource"]["kubernetes_namespace_v1"].items()
        if each["metadata"]["name"] == "inference"
    )
    secret = next(each for each in made.resources("kubernetes_secret_v1") if "data_wo" in each)
    assert made.release("model-nfs-pvc-store")["depends_on"] == [namespace]
    assert secret["depends_on"] == [namespace]
    assert secret["metadata"]["namespace"] == "inference"


def test_a_further_namespace_is_made_by_the_platform_and_handed_on(stack, platform):
    space = platform.add_workload_namespace("team-b")
    models = store(stack, namespace=space)

    made = DisaggDeployment(stack, "it", serving=SERVING, platform=platform, models=models)

    levels = {
        each["metadata"]["name"]: each["metadata"]["labels"]["pod-security.kubernetes.io/enforce"]
        for each in Synthesised(stack).resources("kubernetes_namespace_v1")
    }
    assert made.serving.namespace == "team-b"
    assert levels["team-b"] == levels["inference"] == "baseline"


@pytest.mark.parametrize("taken", ["inference", "dynamo-system"])
def test_a_namespace_is_made_once(platform, taken):
    said = refusal(lambda: platform.add_workload_namespace(taken))

    assert said.startswith(f"stack/platform: makes the namespace '{taken}' already")


def test_a_mismatch_is_one_line_with_the_path_of_the_construct(stack, platform):
    wrong = replace(SERVING, namespace="elsewhere")

    said = refusal(
        lambda: DisaggDeployment(stack, "it", serving=wrong, platform=platform, models=WEIGHTS)
    )

    assert said.startswith("stack/it: namespace 'elsewhere', allowed on this platform: inference")
    assert "platform.add_workload_namespace('elsewhere')" in said


def test_gpu_workers_on_a_platform_without_gpus_are_refused(stack):
    platform = DynamoPlatform(stack, "platform", gpus=False)

    said = refusal(
        lambda: DisaggDeployment(stack, "it", serving=SERVING, platform=platform, models=WEIGHTS)
    )

    assert said.startswith("stack/it: stack/platform is without gpus")


def test_two_deployments_of_one_name_need_two_namespaces(stack, platform):
    there = store(stack, namespace=platform.add_workload_namespace("team-b"))
    given = {"serving": replace(SERVING, gpu_pool=NodePool.h100(count=20)), "platform": platform}
    DisaggDeployment(stack, "a", models=WEIGHTS, **given)
    DisaggDeployment(stack, "b", models=there, **given)

    said = refusal(lambda: DisaggDeployment(stack, "c", models=WEIGHTS, **given))

    assert said.startswith("stack/c: stack/a is called 'llm' in inference already")


@pytest.mark.parametrize("kind", [DynamoPlatform, Keda, Observability])
def test_a_cluster_has_one_of_each(app, stack, kind):
    kind(stack, "first")
    kind(TerraformStack(app, "other"), "first")

    said = refusal(lambda: kind(stack, "second"))

    assert said.startswith(f"stack/second: stack/first is a {kind.__name__} already")


def test_a_scaler_asks_the_prometheus_of_the_monitoring_that_it_is_handed(stack):
    monitoring = Observability(stack, "monitoring", namespace="metrics")
    keda = Keda(stack, "keda", monitoring=monitoring)
    models = ExistingModels(claim="weights")
    made = DisaggDeployment(
        stack, "it", serving=SERVING, platform=ExistingPlatform(), models=models
    )

    scaler = KedaScaler(
        stack, "scaler", target=made.decode, trigger=TRIGGER, max_replicas=2,
        keda=keda, monitoring=monitoring,
    )  # fmt: skip

    [trigger] = scaler.manifest["spec"]["triggers"]
    written = Synthesised(stack)
    [values] = written.release("keda")["values"]
    address = written.address("helm_release", written.release("keda"))
    assert trigger["metadata"]["serverAddress"].endswith("-prometheus.metrics.svc:9090")
    assert address in written.release(scaler.name)["depends_on"]
    assert values["prometheus"]["operator"]["enabled"] is True


@pytest.mark.parametrize(
    "make",
    [
        lambda stack: DynamoPlatform(stack, "platform", namespace="dynamo", monitoring=THERE),
        lambda stack: ExistingPlatform(platform_namespace="dynamo"),
    ],
)
def test_a_trigger_looks_for_frontends_where_the_platform_scrapes_them(stack, make):
    made = DisaggDeployment(stack, "it", serving=SERVING, platform=make(stack), models=WEIGHTS)

    rule = ScaleRule(trigger="decode_streams", threshold=10, min=1, max=2)
    assert 'job="dynamo/dynamo-frontend"' in made.decode.trigger(rule).query


def test_a_scaler_beside_a_keda_that_it_does_not_know_is_refused(stack):
    Keda(stack, "keda")
    made = DisaggDeployment(
        stack, "it", serving=SERVING, platform=ExistingPlatform(), models=WEIGHTS
    )

    said = refusal(
        lambda: KedaScaler(
            stack, "scaler", target=made.decode, trigger=TRIGGER, max_replicas=2, monitoring=THERE
        )
    )

    assert said.startswith("stack/scaler: got no keda, and the stack makes stack/keda")


def test_a_keda_without_the_right_to_scale_adapters_is_refused(stack):
    keda = Keda(stack, "keda", scales=[("apps.example", "widgets")])
    made = DisaggDeployment(
        stack, "it", serving=SERVING, platform=ExistingPlatform(), models=WEIGHTS
    )

    said = refusal(
        lambda: KedaScaler(
            stack, "scaler", target=made.decode, trigger=TRIGGER, max_replicas=2,
            monitoring=THERE, keda=keda,
        )
    )  # fmt: skip

    assert "may not scale dynamographdeploymentscalingadapters.nvidia.com" in said


def test_the_same_claim_in_two_namespaces_has_two_volumes(stack):
    made = [store(stack, name, namespace=name) for name in ("dynamo-workload", "team-a", "team-b")]

    volumes = [each.manifests[0]["metadata"]["name"] for each in made]
    assert volumes == [
        "model-nfs-pvc-volume",
        "team-a-model-nfs-pvc-volume",
        "team-b-model-nfs-pvc-volume",
    ]
    assert [each.manifests[1]["spec"]["volumeName"] for each in made] == volumes


def test_a_claim_is_made_once(stack):
    store(stack, "a", namespace="work")

    said = refusal(lambda: store(stack, "b", namespace="work"))

    assert said.startswith("stack/b: stack/a makes the volume work-model-nfs-pvc-volume already")


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda s: DisaggDeployment(s, "it", serving=SERVING, platform="platform"),
         "stack/it: platform is 'platform', allowed: a DynamoPlatform or ExistingPlatform()"),
        (lambda s: DisaggDeployment(s, "it", serving=SERVING, platform=None, models=WEIGHTS),
         "stack/it: platform is None, allowed: "),
        (lambda s: DisaggDeployment(
            s, "it", serving=SERVING, platform=ExistingPlatform(), models="weights"),
         "stack/it: models is 'weights', allowed: a ModelStore, a ModelDownload or Existing"),
        (lambda s: DisaggDeployment(
            s, "it", serving=SERVING, platform=ExistingPlatform(), models=WEIGHTS, secrets="hub"),
         "stack/it: secrets is text, allowed: WorkloadSecrets, ExistingSecret(name=...)"),
        (lambda s: DisaggDeployment(s, "it", serving=SERVING, platform=ExistingPlatform()),
         "stack/it: got no models"),
        (lambda s: DynamoPlatform(s, "it", monitoring="http://prometheus:9090"),
         "stack/it: monitoring is 'http://prometheus:9090', allowed: an Observability or Existing"),
        (lambda s: Keda(s, "it", monitoring=True), "stack/it: monitoring is True, allowed: "),
        (lambda s: store(s, "it"), "stack/it: got both or neither of platform and namespace"),
        (lambda s: store(s, "it", namespace=3), "stack/it: namespace is 3, allowed: "),
        (lambda s: token(s, "it", namespace=None), "stack/it: namespace is None, allowed: "),
        (lambda s: token(s, "it", namespace="A b"), "stack/it: namespace 'A b' is not a name"),
    ],
)  # fmt: skip
def test_what_cannot_be_handed_on_is_one_line(stack, make, says):
    assert refusal(lambda: make(stack)).startswith(says)


def test_the_default_child_is_the_resource_that_matters(stack, platform):
    monitoring = Observability(stack, "monitoring")
    keda = Keda(stack, "keda", monitoring=monitoring)
    models = store(stack, platform=platform)
    made = DisaggDeployment(stack, "it", serving=SERVING, platform=platform, models=models)

    children = [each.node.default_child for each in (platform, monitoring, keda, models, made)]

    assert children == [
        platform.chart.release,
        monitoring.prometheus.release,
        keda.chart.release,
        models.release.release,
        made.release.release,
    ]
    assert platform.workload.node.default_child is platform.workload.namespace
