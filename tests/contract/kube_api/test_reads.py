"""Reading: lists, selectors, pages, Tables, and what the server says about itself."""

import pytest

from tests.contract.kube_api.client import Api, adapter

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
METADATA_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"


def names_of(body: dict) -> list[str]:
    return [item["metadata"]["name"] for item in body["items"]]


async def three(api: Api) -> None:
    await api.make("adapters", adapter("three", labels={"pool": "prefill", "size": "big"}))
    await api.make("adapters", adapter("two", labels={"pool": "decode"}))


async def test_a_list_is_ordered_by_name_and_carries_a_version(api: Api) -> None:
    await three(api)

    answer = await api.send("GET", "adapters")

    assert names_of(answer.body) == ["one", "three", "two"]
    assert answer.body["kind"] == "DynamoGraphDeploymentScalingAdapterList"
    assert int(answer.revision) > 0


async def test_a_list_over_all_namespaces_holds_those_of_each(api: Api) -> None:
    answer = await api.send("GET", "/apis/nvidia.com/v1alpha1/dynamographdeploymentscalingadapters")

    assert (api.namespace, "one") in [
        (item["metadata"]["namespace"], item["metadata"]["name"]) for item in answer.body["items"]
    ]


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("pool=decode", ["two"]),
        ("pool==prefill,size=big", ["three"]),
        ("pool!=decode", ["one", "three"]),
        ("pool in (decode, prefill)", ["three", "two"]),
        ("pool notin (decode)", ["one", "three"]),
        ("size", ["three"]),
        ("!pool", ["one"]),
        ("", ["one", "three", "two"]),
    ],
)
async def test_label_selectors(api: Api, selector: str, expected: list[str]) -> None:
    await three(api)

    answer = await api.send("GET", "adapters", labelSelector=selector)

    assert names_of(answer.body) == expected


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("metadata.name=two", ["two"]),
        ("metadata.name=two,metadata.name=two", ["two"]),
        ("metadata.name=two,metadata.name=one", []),
        ("metadata.name=two,", ["two"]),
        ("metadata.name!=two", ["one", "three"]),
    ],
)
async def test_field_selectors(api: Api, selector: str, expected: list[str]) -> None:
    await three(api)

    answer = await api.send("GET", "adapters", fieldSelector=selector)

    assert names_of(answer.body) == expected


async def test_pods_are_selected_by_phase(api: Api) -> None:
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}}
    await api.make("pods", {**pod, "spec": {"containers": [{"name": "main", "image": "x"}]}})

    pending = await api.send("GET", "pods", fieldSelector="status.phase=Pending")
    running = await api.send("GET", "pods", fieldSelector="status.phase=Running")

    assert names_of(pending.body) == ["p"]
    assert names_of(running.body) == []


async def test_pages_add_up_to_the_whole_list(api: Api) -> None:
    await three(api)

    first = (await api.send("GET", "adapters", limit="2")).body
    rest = (
        await api.send("GET", "adapters", limit="2", **{"continue": first["metadata"]["continue"]})
    ).body

    assert names_of(first) + names_of(rest) == ["one", "three", "two"]
    assert first["metadata"]["remainingItemCount"] == 1
    assert not rest["metadata"].get("continue")


async def test_a_list_of_one_namespace_leaves_out_the_others(api: Api) -> None:
    elsewhere = await api.send(
        "GET",
        "/apis/nvidia.com/v1alpha1/namespaces/kube-system/dynamographdeploymentscalingadapters",
    )

    assert names_of(elsewhere.body) == []


async def test_a_list_from_any_version_is_answered(api: Api) -> None:
    answer = await api.send("GET", "adapters", resourceVersion="0")

    assert names_of(answer.body) == ["one"]


async def test_a_table_has_the_columns_of_the_definition(api: Api) -> None:
    table = (await api.send("GET", "adapters", accept=TABLE)).body

    assert table["kind"] == "Table"
    assert [column["name"] for column in table["columnDefinitions"]] == [
        "Name",
        "DGD",
        "SERVICE",
        "REPLICAS",
        "AGE",
    ]
    assert table["rows"][0]["cells"][:4] == ["one", "demo", "Worker", None]
    assert table["rows"][0]["object"]["metadata"]["name"] == "one"


