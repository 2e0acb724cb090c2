import pytest

from gtc_constructs._bindings import Construct, DigitaloceanProvider
from gtc_constructs.base import synthesise
from gtc_constructs.cluster.gpu_cluster import GpuCluster
from gtc_constructs.values import NfsTier
from gtc_spec.cloud.node_pool import NodePool
from gtc_spec.errors import UsageError
from tests.synthesised import Synthesised

CLUSTER = "digitalocean_kubernetes_cluster"
POOL = "digitalocean_kubernetes_node_pool"


def cluster(stack, **changes):
    arguments = {"name": "llm", "region": "atl1", "gpu_pool": NodePool.h100(count=3)}
    return GpuCluster(stack, "gpu", **{**arguments, **changes})


def test_the_defaults_make_a_cluster_that_can_be_thrown_away(stack):
    cluster(stack)

    made = Synthesised(stack).resource(CLUSTER)

    assert made["destroy_all_associated_resources"]
    assert made["ha"]
    assert made["kubeconfig_expire_seconds"] == 7200
    assert made["lifecycle"] == {"ignore_changes": ["version"]}


def test_an_account_without_a_registry_gets_its_cluster(stack):
    cluster(stack)

    assert Synthesised(stack).resource(CLUSTER)["registry_integration"] is False


def test_the_management_pool_grows_from_two_to_five(stack):
    cluster(stack)

    pool = Synthesised(stack).resource(CLUSTER)["node_pool"]

    assert pool == {
        "name": "management",
        "size": "s-2vcpu-4gb",
        "auto_scale": True,
        "min_nodes": 2,
        "max_nodes": 5,
        "tags": [],
    }


def test_gpu_nodes_are_fixed_and_get_their_taint_from_doks(stack):
    made = cluster(stack)

    pool = Synthesised(stack).resource(POOL)

    assert (pool["size"], pool["node_count"]) == ("gpu-h100x1-80gb", 3)
    assert "taint" not in pool
    assert made.gpus == 3


@pytest.mark.parametrize("contracted", [True, False])
def test_contracted_gpus_are_upgraded_without_a_spare_node(stack, contracted):
    cluster(stack, gpu_pool=NodePool.h200x8(contracted=contracted))

    assert Synthesised(stack).resource(CLUSTER)["surge_upgrade"] is not contracted


def test_another_pool_adds_its_gpus(stack):
    made = cluster(stack)
    made.add_gpu_pool(NodePool.h200x8(name="big"))

    assert made.gpus == 11
    assert len(Synthesised(stack).resources(POOL)) == 2


def test_the_share_has_a_tier_host_and_path(stack):
    made = cluster(stack, nfs_size_gib=500, nfs_tier=NfsTier.STANDARD)
    made.models.export  # noqa: B018 - asks for attributes that the bindings do not know

    share = Synthesised(stack).resource("digitalocean_nfs")

    assert (share["size"], share["performance_tier"]) == (500, "standard")


def test_the_provider_knows_the_tier(stack):
    cluster(stack)

    made = Synthesised(stack).json

    wanted = made["terraform"]["required_providers"]["digitalocean"]["version"]
    assert wanted == "2.99.1"
    assert made["provider"]["digitalocean"] == [{}], "the token is not ours to know"


def test_the_share_promises_no_tags_because_the_provider_sends_none(stack):
    cluster(stack, tags=["llm"], nfs_size_gib=50)

    made = Synthesised(stack)
    assert made.resource(CLUSTER)["tags"] == ["llm"]
    assert made.resource(POOL)["tags"] == ["llm"]
    assert "tags" not in made.resource("digitalocean_nfs")


def test_the_network_waits_for_members_that_leave_late(stack):
    cluster(stack)

    assert Synthesised(stack).resource("digitalocean_vpc")["timeouts"] == {"delete": "30m"}


@pytest.mark.parametrize(
    ("labels", "left_alone"),
    [({}, ["taint", "labels"]), ({"team": "a"}, ["taint"])],
    ids=["no labels of ours", "labels of ours"],
)
def test_what_doks_puts_on_gpu_nodes_is_no_difference(stack, labels, left_alone):
    cluster(stack, gpu_pool=NodePool(size="gpu-h100x1-80gb", count=1, labels=labels))

    assert Synthesised(stack).resource(POOL)["lifecycle"] == {"ignore_changes": left_alone}


