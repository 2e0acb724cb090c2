"""The client against the rehearsal API: objects, selectors, preconditions."""

import pytest

from gtc_rehearsal.kube_api import resources
from gtc_runtime.cluster.api.errors import Conflict, Denied, KubeError, NotFound
from gtc_runtime.cluster.api.kube import Kube
from gtc_spec import names
from gtc_spec.kinds import CONFIG_MAP, DGD, DGDSA, LEASE, POD, Kind

from .conftest import NAMESPACE, Cluster

ADAPTER = names.pool_dgdsa("prefill")


def config_map(name: str, **data: str) -> dict[str, object]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


async def test_an_object_is_created_read_replaced_and_deleted(cluster: Cluster, kube: Kube) -> None:
    made = await kube.create(CONFIG_MAP, config_map("c", a="1"))
    assert (await kube.get(CONFIG_MAP, "c"))["data"] == {"a": "1"}
    await kube.replace(CONFIG_MAP, made | {"data": {"a": "2"}})
    assert (await kube.get(CONFIG_MAP, "c"))["data"] == {"a": "2"}
    await kube.delete(CONFIG_MAP, "c")
    with pytest.raises(NotFound):
        await kube.get(CONFIG_MAP, "c")


async def test_a_name_that_is_taken_is_a_conflict(cluster: Cluster, kube: Kube) -> None:
    await kube.create(CONFIG_MAP, config_map("c"))
    with pytest.raises(Conflict, match="already exists"):
        await kube.create(CONFIG_MAP, config_map("c"))


async def test_a_stale_replace_and_a_stale_scale_are_conflicts(
    cluster: Cluster, kube: Kube
) -> None:
    made = await kube.create(CONFIG_MAP, config_map("c", a="1"))
    await kube.patch(CONFIG_MAP, "c", {"data": {"a": "2"}})
    with pytest.raises(Conflict):
        await kube.replace(CONFIG_MAP, made)
    with pytest.raises(Conflict):
        await kube.patch(
            DGDSA, ADAPTER, {"spec": {"replicas": 3}}, subresource="scale", resource_version="1"
        )


async def test_a_scale_goes_through_the_scale_subresource(cluster: Cluster, kube: Kube) -> None:
    await kube.patch(DGDSA, ADAPTER, {"spec": {"replicas": 4}}, subresource="scale")
    assert cluster.desired("prefill") == 4
    scale = await kube.get(DGDSA, ADAPTER, subresource="scale")
    assert scale["spec"]["replicas"] == 4


async def test_pods_are_listed_by_labels(cluster: Cluster, kube: Kube) -> None:
    cluster.add_pod("prefill", "p0", {"phase": "Running"})
    cluster.add_pod("decode", "d0", {"phase": "Running"})
    found = await kube.list(POD, names.pod_labels(names.service("decode")))
    assert [pod["metadata"]["name"] for pod in found] == ["d0"]


async def test_a_kind_that_does_not_exist_is_not_found(cluster: Cluster, kube: Kube) -> None:
    unknown = Kind("nope.example", "v1", "nopes", "Nope")
    for call in (kube.list(unknown), kube.get(unknown, "x"), kube.patch(unknown, "x", {})):
        with pytest.raises(NotFound):
            await call


@pytest.mark.webhook
async def test_the_operators_webhook_is_quoted_after_one_patch(
    cluster: Cluster, kube: Kube
) -> None:
    service = {"replicas": 2, "scalingAdapter": {"enabled": True}, "componentType": "worker"}
    metadata = {"name": names.DEMO, "namespace": NAMESPACE}
    cluster.store.create(
        resources.DGD, {"metadata": metadata, "spec": {"services": {"Decode": service}}}
    )
    edit = {"spec": {"services": {"Decode": {"replicas": 5}}}}
    with pytest.raises(Denied, match="cannot be modified directly when scaling adapter is enabled"):
        await kube.patch(DGD, names.DEMO, edit)
    assert [method for method, _ in cluster.server.log].count("PATCH") == 1


async def test_an_invalid_object_is_refused_with_the_servers_words(
    cluster: Cluster, kube: Kube
) -> None:
    with pytest.raises(KubeError, match="422"):
        await kube.create(CONFIG_MAP, config_map("Not_A_Name"))


async def test_the_server_says_what_we_may(cluster: Cluster, kube: Kube) -> None:
    assert await kube.can("patch", DGDSA, ADAPTER, "scale")
    assert await kube.can("update", LEASE)


async def test_a_name_cannot_escape_its_place_in_the_url(cluster: Cluster, kube: Kube) -> None:
    with pytest.raises(KubeError):
        await kube.get(CONFIG_MAP, "../pods/x?watch=true")
    assert all("%2F" in path for _, path in cluster.server.log if "configmaps" in path)
