"""Everything that needs no GPU fits the management pool, node by node.

Pods of our own and charts with resources in our values are read from what is synthesised; what
charts ask for by themselves is listed here with its source.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from gtc_spec.environment import ENVIRONMENTS, load
from gtc_spec.manifests.jobs import download_job, upload_job
from tests.synthesised import IMAGE, Synthesised, stack_of_demo


class Need(NamedTuple):
    """Requests of one pod: thousandths of a CPU and MiB."""

    cpu_m: int
    memory_mi: int


NODES = {"s-2vcpu-4gb": Need(1900, 3110)}
"""Allocatable (kubectl describe node on DOKS 1.28)."""
EVERY_NODE = {
    "cilium": Need(300, 300),
    "cpc-bridge-proxy": Need(100, 75),
    "do-node-agent": Need(102, 80),
    "kube-proxy": Need(0, 125),
}
"""DaemonSets of DOKS (the same description)."""
BY_THEMSELVES = {
    "coredns 1": Need(100, 144),
    "coredns 2": Need(100, 144),
    # dynamo-platform 0.8: components/operator/values.yaml, manager and kube-rbac-proxy
    "dynamo-operator": Need(517, 1088),
    # ai-dynamo/grove: operator/charts/values.yaml
    "grove-operator": Need(50, 128),
    # keda 2.20: keda/values.yaml, the same for all three
    "keda-operator": Need(100, 100),
    "keda-metrics-apiserver": Need(100, 100),
    "keda-admission-webhooks": Need(100, 100),
    # KAI asks for nothing; room for seven small controllers all the same
    **{f"kai {number}": Need(50, 100) for number in range(7)},
}
RESOURCES_OF_CHARTS = {
    "kube-prometheus-stack": {
        "prometheus": "prometheus.prometheusSpec.resources",
        "prometheus-operator": "prometheusOperator.resources",
        "grafana": "grafana.resources grafana.sidecar.resources grafana.sidecar.resources",
        "kube-state-metrics": "kube-state-metrics.resources",
    },
    "dynamo-platform": {
        "etcd": "etcd.resources",
        "nats": "nats.container.merge.resources",
    },
}
"""Release, pod, and where our values say what its containers ask for."""
NODE_EXPORTER = "prometheus-node-exporter.resources"


def cpu_m(text: str) -> int:
    return int(text.removesuffix("m")) if text.endswith("m") else int(text) * 1000


def memory_mi(text: str) -> int:
    return int(text[:-2]) * {"Mi": 1, "Gi": 1024}[text[-2:]]


def total(needs: list[Need]) -> Need:
    return Need(sum(each.cpu_m for each in needs), sum(each.memory_mi for each in needs))


def need(resources: dict[str, Any]) -> Need:
    asked = resources["requests"]
    return Need(cpu_m(asked["cpu"]), memory_mi(asked["memory"]))


def of_pod(spec: dict[str, Any]) -> Need:
    return total([need(container["resources"]) for container in spec["containers"]])


def value(stack: Synthesised, release: str, dotted: str) -> dict[str, Any]:
    [found] = stack.release(release)["values"]
    for key in dotted.split("."):
        found = found[key]
    return found


def ours(env: str) -> Iterator[tuple[str, Need]]:
    for manifest in stack_of_demo(f"cluster-{env}").manifests():
        if manifest["kind"] == "Deployment":
            yield manifest["metadata"]["name"], of_pod(manifest["spec"]["template"]["spec"])
        if manifest["kind"] == "DynamoGraphDeployment":
            yield "frontend", need(manifest["spec"]["services"]["Frontend"]["resources"])
    jobs = (upload_job, download_job) if load(env).hosting.share else ()
    for job in (made(load(env), IMAGE) for made in jobs):
        yield job["metadata"]["name"], of_pod(job["spec"]["template"]["spec"])


def charts(env: str) -> Iterator[tuple[str, Need]]:
    stack = stack_of_demo(f"cluster-{env}")
    for release, pods in RESOURCES_OF_CHARTS.items():
        for pod, paths in pods.items():
            yield pod, total([need(value(stack, release, path)) for path in paths.split()])


def pods(env: str) -> dict[str, Need]:
    return {**dict(ours(env)), **dict(charts(env)), **BY_THEMSELVES}


def free_of(env: str) -> Need:
    exporter = need(value(stack_of_demo(f"cluster-{env}"), "kube-prometheus-stack", NODE_EXPORTER))
    node, taken = NODES[load(env).hosting.management_size], [*EVERY_NODE.values(), exporter]
    return Need(node.cpu_m - total(taken).cpu_m, node.memory_mi - total(taken).memory_mi)


def nodes_for(needs: list[Need], free: Need) -> int:
    """Nodes that first-fit takes, largest first; the scheduler may do better, hardly worse."""
    nodes: list[Need] = []
    for pod in sorted(needs, reverse=True):
        assert pod.cpu_m <= free.cpu_m, f"{pod} fits no node"
        assert pod.memory_mi <= free.memory_mi, f"{pod} fits no node"
        for index, left in enumerate(nodes):
            if pod.cpu_m <= left.cpu_m and pod.memory_mi <= left.memory_mi:
                nodes[index] = Need(left.cpu_m - pod.cpu_m, left.memory_mi - pod.memory_mi)
                break
        else:
            nodes.append(Need(free.cpu_m - pod.cpu_m, free.memory_mi - pod.memory_mi))
    return len(nodes)


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_all_pods_fit_the_management_pool_at_its_largest(env: str) -> None:
    _, most = load(env).hosting.management_nodes

    assert nodes_for(list(pods(env).values()), free_of(env)) <= most


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_no_pod_of_ours_is_left_out(env: str) -> None:
    assert {"frontend", "gtc-demo-panel", "gtc-demo-guardian"} <= set(dict(ours(env)))
    if load(env).hosting.share:
        assert {"model-upload-spaces", "model-download-nfs"} < set(dict(ours(env)))


def test_the_sum_would_notice_twice_as_many_pods() -> None:
    found = list(pods("prod").values())
    _, most = load("prod").hosting.management_nodes

    assert nodes_for([*found, *found], free_of("prod")) > most


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_whatever_runs_on_the_management_pool_says_so(env: str) -> None:
    selector = {"doks.digitalocean.com/node-pool": "management"}
    stack = stack_of_demo(f"cluster-{env}")
    for manifest in stack.manifests():
        if manifest["kind"] == "Deployment":
            assert manifest["spec"]["template"]["spec"]["nodeSelector"] == selector
        if manifest["kind"] == "DynamoGraphDeployment":
            services = dict(manifest["spec"]["services"])
            assert services.pop("Frontend")["extraPodSpec"]["nodeSelector"] == selector
            own = [each["extraPodSpec"].get("nodeSelector") for each in services.values()]
            assert selector not in own, "workers have nodes of their own"
    assert value(stack, "kube-prometheus-stack", "grafana.nodeSelector") == selector
    prometheus = "prometheus.prometheusSpec.nodeSelector"
    assert value(stack, "kube-prometheus-stack", prometheus) == selector