def test_a_provider_that_is_there_is_used(stack):
    DigitaloceanProvider(stack, "mine", api_endpoint="http://127.0.0.1:1")
    cluster(stack)

    (provider,) = Synthesised(stack).json["provider"]["digitalocean"]
    assert provider == {"api_endpoint": "http://127.0.0.1:1"}


def test_a_provider_inside_a_construct_of_the_house_is_used(stack):
    house = Construct(stack, "house")
    DigitaloceanProvider(house, "mine", api_endpoint="http://127.0.0.1:1")
    GpuCluster(house, "gpu", name="llm", region="atl1", gpu_pool=NodePool.h100())

    (provider,) = Synthesised(stack).json["provider"]["digitalocean"]
    assert provider == {"api_endpoint": "http://127.0.0.1:1"}


def test_a_provider_that_comes_too_late_is_told_because_terraform_takes_one(app, stack):
    cluster(stack)
    DigitaloceanProvider(stack, "mine")

    with pytest.raises(UsageError) as caught:
        synthesise(app)

    assert caught.value.message == (
        "stack: stack/digitalocean and stack/mine are both its provider digitalocean, "
        "allowed: one; make yours before what uses it, or give it an alias"
    )


def test_a_provider_with_an_alias_may_stand_beside_another(app, stack):
    cluster(stack)
    DigitaloceanProvider(stack, "mine", alias="other")

    synthesise(app)


def test_pools_are_there_by_their_names(stack):
    made = cluster(stack, gpu_pool=NodePool.h100(name="fast"))
    made.add_gpu_pool(NodePool.h200x8(name="large"))

    assert {name: pool.size_input for name, pool in made.pools.items()} == {
        "fast": "gpu-h100x1-80gb",
        "large": "gpu-h200x8-1128gb",
    }


def test_the_control_plane_can_be_closed_to_the_world(stack):
    cluster(stack, allowed_addresses=["192.0.2.0/24"])

    assert Synthesised(stack).resource(CLUSTER)["control_plane_firewall"] == {
        "enabled": True,
        "allowed_addresses": ["192.0.2.0/24"],
    }


def test_a_pool_has_the_name_that_it_was_given(stack):
    made = cluster(
        stack,
        gpu_pool=NodePool.h100(name="fast"),
        cpu_pool=NodePool(size="s-8vcpu-16gb", count=1),
        management_pool=NodePool.management(name="system"),
    )
    made.add_gpu_pool(NodePool.h200x8(name="large"))

    found = Synthesised(stack)
    assert {pool["name"] for pool in found.resources(POOL)} == {"fast", "workers", "large"}
    assert found.resource(CLUSTER)["node_pool"]["name"] == "system"


@pytest.mark.parametrize(
    ("pool", "said"),
    [
        (NodePool.h200x8(), "has no name, allowed: NodePool(..., name="),
        (NodePool.h200x8(name="gpu"), "the name 'gpu' of a node pool is taken"),
        (NodePool.h200x8(name="management"), "the name 'management' of a node pool is taken"),
        (NodePool.h200x8(name="vpc"), "the name 'vpc' of a node pool is taken"),
        (NodePool(size="s-2vcpu-4gb", count=1, name="small"), "size s-2vcpu-4gb has no gpus"),
        ("large", "pool is 'large', allowed: a NodePool"),
    ],
    ids=["no name", "taken", "of the management", "of a resource", "no gpus", "text"],
)
def test_a_further_pool_that_cannot_be_told_apart_is_refused(stack, pool, said):
    made = cluster(stack)

    with pytest.raises(UsageError, match=r"^stack/gpu: ") as caught:
        made.add_gpu_pool(pool)

    assert said in caught.value.message


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": "Demo"}, "cluster 'Demo' is not a name"),
        ({"name": "x" * 64}, "64 characters"),
        ({"gpu_pool": NodePool.management()}, "size s-2vcpu-4gb has no gpus"),
        ({"nfs_size_gib": 49}, "got 49 gib, allowed: at least 50"),
    ],
)
def test_bad_input_is_one_line_that_names_the_construct(stack, changes, said):
    with pytest.raises(UsageError, match=r"^stack/gpu") as caught:
        cluster(stack, **changes)

    assert said in caught.value.message
    assert "\n" not in caught.value.message
