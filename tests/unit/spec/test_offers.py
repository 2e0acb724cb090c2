"""Sizes, regions and ranges of addresses: what is listed, and what a slip of the pen is told."""

import pytest

from gtc_spec.cloud import droplets, gpus, networks, prices, regions
from gtc_spec.cloud.node_pool import NodePool
from gtc_spec.environment import ENVIRONMENTS, load
from gtc_spec.errors import UsageError
from gtc_spec.overrides import load_with


@pytest.mark.parametrize(
    ("size", "meant"),
    [
        ("gpu-h10x8-640gb", "gpu-h100x8-640gb"),
        ("gpu-h200x8-1128", "gpu-h200x8-1128gb"),
        ("gpu-l40s-48gb", "gpu-l40sx1-48gb"),
        ("s-2cpu-4gb", "s-2vcpu-4gb"),
        ("S-4VCPU-8GB", ""),
        ("m5.large", ""),
    ],
)
def test_a_size_that_is_in_no_list_is_refused_with_the_one_that_was_meant(size, meant):
    with pytest.raises(UsageError) as caught:
        NodePool(size=size, count=1)

    assert f"size {size!r} is in no list of droplets, allowed: " in caught.value.message
    assert caught.value.hint.startswith(f"did you mean {meant}? " if meant else "unlisted=True")
    assert "unlisted=True" in caught.value.hint


def test_a_size_newer_than_the_list_is_taken_on_purpose():
    assert NodePool(size="gpu-b300x8-2304gb", count=2, unlisted=True).gpus == 16


def test_every_size_with_a_price_is_listed():
    assert set(prices.SIZES) <= droplets.LISTED
    assert {size for size, *_ in gpus.sizes()} <= droplets.LISTED


def test_a_size_by_contract_is_known_by_the_one_without():
    droplets.check("gpu-h200x8-1128gb-contracted")
    with pytest.raises(UsageError, match="is in no list"):
        droplets.check("gpu-x100x8-1gb-contracted")


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_what_the_environments_order_is_listed(name):
    env = load(name)

    droplets.check(env.nodes.size)
    droplets.check(env.hosting.management_size)
    regions.check(env.region, gpus=env.nodes.gpus > 0, nfs=env.hosting.share is not None)


@pytest.mark.parametrize("size", ["gpu-mi300x8-1536gb", "gpu-mi325x1-256gb", "gpu-b300x1-288gb"])
def test_the_demo_takes_gpus_that_its_engines_run_on_only(size):
    with pytest.raises(UsageError, match=f"unknown gpu size '{size}', allowed: h100 or h200"):
        load_with("prod", {"GTC_GPU_TYPE": size})


@pytest.mark.parametrize(
    ("region", "meant"),
    [("atlanta-1", "atl1"), ("atl", "atl1"), ("ny2", "nyc2"), ("NYC2", "nyc2"), ("mars-9", "")],
)
def test_a_region_that_is_in_no_list_is_refused_with_the_one_that_was_meant(region, meant):
    with pytest.raises(
        UsageError, match=f"region '{region}' is in no list, allowed: nyc1"
    ) as caught:
        regions.check(region)

    assert caught.value.hint.startswith(f"did you mean {meant}? " if meant else "unlisted=True")


@pytest.mark.parametrize(
    ("region", "wanted", "said"),
    [
        ("sfo3", {"gpus": True}, "region 'sfo3' is not known to have GPUs, allowed: atl1, nyc2"),
        ("tor1", {"nfs": True}, "region 'tor1' is not known to have managed NFS, allowed: atl1"),
        ("sfo3", {}, ""),
        ("tor1", {"gpus": True}, ""),
        ("nyc2", {"gpus": True, "nfs": True}, ""),
    ],
)
def test_a_region_is_asked_for_what_is_wanted_of_it_only(region, wanted, said):
    if not said:
        regions.check(region, **wanted)
        return
    with pytest.raises(UsageError) as caught:
        regions.check(region, **wanted)
    assert caught.value.message.startswith(said)


def test_whatever_has_gpus_or_shares_is_a_region():
    assert {*regions.WITH_GPUS, *regions.WITH_NFS} <= set(regions.CITIES)


@pytest.mark.parametrize("cidr", ["10.110.0.0/20", "172.16.0.0/16", "192.168.7.0/28"])
def test_a_private_range_of_a_size_that_is_offered_is_taken(cidr):
    assert str(networks.of_vpc(cidr)) == cidr


@pytest.mark.parametrize(
    ("cidr", "said"),
    [
        ("8.8.8.0/24", "vpc_cidr 8.8.8.0/24 is not private, allowed: inside 10.0.0.0/8"),
        ("172.32.0.0/20", "is not private"),
        ("fd00::/64", "is not private"),
        ("10.0.0.0/8", "vpc_cidr 10.0.0.0/8, allowed: /16 to /28"),
        ("10.110.0.0/29", "allowed: /16 to /28"),
        ("10.244.0.0/20", "overlaps 10.244.0.0/16, allowed: outside 10.229.0.0/16"),
        ("10.110.0.1/20", "has host bits set, allowed: like"),
        ("10.110.0.0/33", "allowed: like"),
        ("everywhere", "allowed: like"),
    ],
)
def test_a_range_that_digitalocean_would_not_take_is_refused(cidr, said):
    with pytest.raises(UsageError) as caught:
        networks.of_vpc(cidr)
    assert said in caught.value.message


def test_ranges_that_overlap_are_told_by_their_names():
    networks.apart({"vpc": "10.1.0.0/20", "cluster_subnet": "10.2.0.0/16", "service_subnet": None})
    with pytest.raises(UsageError, match=r"^service_subnet 10\.2\.0\.0/20 overlaps cluster_subnet"):
        networks.apart({"cluster_subnet": "10.2.0.0/16", "service_subnet": "10.2.0.0/20"})
