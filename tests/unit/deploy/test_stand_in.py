"""The stand-in for the DigitalOcean API refuses what the API refuses, and fails when it is told."""

import math
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.digitalocean.account import TOKEN
from tests.digitalocean.server import Cloud, serving


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with serving() as made:
        yield made


def ask(cloud: Cloud, method: str, path: str, body: Any = None, token: str = TOKEN) -> Any:
    return httpx.request(
        method, cloud.url + path, json=body, headers={"Authorization": f"Bearer {token}"}
    )


def made_vpc(cloud: Cloud) -> str:
    body = {"name": "v", "region": "atl1"}
    return ask(cloud, "POST", "/v2/vpcs", body).json()["vpc"]["id"]


def cluster_body(vpc: str, **more: Any) -> dict[str, Any]:
    """As godo writes it: fields without omitempty are always there."""
    pool = {"name": "management", "size": "s-2vcpu-4gb", "auto_scale": True,
            "min_nodes": 2, "max_nodes": 5, "labels": {"a": "b"}, "tags": ["t"]}  # fmt: skip
    return {"name": "gtc-demo", "region": "atl1", "version": "1.34.5-do.1", "vpc_uuid": vpc,
            "node_pools": [pool], "maintenance_policy": None, "auto_upgrade": False,
            "surge_upgrade": True, "ha": True, "tags": ["gtc-demo"]} | more  # fmt: skip


def made_cluster(cloud: Cloud, vpc: str) -> str:
    told = ask(cloud, "POST", "/v2/kubernetes/clusters", cluster_body(vpc))
    assert told.status_code == 201, told.text
    return told.json()["kubernetes_cluster"]["id"]


def gpu_pool(cloud: Cloud, cluster: str, size: str = "gpu-h100x1-80gb", count: int = 3) -> Any:
    path = f"/v2/kubernetes/clusters/{cluster}/node_pools"
    return ask(cloud, "POST", path, {"name": "gpu", "size": size, "count": count})


def test_a_field_that_the_provider_never_sends_is_refused_by_its_name(cloud: Cloud) -> None:
    body = cluster_body(made_vpc(cloud), node_count=3)
    told = ask(cloud, "POST", "/v2/kubernetes/clusters", body)
    assert (told.status_code, told.json()["id"]) == (422, "unprocessable_entity")
    assert "node_count" in told.json()["message"]


def test_a_field_inside_a_pool_is_refused_too(cloud: Cloud) -> None:
    body = cluster_body(made_vpc(cloud))
    body["node_pools"][0]["gpus"] = 8
    told = ask(cloud, "POST", "/v2/kubernetes/clusters", body)
    assert "node_pools.0.gpus" in told.json()["message"]


def test_a_cluster_name_is_taken_once(cloud: Cloud) -> None:
    vpc = made_vpc(cloud)
    made_cluster(cloud, vpc)
    assert ask(cloud, "POST", "/v2/kubernetes/clusters", cluster_body(vpc)).status_code == 422


def test_an_autoscaled_pool_begins_with_its_least_nodes(cloud: Cloud) -> None:
    id = made_cluster(cloud, made_vpc(cloud))
    (pool,) = ask(cloud, "GET", f"/v2/kubernetes/clusters/{id}/node_pools").json()["node_pools"]
    assert (pool["count"], len(pool["nodes"])) == (2, 2)


def test_what_was_deleted_holds_its_vpc_until_the_clock_is_turned(cloud: Cloud) -> None:
    cloud.account.timings.release_s = 170
    vpc = made_vpc(cloud)
    id = made_cluster(cloud, vpc)
    ask(cloud, "DELETE", f"/v2/kubernetes/clusters/{id}")
    assert ask(cloud, "DELETE", f"/v2/vpcs/{vpc}").status_code == 409
    cloud.account.clock.turn(171)
    assert ask(cloud, "DELETE", f"/v2/vpcs/{vpc}").status_code == 204


def test_a_pool_that_is_never_ready_becomes_ready_when_the_test_says_so(cloud: Cloud) -> None:
    cloud.account.timings.pool_s = math.inf
    id = made_cluster(cloud, made_vpc(cloud))
    assert gpu_pool(cloud, id).json()["node_pool"]["nodes"][0]["status"]["state"] == "provisioning"
    cloud.account.timings.pool_s = 0
    pools = ask(cloud, "GET", f"/v2/kubernetes/clusters/{id}/node_pools").json()["node_pools"]
    assert {node["status"]["state"] for pool in pools for node in pool["nodes"]} == {"running"}


def test_an_account_without_a_registry_refuses_its_integration(cloud: Cloud) -> None:
    cloud.account.registry = None
    body = {"cluster_uuids": [made_cluster(cloud, made_vpc(cloud))]}
    assert ask(cloud, "POST", "/v2/kubernetes/registry", body).status_code == 412
    assert ask(cloud, "GET", "/v2/registry").status_code == 404


def test_more_nodes_than_the_droplet_limit_are_refused(cloud: Cloud) -> None:
    cloud.account.droplet_limit = 6
    told = gpu_pool(cloud, made_cluster(cloud, made_vpc(cloud)))
    assert (told.status_code, "limit" in told.json()["message"]) == (422, True)


