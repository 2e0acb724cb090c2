"""kr8s on the rehearsal's API: what the runtime's client asks for is answered."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import kr8s
import kr8s.asyncio
import pytest
from kr8s.asyncio.objects import ConfigMap, new_class

from tests.contract.kube_api.client import Api, adapter

Adapter = new_class(
    "DynamoGraphDeploymentScalingAdapter",
    version="nvidia.com/v1alpha1",
    namespaced=True,
    scalable=True,
    asyncio=True,
)
NAMESPACE = "dynamo-workload"


@pytest.fixture
async def client(kubeconfig: Path) -> AsyncIterator[Any]:
    async with asyncio.timeout(10):
        yield await kr8s.asyncio.api(kubeconfig=str(kubeconfig), namespace=NAMESPACE)


async def first(client: Any) -> Any:
    async for found in client.get(Adapter, namespace=NAMESPACE):
        return found
    raise AssertionError("no adapter")


async def test_kr8s_connects_without_complaint(
    client: Any, recwarn: pytest.WarningsRecorder
) -> None:
    assert (await client.version())["gitVersion"].startswith("v1.34")
    assert not [w for w in recwarn if "version" in str(w.message)]


async def test_kr8s_lists_custom_resources(client: Any) -> None:
    found = await first(client)

    assert (found.name, found.raw["spec"]["replicas"]) == ("one", 2)


async def test_kr8s_gets_one_object_by_name(client: Any) -> None:
    found = await Adapter.get("one", namespace=NAMESPACE, api=client)

    assert found.raw["spec"]["dgdRef"]["name"] == "demo"


async def test_kr8s_patches_the_scale(client: Any, rehearsal: Api) -> None:
    await (await first(client)).patch({"spec": {"replicas": 4}}, subresource="scale")

    stored = (await rehearsal.send("GET", "adapters/one")).body
    assert stored["spec"]["replicas"] == 4


async def test_kr8s_sets_and_removes_annotations(client: Any, rehearsal: Api) -> None:
    found = await first(client)

    await found.annotate({"autoscaling.keda.sh/paused": "true"})
    paused = (await rehearsal.send("GET", "adapters/one")).body["metadata"]
    await found.annotate({"autoscaling.keda.sh/paused": None})
    resumed = (await rehearsal.send("GET", "adapters/one")).body["metadata"]

    assert paused["annotations"] == {"autoscaling.keda.sh/paused": "true"}
    assert "annotations" not in resumed


async def test_kr8s_sees_a_stale_patch_as_a_conflict(client: Any) -> None:
    patch = {"metadata": {"resourceVersion": "1"}, "spec": {"replicas": 4}}

    with pytest.raises(kr8s.ServerError) as refused:
        await (await first(client)).patch(patch)

    assert refused.value.response.status_code == 409


async def test_kr8s_creates_and_deletes(client: Any, rehearsal: Api) -> None:
    body = {"metadata": {"name": "new", "namespace": NAMESPACE}, "data": {"a": "1"}}
    made = await ConfigMap(body, api=client)

    await made.create()
    created = await rehearsal.send("GET", "configmaps/new")
    await made.delete()
    deleted = await rehearsal.send("GET", "configmaps/new")

    assert (created.status, deleted.status) == (200, 404)


async def test_kr8s_watches(client: Any, rehearsal: Api) -> None:
    seen: list[tuple[str, int]] = []

    async def watch() -> None:
        async for kind, found in client.watch(Adapter, namespace=NAMESPACE):
            seen.append((kind, found.raw["spec"]["replicas"]))
            if len(seen) == 2:
                return

    watching = asyncio.create_task(watch())
    while not seen:
        await asyncio.sleep(0.01)
    await rehearsal.send("PATCH", "adapters/one", {"spec": {"replicas": 3}})
    await watching

    assert seen == [("ADDED", 2), ("MODIFIED", 3)]


async def test_kr8s_discovers_a_kind_by_its_short_name(client: Any) -> None:
    names = [found.name async for found in client.get("dgdsa", namespace=NAMESPACE)]

    assert names == ["one"]


async def test_kr8s_replaces_through_a_plain_put(client: Any, rehearsal: Api) -> None:
    body = (await rehearsal.send("GET", "adapters/one")).body
    body["spec"]["replicas"] = 6

    async with client.call_api(
        "PUT",
        version="nvidia.com/v1alpha1",
        url="dynamographdeploymentscalingadapters/one",
        namespace=NAMESPACE,
        json=body,
    ) as response:
        assert response.status_code == 200

    assert (await rehearsal.send("GET", "adapters/one")).body["spec"]["replicas"] == 6


async def test_kr8s_pages_through_a_long_list(client: Any, rehearsal: Api) -> None:
    assert rehearsal.store
    for number in range(120):
        await rehearsal.make("adapters", adapter(f"many-{number:03}"))

    names = [found.name async for found in client.get(Adapter, namespace=NAMESPACE)]

    assert len(names) == len(set(names)) == 121
