"""The classes of Terraform's resources that are made from the schemas of their providers."""

import gc
import json

import pytest

from gtc_constructs._bindings import App, TerraformOutput, TerraformStack
from gtc_constructs.terraform.digitalocean.data_kubernetes_cluster import (
    DataDigitaloceanKubernetesCluster,
)
from gtc_constructs.terraform.digitalocean.kubernetes_cluster import KubernetesClusterNodePool
from gtc_constructs.terraform.digitalocean.kubernetes_node_pool import KubernetesNodePool
from gtc_constructs.terraform.digitalocean.vpc import Vpc, VpcTimeouts
from gtc_constructs.terraform.helm.provider import HelmProvider, HelmProviderKubernetes
from gtc_spec.versions import PROVIDERS
from tests.synthesised import Synthesised
from tools.terraform.record import SCHEMAS


@pytest.fixture
def stack(tmp_path) -> TerraformStack:
    return TerraformStack(App(outdir=str(tmp_path)), "stack")


def vpc(stack: TerraformStack, **more: object) -> Vpc:
    return Vpc(stack, "net", name="net", region="nyc2", **more)


def test_what_is_given_is_written_and_nothing_else(stack):
    vpc(stack, ip_range=None, timeouts=VpcTimeouts(delete="30m"))

    assert Synthesised(stack).resource("digitalocean_vpc") == {
        "name": "net",
        "region": "nyc2",
        "timeouts": {"delete": "30m"},
    }


def test_an_attribute_is_a_reference_when_it_is_read(stack):
    found = DataDigitaloceanKubernetesCluster(stack, "found", name="llm")
    values = {
        "endpoint": found.endpoint,
        "token": found.kube_config.get(0).token,
        "expires": found.kubeconfig_expire_seconds,
        "tags": found.tags,
        "ha": found.ha,
    }
    for name, value in values.items():
        TerraformOutput(stack, name, value=value, static_id=True)

    outputs = Synthesised(stack).json["output"]
    address = "data.digitalocean_kubernetes_cluster.found"
    assert {name: each["value"] for name, each in outputs.items()} == {
        "endpoint": f"${{{address}.endpoint}}",
        "token": f"${{{address}.kube_config[0].token}}",
        "expires": f"${{{address}.kubeconfig_expire_seconds}}",
        "tags": f"${{{address}.tags}}",
        "ha": f"${{{address}.ha}}",
    }


def test_an_argument_can_be_given_another_value_later(stack):
    made = vpc(stack)
    made.ip_range = "10.20.0.0/20"
    made.timeouts = VpcTimeouts(delete="1h")

    written = Synthesised(stack).resource("digitalocean_vpc")
    assert (written["ip_range"], written["timeouts"]) == ("10.20.0.0/20", {"delete": "1h"})


def test_a_block_inside_an_argument_is_an_object_without_what_is_not_given(stack):
    access = HelmProviderKubernetes(host="https://cluster", token=None)
    HelmProvider(stack, "helm", kubernetes=access, alias="second")

    [provider] = Synthesised(stack).json["provider"]["helm"]
    assert provider == {"alias": "second", "kubernetes": {"host": "https://cluster"}}


def test_order_and_counts_are_cdktfs_own(stack):
    network = vpc(stack, count=2)
    KubernetesNodePool(
        stack, "pool", cluster_id="c", name="gpu", size="s-2vcpu-4gb", depends_on=[network]
    )

    written = Synthesised(stack)
    assert written.resource("digitalocean_vpc")["count"] == 2
    [pool] = written.resources("digitalocean_kubernetes_node_pool")
    assert pool["depends_on"] == ["digitalocean_vpc.net"]


def test_an_argument_that_the_provider_does_not_have_is_refused(stack):
    with pytest.raises(TypeError, match=r"Vpc got cidr, allowed: .*ip_range"):
        vpc(stack, cidr="10.0.0.0/16")


@pytest.mark.parametrize("given", [{}, {"region": None}])
def test_an_argument_that_the_provider_needs_is_asked_for(stack, given):
    with pytest.raises(TypeError, match="Vpc got no region"):
        Vpc(stack, "net", name="net", **given)


def test_a_block_needs_its_arguments_too():
    with pytest.raises(TypeError, match="size"):
        KubernetesClusterNodePool(name="management")


def test_a_stack_knows_the_class_of_what_the_program_has_forgotten(stack):
    vpc(stack)
    gc.collect()

    [network] = stack.node.children
    assert isinstance(network, Vpc)


@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda each: each.name)
def test_the_schemas_are_of_the_versions_that_are_deployed(provider):
    recorded = json.loads((SCHEMAS / f"{provider.name}.json").read_text())

    assert recorded["version"] == provider.version
