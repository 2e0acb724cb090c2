"""A cluster in a house that has rules: networks, ranges, names and regions of its own."""

import pytest

from gtc_constructs._bindings import TerraformStack
from gtc_constructs.base import synthesise
from gtc_constructs.cluster.gpu_cluster import GpuCluster
from gtc_constructs.cluster.nfs_share import NfsShare
from gtc_constructs.values import ExistingVpc, NfsTier
from gtc_spec.cloud.node_pool import NodePool
from gtc_spec.errors import UsageError
from tests.recorded_schemas import faults
from tests.synthesised import Synthesised

CLUSTER = "digitalocean_kubernetes_cluster"
SHARE = "digitalocean_nfs"
VPC = "digitalocean_vpc"
ID = "5a4981aa-9653-4bd1-bef5-d6bff52042e4"


def cluster(scope, id="gpu", **changes):
    arguments = {"name": "llm", "region": "atl1", "gpu_pool": NodePool.h100()}
    return GpuCluster(scope, id, **{**arguments, **changes})


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"vpc": ExistingVpc(ID), "nfs_size_gib": 50},
        {
            "vpc_cidr": "10.1.0.0/20",
            "cluster_subnet": "10.2.0.0/16",
            "service_subnet": "10.3.0.0/20",
        },
        {"gpu_pool": NodePool.h200x8(contracted=True, name="large"), "name_prefix": "team-a"},
        {"gpu_pool": NodePool(size="gpu-l40sx1-48gb", autoscale=(1, 3), labels={"team": "a"})},
        {"gpu_pool": NodePool.mi300xx8(), "nfs_size_gib": 400, "nfs_tier": NfsTier.STANDARD},
        {"gpu_pool": None, "cpu_pool": NodePool(size="c-8", count=2), "tags": ["a:b", "c_d"]},
        {"allowed_addresses": ["192.0.2.0/24"], "ha": False, "registry_integration": True},
    ],
    ids=["plain", "vpc", "subnets", "contract", "autoscaled", "amd", "cpu", "closed"],
)
def test_every_way_of_ordering_a_cluster_is_one_that_the_provider_knows(stack, changes):
    cluster(stack, **changes)

    assert faults(Synthesised(stack).json) == []


def test_what_the_provider_does_not_know_is_noticed(stack):
    made = cluster(stack, nfs_size_gib=50)
    made.cluster.add_override("colour", "blue")
    made.cluster.add_override("endpoint", "https://mine")
    made.cluster.add_override("ha", "yes")
    made.models.nfs.add_override("size", None)

    told = [each.split(".", 2)[-1] for each in faults(Synthesised(stack).json)]
    assert sorted(told) == [
        "endpoint is the provider's to say",
        "gpu_cluster_2B7B25A9 has no colour",
        "gpu_models_4A96203C needs size",
        "ha is 'yes', not bool",
    ]


def test_a_network_that_is_there_is_used_and_none_is_made(stack):
    made = cluster(stack, vpc=ExistingVpc(ID), nfs_size_gib=50)

    found = Synthesised(stack)
    assert found.resources(VPC) == []
    assert found.resource(CLUSTER)["vpc_uuid"] == ID
    assert found.resource(SHARE)["vpc_id"] == ID
    assert made.vpc == ExistingVpc(ID)


def test_what_has_to_be_there_first_is_so_without_a_network_of_its_own(stack):
    first = NfsShare(stack, "first", name="a", region="nyc2", vpc=ExistingVpc(ID), size_gib=50)
    cluster(stack, vpc=ExistingVpc(ID), nfs_size_gib=50, after=[first])

    found = Synthesised(stack)
    waits = f"{SHARE}.{first.nfs.friendly_unique_id}"
    assert found.resource(CLUSTER)["depends_on"] == [waits]
    assert found.resource(SHARE, name="llm-models")["depends_on"] == [waits]


def test_two_clusters_may_share_the_network_of_one(stack):
    first = cluster(stack)
    cluster(stack, "second", name="other", vpc=first.vpc)

    found = Synthesised(stack)
    [network] = found.json["resource"][VPC]
    ids = {each["vpc_uuid"] for each in found.resources(CLUSTER)}
    assert ids == {f"${{{VPC}.{network}.id}}"}


def test_the_id_of_a_network_may_be_known_after_apply(app, stack):
    other = TerraformStack(app, "other")
    cluster(other, vpc=ExistingVpc(cluster(stack).vpc.id))

    assert "${" in Synthesised(other).resource(CLUSTER)["vpc_uuid"]


