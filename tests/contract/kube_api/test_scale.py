"""The scale subresource, through which the demo and KEDA change worker numbers."""

from tests.contract.kube_api.client import Api

JSON = "application/json-patch+json"


async def test_the_scale_shows_wanted_and_reported_replicas_and_the_selector(api: Api) -> None:
    status = {"status": {"replicas": 1, "selector": "pool=decode"}}
    await api.send("PATCH", "adapters/one/status", status)

    scale = (await api.send("GET", "adapters/one/scale")).body

    assert (scale["kind"], scale["apiVersion"]) == ("Scale", "autoscaling/v1")
    assert scale["spec"] == {"replicas": 2}
    assert scale["status"] == {"replicas": 1, "selector": "pool=decode"}
    assert "dgdRef" not in scale["spec"]


async def test_a_merge_patch_on_the_scale_changes_the_spec(api: Api) -> None:
    scale = await api.send("PATCH", "adapters/one/scale", {"spec": {"replicas": 5}})
    adapter = await api.send("GET", "adapters/one")

    assert scale.body["kind"] == "Scale"
    assert adapter.body["spec"]["replicas"] == 5
    assert adapter.body["metadata"]["generation"] == 2
    assert adapter.revision == scale.revision


async def test_a_json_patch_on_the_scale_changes_the_spec(api: Api) -> None:
    operations = [{"op": "replace", "path": "/spec/replicas", "value": 6}]

    await api.send("PATCH", "adapters/one/scale", operations, content_type=JSON)

    assert (await api.send("GET", "adapters/one")).body["spec"]["replicas"] == 6


async def test_a_replace_of_the_scale_changes_the_spec(api: Api) -> None:
    scale = (await api.send("GET", "adapters/one/scale")).body
    scale["spec"]["replicas"] = 4

    answer = await api.send("PUT", "adapters/one/scale", scale)

    assert answer.status == 200
    assert (await api.send("GET", "adapters/one")).body["spec"]["replicas"] == 4


async def test_scales_to_the_present_number_count_until_the_scale_owns_it(api: Api) -> None:
    revisions = [(await api.send("GET", "adapters/one")).revision]
    for _ in range(4):
        same = await api.send("PATCH", "adapters/one/scale", {"spec": {"replicas": 2}})
        revisions.append(same.revision)

    settled = revisions[2]
    assert int(revisions[0]) < int(revisions[1]) < int(settled)
    assert revisions[3:] == [settled, settled]
    assert (await api.send("GET", "adapters/one")).body["metadata"]["generation"] == 1


async def test_a_scale_to_another_number_owns_it_at_once(api: Api) -> None:
    first = await api.send("PATCH", "adapters/one/scale", {"spec": {"replicas": 3}})
    same = await api.send("PATCH", "adapters/one/scale", {"spec": {"replicas": 3}})
    on_object = await api.send("PATCH", "adapters/one", {"spec": {"replicas": 3}})

    assert first.revision == same.revision == on_object.revision


async def test_replicas_set_on_the_object_take_the_ownership_back(api: Api) -> None:
    await api.send("PATCH", "adapters/one/scale", {"spec": {"replicas": 3}})
    on_object = await api.send("PATCH", "adapters/one", {"spec": {"replicas": 4}})

    same = await api.send("PATCH", "adapters/one/scale", {"spec": {"replicas": 4}})

    assert int(same.revision) > int(on_object.revision)


async def test_a_scale_with_the_present_version_is_a_compare_and_set(api: Api) -> None:
    revision = (await api.send("GET", "adapters/one/scale")).revision
    patch = {"metadata": {"resourceVersion": revision}, "spec": {"replicas": 3}}

    first = await api.send("PATCH", "adapters/one/scale", patch)
    second = await api.send("PATCH", "adapters/one/scale", patch)

    assert (first.status, second.status) == (200, 409)


async def test_the_status_of_an_adapter_does_not_follow_its_scale_by_itself(api: Api) -> None:
    await api.send("PATCH", "adapters/one/scale", {"spec": {"replicas": 5}})

    assert (await api.send("GET", "adapters/one/scale")).body["status"]["replicas"] == 0