def test_a_contracted_size_is_given_to_those_with_a_contract_only(cloud: Cloud) -> None:
    id = made_cluster(cloud, made_vpc(cloud))
    cloud.account.contracts.clear()
    contracted = "gpu-h200x8-1128gb-contracted"
    assert gpu_pool(cloud, id, contracted, 1).status_code == 422
    cloud.account.contracts.add(contracted)
    assert gpu_pool(cloud, id, contracted, 1).status_code == 201
    listed = ask(cloud, "GET", "/v2/sizes?per_page=200").json()["sizes"]
    assert contracted not in [each["slug"] for each in listed]


def test_a_share_is_made_in_its_regions_only_and_never_shrinks(cloud: Cloud) -> None:
    vpc = made_vpc(cloud)
    body = {"name": "m", "size_gib": 100, "region": "tor1", "vpc_ids": [vpc]}
    assert ask(cloud, "POST", "/v2/nfs", body).status_code == 422
    share = ask(cloud, "POST", "/v2/nfs", body | {"region": "atl1"}).json()["share"]
    smaller = {"type": "resize", "region": "atl1", "params": {"size_gib": 50}}
    assert ask(cloud, "POST", f"/v2/nfs/{share['id']}/actions", smaller).status_code == 422


def test_a_fault_hits_as_often_as_it_was_told(cloud: Cloud) -> None:
    cloud.fault(method="GET", path="^/v2/account$", status=503, times=2)
    seen = [ask(cloud, "GET", "/v2/account").status_code for _ in range(3)]
    assert seen == [503, 503, 200]


def test_a_fault_after_the_work_leaves_a_thing_that_nobody_was_told_of(cloud: Cloud) -> None:
    cloud.fault(method="POST", path="^/v2/vpcs$", status=500, times=1, after=True)
    body = {"name": "v", "region": "atl1"}
    assert ask(cloud, "POST", "/v2/vpcs", body).status_code == 500
    assert [each["name"] for each in cloud.account.vpcs.values()] == ["v"]


def test_a_token_gets_what_its_scopes_allow(cloud: Cloud) -> None:
    cloud.account.tokens["reader"] = frozenset({"kubernetes:read", "account:read"})
    assert ask(cloud, "GET", "/v2/kubernetes/clusters", token="reader").status_code == 200
    assert ask(cloud, "GET", "/v2/nfs?region=atl1", token="reader").status_code == 403
    body = {"name": "v", "region": "atl1"}
    assert ask(cloud, "POST", "/v2/vpcs", body, token="reader").status_code == 403
    assert ask(cloud, "GET", "/v2/account", token="nobody").status_code == 401


def test_lists_come_in_pages(cloud: Cloud) -> None:
    first = ask(cloud, "GET", "/v2/sizes?per_page=4").json()
    assert (len(first["sizes"]), "next" in first["links"]["pages"]) == (4, True)
    last = ask(cloud, "GET", "/v2/sizes?per_page=4&page=3").json()
    assert last["links"] == {}
    assert len(last["sizes"]) == first["meta"]["total"] - 8


def test_the_inventory_names_everything_that_costs_money_and_nothing_else(cloud: Cloud) -> None:
    vpc = made_vpc(cloud)
    assert cloud.account.billable() == []
    id = made_cluster(cloud, vpc)
    gpu_pool(cloud, id)
    cloud.account.made_in(id, "load_balancer", "a1b2")
    assert cloud.account.billable() == [
        "cluster gtc-demo",
        "2 x s-2vcpu-4gb in gtc-demo",
        "3 x gpu-h100x1-80gb in gtc-demo",
        "load balancer a1b2",
    ]
    ask(cloud, "DELETE", f"/v2/kubernetes/clusters/{id}")
    assert cloud.account.billable() == ["load balancer a1b2"]


def test_a_cluster_can_be_deleted_with_everything_that_it_made(cloud: Cloud) -> None:
    id = made_cluster(cloud, made_vpc(cloud))
    cloud.account.made_in(id, "volume", "pvc-1")
    path = f"/v2/kubernetes/clusters/{id}/destroy_with_associated_resources"
    assert [each["name"] for each in ask(cloud, "GET", path).json()["volumes"]] == ["pvc-1"]
    ask(cloud, "DELETE", f"{path}/dangerous")
    assert cloud.account.billable() == []


def test_droplets_with_gpus_are_listed_only_when_they_are_asked_for(cloud: Cloud) -> None:
    cloud.account.other_droplets = 1
    cloud.account.leave_droplet("gpu-h100x1-80gb", "gtc-demo-dev")
    names = [each["name"] for each in ask(cloud, "GET", "/v2/droplets").json()["droplets"]]
    assert names == ["other-0"]
    listed = ask(cloud, "GET", "/v2/droplets?type=gpus").json()["droplets"]
    assert [each["name"] for each in listed] == ["left-gpu-h100x1-80gb"]
    assert ask(cloud, "GET", "/v2/droplets?type=gpus&tag_name=x").status_code == 422