@pytest.mark.parametrize("id", ["", "default", "10.0.0.0/16", ID.upper(), f"{ID}0"])
def test_an_id_that_is_no_uuid_is_refused(id):
    with pytest.raises(UsageError, match="allowed: a uuid"):
        ExistingVpc(id)


def test_the_range_of_an_existing_network_is_private():
    with pytest.raises(UsageError, match=r"vpc 8\.8\.8\.0/24 is not private"):
        ExistingVpc(ID, cidr="8.8.8.0/24")


def test_subnets_of_the_cluster_are_as_the_house_says(stack):
    cluster(
        stack,
        vpc_cidr="10.110.0.0/20",
        cluster_subnet="172.16.0.0/20",
        service_subnet="172.16.16.0/22",
    )

    found = Synthesised(stack)
    made = found.resource(CLUSTER)
    assert found.resource(VPC)["ip_range"] == "10.110.0.0/20"
    assert (made["cluster_subnet"], made["service_subnet"]) == ("172.16.0.0/20", "172.16.16.0/22")


def test_subnets_that_nobody_says_are_left_to_digitalocean(stack):
    cluster(stack)

    assert not {"cluster_subnet", "service_subnet"} & set(Synthesised(stack).resource(CLUSTER))


SUBNETS = {"cluster_subnet": "10.2.0.0/22", "service_subnet": "10.3.0.0/20"}
"""The pods of eight nodes."""


def test_every_node_that_the_pools_may_grow_to_has_room_for_its_pods(app, stack):
    made = cluster(stack, **SUBNETS, gpu_pool=NodePool.h100(count=3))
    assert list(made.problems()) == [], "three and five of the management pool"

    made.add_gpu_pool(NodePool.h200x8(name="large"))
    with pytest.raises(UsageError) as caught:
        synthesise(app)

    assert caught.value.message == (
        "stack/gpu: cluster_subnet 10.2.0.0/22 holds the pods of 8 nodes, allowed: at least a /25 "
        "for each of 9, which the pools may grow to; it cannot be changed later"
    )


def test_subnets_that_we_know_nothing_good_of_are_taken_on_purpose(app, stack):
    small = {"cluster_subnet": "10.2.0.0/30", "service_subnet": "10.245.0.0/31"}
    cluster(stack, **small, unlisted=True)

    synthesise(app)


def test_everything_in_the_account_begins_with_the_prefix(stack):
    made = cluster(stack, name_prefix="team-a", nfs_size_gib=50)

    found = Synthesised(stack)
    assert made.name == found.resource(CLUSTER)["name"] == "team-a-llm"
    assert found.resource(VPC)["name"] == "team-a-llm-vpc"
    assert found.resource(SHARE)["name"] == "team-a-llm-models"


def test_a_share_has_a_prefix_too(stack):
    network = ExistingVpc(ID)
    NfsShare(stack, "share", name="data", name_prefix="b", region="nyc2", vpc=network, size_gib=50)

    assert Synthesised(stack).resource(SHARE)["name"] == "b-data"


def test_a_share_is_a_decision(stack):
    made = cluster(stack)

    assert Synthesised(stack).resources(SHARE) == []
    with pytest.raises(UsageError, match=r"^stack/gpu: it has no share for models, allowed: nfs_"):
        made.models  # noqa: B018


def test_the_resource_inside_is_the_default_child(stack):
    made = cluster(stack, nfs_size_gib=50)

    assert made.node.default_child is made.cluster
    assert made.models.node.default_child is made.models.nfs


def test_the_default_child_keeps_its_address(stack):
    cluster(stack)

    assert [*Synthesised(stack).json["resource"][CLUSTER]] == ["gpu_cluster_2B7B25A9"]


def test_a_further_pool_by_contract_is_upgraded_without_a_spare_node_too(stack):
    cluster(stack).add_gpu_pool(NodePool.h200x8(contracted=True, name="large"))

    assert Synthesised(stack).resource(CLUSTER)["surge_upgrade"] is False


@pytest.mark.parametrize(
    "where", [{"region": "xyz9"}, {"region": "sfo3"}, {"region": "tor1", "nfs_size_gib": 50}]
)
def test_a_region_newer_than_the_list_is_taken_on_purpose(stack, where):
    cluster(stack, **where, unlisted=True)

    assert Synthesised(stack).resource(CLUSTER)["region"] == where["region"]


def test_a_cluster_without_gpus_may_be_where_there_are_none(stack):
    cluster(stack, region="sfo3", gpu_pool=None, cpu_pool=NodePool(size="c-8", count=1))

    assert Synthesised(stack).resource(CLUSTER)["region"] == "sfo3"


