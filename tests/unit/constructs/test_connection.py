from pathlib import Path

from gtc_constructs.cluster.connection import ClusterConnection, KubeconfigConnection
from tests.synthesised import Synthesised

CLUSTER = "digitalocean_kubernetes_cluster"


def test_both_providers_reach_the_cluster_that_has_the_name(stack):
    ClusterConnection(stack, "connection", name="llm")

    made = Synthesised(stack).json
    (address,) = made["data"][CLUSTER]
    (kubernetes,) = made["provider"]["kubernetes"]
    (helm,) = made["provider"]["helm"]

    assert kubernetes["host"] == f"${{data.{CLUSTER}.{address}.endpoint}}"
    assert set(kubernetes) == {"host", "token", "cluster_ca_certificate"}
    assert helm["kubernetes"] == kubernetes


def test_credentials_live_for_two_hours(stack):
    ClusterConnection(stack, "connection", name="llm")

    (cluster,) = Synthesised(stack).json["data"][CLUSTER].values()

    assert cluster["kubeconfig_expire_seconds"] == 7200


def test_a_cluster_without_the_tag_is_refused_with_a_hint(stack):
    ClusterConnection(stack, "connection", name="llm", required_tags=["mine"], hint="Remove it.")

    (cluster,) = Synthesised(stack).json["data"][CLUSTER].values()
    (condition,) = cluster["lifecycle"]["postcondition"]

    assert condition == {
        "condition": '${contains(self.tags, "mine")}',
        "error_message": "Cluster llm is there but does not carry the tag mine. Remove it.",
    }


def test_the_publishers_of_the_providers_are_written_out(stack):
    ClusterConnection(stack, "connection", name="llm")

    sources = {
        name: each["source"]
        for name, each in Synthesised(stack).json["terraform"]["required_providers"].items()
    }

    assert sources == {
        "digitalocean": "digitalocean/digitalocean",
        "helm": "hashicorp/helm",
        "kubernetes": "hashicorp/kubernetes",
    }


def test_any_cluster_of_a_kubeconfig_will_do(stack):
    KubeconfigConnection(stack, "connection", path=Path("cluster.yaml"), context="kind")

    provider = Synthesised(stack).json["provider"]
    expected = {"config_path": "cluster.yaml", "config_context": "kind"}

    assert provider == {"kubernetes": [expected], "helm": [{"kubernetes": expected}]}
