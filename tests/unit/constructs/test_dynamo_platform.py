import pytest

from gtc_constructs.platform.dynamo_platform import DynamoPlatform
from gtc_constructs.platform.keda import Keda
from gtc_constructs.platform.observability import Observability
from gtc_spec import environment
from gtc_spec.errors import UsageError
from gtc_spec.graph.existing import ExistingMonitoring
from gtc_spec.manifests.queue import queues
from tests.synthesised import Synthesised


def waits_for(made, release, other):
    return made.address("helm_release", made.release(other)) in made.release(release)["depends_on"]


def test_crds_come_before_the_platform_and_monitoring_before_both(stack):
    monitoring = Observability(stack, "observability")
    DynamoPlatform(stack, "platform", monitoring=monitoring)

    made = Synthesised(stack)

    assert waits_for(made, "dynamo-crds", "kube-prometheus-stack")
    assert waits_for(made, "dynamo-platform", "dynamo-crds")


def test_the_charts_are_archives_of_one_version(stack):
    DynamoPlatform(stack, "platform")

    for name in ("dynamo-crds", "dynamo-platform"):
        release = Synthesised(stack).release(name)
        assert release["chart"].endswith(f"{name}-0.8.1.tgz")
        assert "version" not in release, "Helm ignores it for an address"


def test_gang_scheduling_is_on_and_the_stores_are_kept(stack):
    DynamoPlatform(stack, "platform")

    (values,) = Synthesised(stack).release("dynamo-platform")["values"]

    assert values["grove"] == values["kai-scheduler"] == {"enabled": True}
    assert values["etcd"]["persistence"] == {"storageClass": "do-block-storage"}
    assert values["nats"]["enabled"]


def test_prometheus_is_told_under_the_key_that_counts(stack):
    monitoring = ExistingMonitoring(prometheus_url="http://prometheus:9090")
    DynamoPlatform(stack, "platform", monitoring=monitoring)

    (values,) = Synthesised(stack).release("dynamo-platform")["values"]

    metrics = values["dynamo-operator"]["dynamo"]["metrics"]
    assert metrics == {"prometheusEndpoint": "http://prometheus:9090"}
    assert "prometheusEndpoint" not in values


def test_images_that_are_gone_or_have_no_version_are_replaced(stack):
    DynamoPlatform(stack, "platform")

    (values,) = Synthesised(stack).release("dynamo-platform")["values"]

    operator = values["dynamo-operator"]
    assert operator["controllerManager"]["kubeRbacProxy"]["image"] == {
        "repository": "registry.k8s.io/kubebuilder/kube-rbac-proxy",
        "tag": "v0.15.0",
    }
    assert operator["webhook"]["certGenerator"]["image"]["tag"] == "1.33.4-debian-12-r0"


def test_the_hook_of_the_ssh_key_is_off_and_the_operator_still_finds_its_secret(stack):
    DynamoPlatform(stack, "platform")

    made = Synthesised(stack)
    (values,) = made.release("dynamo-platform")["values"]
    secret = made.resource("kubernetes_secret_v1")

    assert values["dynamo-operator"]["dynamo"]["mpiRun"] == {"sshKeygen": {"enabled": False}}
    assert secret["metadata"] == {"name": "mpi-run-ssh-secret", "namespace": "dynamo-system"}
    assert not {"data", "data_wo", "binary_data"} & set(secret), "nothing in it, nothing to leak"
    address = made.address("kubernetes_secret_v1", secret)
    assert address in made.release("dynamo-platform")["depends_on"]


def test_without_grove_there_is_no_kai(stack):
    DynamoPlatform(stack, "platform", grove=False)

    (values,) = Synthesised(stack).release("dynamo-platform")["values"]

    assert values["grove"] == values["kai-scheduler"] == {"enabled": False}


def test_queues_that_the_chart_made_are_taken_over(stack):
    made_queues = queues(environment.load("prod"))
    DynamoPlatform(stack, "platform", queues=made_queues)

    made = Synthesised(stack)

    assert made.release("dynamo-queues")["take_ownership"]
    assert made.manifests() == made_queues
    assert waits_for(made, "dynamo-queues", "dynamo-platform")


def test_queues_without_grove_are_refused(stack):
    with pytest.raises(UsageError, match=r"^stack/platform: got queues without grove"):
        DynamoPlatform(stack, "platform", grove=False, queues=queues(environment.load("prod")))


def test_gpu_pods_find_the_runtime_class(stack):
    DynamoPlatform(stack, "platform")

    made = Synthesised(stack).resource("kubernetes_runtime_class_v1")

    assert (made["metadata"]["name"], made["handler"]) == ("nvidia", "nvidia")


def test_the_workload_namespace_enforces_what_the_workers_can_meet(stack):
    DynamoPlatform(stack, "platform")

    levels = {
        each["metadata"]["name"]: each["metadata"]["labels"]["pod-security.kubernetes.io/enforce"]
        for each in Synthesised(stack).resources("kubernetes_namespace_v1")
    }

    assert levels == {"dynamo-system": "privileged", "dynamo-workload": "baseline"}


def test_a_namespace_of_another_name_gets_the_same_levels(stack):
    DynamoPlatform(stack, "platform", workload_namespace="models")

    made = [
        each["metadata"]
        for each in Synthesised(stack).resources("kubernetes_namespace_v1")
        if each["metadata"]["name"] == "models"
    ]

    assert made[0]["labels"]["pod-security.kubernetes.io/enforce"] == "baseline"


def test_keda_may_scale_adapters_and_nothing_unknown(stack):
    Keda(stack, "keda")

    (values,) = Synthesised(stack).release("keda")["values"]

    assert values["rbac"] == {
        "scaledRefKinds": [
            {"apiGroup": "nvidia.com", "kind": "dynamographdeploymentscalingadapters"}
        ]
    }


def test_keda_is_scraped_only_where_there_is_a_monitoring_api(stack):
    Keda(stack, "keda")

    (values,) = Synthesised(stack).release("keda")["values"]

    assert values["prometheus"]["operator"] == {
        "enabled": False,
        "serviceMonitor": {"enabled": False},
    }