def test_nodes_with_gpus_of_amd_are_nodes_like_others(stack):
    assert cluster(stack, region="nyc2", gpu_pool=NodePool.mi325xx8()).gpus == 8


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"region": "atlanta-1"}, "region 'atlanta-1' is in no list, allowed: nyc1"),
        ({"region": "sfo3"}, "region 'sfo3' is not known to have GPUs, allowed: atl1"),
        (
            {"region": "tor1", "nfs_size_gib": 50},
            "region 'tor1' is not known to have managed NFS, allowed: atl1, nyc2",
        ),
        ({"nfs_tier": "ultra"}, "nfs_tier is 'ultra', allowed: 'standard', 'high'"),
        ({"nfs_size_gib": "400"}, "nfs_size_gib is '400', allowed: a whole number"),
        ({"tags": ["my tag"]}, "tag 'my tag', allowed: at most 255 of a-z"),
        ({"cluster_tags": [""]}, "tag '', allowed: "),
        ({"tags": "demo"}, "tags is 'demo', allowed: a list, each text"),
        ({"name_prefix": "Team A"}, "cluster 'Team A-llm' is not a name"),
        ({"name_prefix": "x" * 60}, "has 64 characters, allowed: at most 63"),
        ({"vpc": ID}, f"vpc is '{ID}', allowed: a Vpc"),
        ({"vpc": ExistingVpc(ID), "vpc_cidr": "10.1.0.0/20"}, "got vpc and vpc_cidr"),
        ({"vpc_cidr": "8.8.8.0/24"}, "vpc_cidr 8.8.8.0/24 is not private"),
        ({"cluster_subnet": "8.8.0.0/16"}, "cluster_subnet 8.8.0.0/16 is not private"),
        ({"service_subnet": "10.0.0.0/99"}, "service_subnet: "),
        (
            {"vpc_cidr": "10.1.0.0/20", "cluster_subnet": "10.1.0.0/16"},
            "cluster_subnet 10.1.0.0/16 overlaps vpc 10.1.0.0/20",
        ),
        (
            {"vpc": ExistingVpc(ID, cidr="10.1.0.0/20"), "service_subnet": "10.1.8.0/22"},
            "service_subnet 10.1.8.0/22 overlaps vpc 10.1.0.0/20",
        ),
        ({"cluster_subnet": "10.2.0.0/16"}, "got no service_subnet, allowed: cluster_subnet and"),
        ({"service_subnet": "10.2.0.0/16"}, "got no cluster_subnet, allowed: cluster_subnet and"),
        ({**SUBNETS, "service_subnet": "10.3.0.0/31"}, "is too small, allowed: at least 64"),
        ({**SUBNETS, "cluster_subnet": "10.244.0.0/16"}, "overlaps 10.244.0.0/16, allowed: out"),
        ({"gpu_pool": "gpu-h100x1-80gb"}, "gpu_pool is 'gpu-h100x1-80gb', allowed: a NodePool"),
        ({"management_pool": "system"}, "management_pool is 'system', allowed: a NodePool"),
    ],
)
def test_what_no_house_would_want_is_told_in_one_line(stack, changes, said):
    with pytest.raises(UsageError, match=r"^stack/gpu") as caught:
        cluster(stack, **changes)

    assert said in caught.value.message
    assert "allowed" in caught.value.message
    assert "\n" not in caught.value.message


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"vpc": ID}, f"vpc is '{ID}', allowed: a Vpc"),
        ({"vpc": None}, "vpc is None, allowed: a Vpc or an ExistingVpc"),
        ({"region": "fra1"}, "region 'fra1' is not known to have managed NFS"),
        ({"tier": "ultra"}, "tier is 'ultra', allowed: 'standard', 'high'"),
        ({"name": "Models"}, "share 'Models', allowed: at most 64"),
    ],
)
def test_a_share_that_could_not_be_made_is_told_in_one_line(stack, changes, said):
    arguments = {"name": "models", "region": "nyc2", "vpc": ExistingVpc(ID), "size_gib": 50}
    with pytest.raises(UsageError, match=r"^stack/share: ") as caught:
        NfsShare(stack, "share", **{**arguments, **changes})

    assert said in caught.value.message


def test_a_tier_may_be_written_as_text(stack):
    NfsShare(
        stack, "share", name="a", region="nyc2", vpc=ExistingVpc(ID), size_gib=50, tier="standard"
    )

    assert Synthesised(stack).resource(SHARE)["performance_tier"] == str(NfsTier.STANDARD)