async def test_a_table_of_pods_says_ready_and_status(api: Api) -> None:
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}}
    await api.make("pods", {**pod, "spec": {"containers": [{"name": "main", "image": "x"}]}})

    table = (await api.send("GET", "pods/p", accept=TABLE)).body

    assert table["rows"][0]["cells"][:3] == ["p", "0/1", "Pending"]


async def test_the_scale_of_an_object_as_a_table_says_desired_and_available(api: Api) -> None:
    table = (await api.send("GET", "adapters/one/scale", accept=TABLE)).body

    assert table["rows"][0]["cells"][:3] == ["one", 2, 0]


async def test_metadata_alone_can_be_asked_for(api: Api) -> None:
    one = (await api.send("GET", "adapters/one", accept=METADATA)).body
    many = (await api.send("GET", "adapters", accept=METADATA_LIST)).body

    assert one["kind"] == "PartialObjectMetadata"
    assert "spec" not in one
    assert many["kind"] == "PartialObjectMetadataList"


async def test_a_format_that_the_server_cannot_write_is_refused(rehearsal: Api) -> None:
    answer = await rehearsal.send("GET", "adapters", accept="application/vnd.kubernetes.protobuf")

    assert answer.status == 406


@pytest.mark.parametrize("path", ["/version", "/version/"])
async def test_the_version_is_told_with_and_without_a_slash(api: Api, path: str) -> None:
    assert (await api.send("GET", path)).body["gitVersion"].startswith("v1.")


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/livez"])
async def test_health_is_ok(api: Api, path: str) -> None:
    answer = await api.send("GET", path)

    assert (answer.status, answer.body) == (200, "ok")


@pytest.mark.parametrize("path", ["/apis", "/apis/"])
async def test_every_group_of_the_demo_is_discovered(api: Api, path: str) -> None:
    groups = {group["name"] for group in (await api.send("GET", path)).body["groups"]}

    assert {"nvidia.com", "keda.sh", "autoscaling", "coordination.k8s.io"} <= groups


async def test_the_scale_subresource_is_discovered(api: Api) -> None:
    kinds = (await api.send("GET", "/apis/nvidia.com/v1alpha1")).body["resources"]

    by_name = {kind["name"]: kind for kind in kinds}
    assert by_name["dynamographdeploymentscalingadapters"]["shortNames"] == ["dgdsa"]
    scale = by_name["dynamographdeploymentscalingadapters/scale"]
    assert (scale["group"], scale["kind"]) == ("autoscaling", "Scale")


async def test_openapi_names_the_kind_and_the_options_of_a_patch(api: Api) -> None:
    place = "apis/nvidia.com/v1alpha1"
    index = (await api.send("GET", "/openapi/v3")).body["paths"]
    document = (await api.send("GET", f"/openapi/v3/{place}")).body

    kinds = [
        kind["kind"]
        for schema in document["components"]["schemas"].values()
        for kind in schema.get("x-kubernetes-group-version-kind", [])
    ]
    path = f"/{place}/namespaces/{{namespace}}/dynamographdeploymentscalingadapters/{{name}}"
    options = {p.get("name") for p in document["paths"][path]["patch"]["parameters"]}
    assert place in index
    assert "DynamoGraphDeploymentScalingAdapter" in kinds
    assert {"fieldValidation", "dryRun", "fieldManager"} <= options


async def test_an_access_review_is_answered(api: Api) -> None:
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": {"verb": "patch", "resource": "pods"}},
    }

    answer = await api.send(
        "POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", review
    )

    assert answer.status == 201
    assert answer.body["status"]["allowed"] is True


async def test_a_path_that_means_nothing_is_not_found(api: Api) -> None:
    assert (await api.send("GET", "/nothing/here")).status == 404
