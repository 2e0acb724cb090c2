"""What the API carries out: create, replace, patch, delete, and what the server adds."""

import asyncio

import pytest

from tests.contract.kube_api.client import Api, adapter, config_map

JSON = "application/json-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"


async def test_a_new_object_gets_identity_time_and_generation(api: Api) -> None:
    created = (await api.make("adapters", adapter("new"))).body["metadata"]

    assert len(created["uid"]) == 36
    assert created["creationTimestamp"].endswith("Z")
    assert created["generation"] == 1
    assert int(created["resourceVersion"]) > 0
    assert created["namespace"] == api.namespace


async def test_a_generated_name_starts_with_its_prefix(api: Api) -> None:
    body = config_map()
    body["metadata"] = {"generateName": "note-"}

    name = (await api.make("configmaps", body)).body["metadata"]["name"]

    assert name.startswith("note-")
    assert len(name) == len("note-") + 5


async def test_status_sent_on_create_is_dropped(api: Api) -> None:
    created = await api.make("adapters", {**adapter("new"), "status": {"replicas": 9}})

    assert "status" not in created.body


async def test_an_unknown_field_is_dropped_with_a_warning_unless_validation_is_strict(
    api: Api,
) -> None:
    body = adapter("new")
    body["spec"]["replica"] = 1

    answer = await api.send("POST", "adapters", body)

    assert answer.status == 201
    assert "replica" not in answer.body["spec"]
    assert 'unknown field \\"spec.replica\\"' in answer.headers["Warning"]


async def test_an_ignored_unknown_field_is_dropped_in_silence(api: Api) -> None:
    body = adapter("new")
    body["spec"]["replica"] = 1

    answer = await api.send("POST", "adapters", body, fieldValidation="Ignore")

    assert answer.status == 201
    assert "Warning" not in answer.headers


async def test_a_dry_run_answers_but_stores_nothing(api: Api) -> None:
    answer = await api.send("POST", "adapters", adapter("new"), dryRun="All")

    assert answer.status == 201
    assert (await api.send("GET", "adapters/new")).status == 404


async def test_a_dry_run_patch_leaves_the_object_as_it_was(api: Api) -> None:
    answer = await api.send("PATCH", "adapters/one", {"spec": {"replicas": 7}}, dryRun="All")

    assert answer.body["spec"]["replicas"] == 7
    assert (await api.send("GET", "adapters/one")).body["spec"]["replicas"] == 2


async def test_the_generation_counts_changes_of_the_spec_only(api: Api) -> None:
    annotated = await api.send(
        "PATCH", "adapters/one", {"metadata": {"annotations": {"seen": "yes"}}}
    )
    scaled = await api.send("PATCH", "adapters/one", {"spec": {"replicas": 3}})
    reported = await api.send("PATCH", "adapters/one/status", {"status": {"replicas": 3}})

    generations = [a.body["metadata"]["generation"] for a in (annotated, scaled, reported)]
    assert generations == [1, 2, 2]


async def test_a_write_that_changes_nothing_keeps_the_resource_version(api: Api) -> None:
    before = await api.send("GET", "adapters/one")

    after = await api.send("PATCH", "adapters/one", {"spec": {"replicas": 2}})

    assert after.status == 200
    assert after.revision == before.revision


async def test_a_replace_with_the_present_version_takes_effect(api: Api) -> None:
    body = (await api.send("GET", "adapters/one")).body
    body["spec"]["replicas"] = 5

    answer = await api.send("PUT", "adapters/one", body)

    assert answer.status == 200
    assert answer.body["spec"]["replicas"] == 5
    assert answer.body["metadata"]["generation"] == 2


async def test_a_config_map_may_be_replaced_without_naming_a_version(api: Api) -> None:
    answer = await api.send("PUT", "configmaps/notes", config_map(b="2"))

    assert answer.status == 200
    assert answer.body["data"] == {"b": "2"}


async def test_compare_and_set_lets_only_one_of_two_writers_through(api: Api) -> None:
    revision = (await api.send("GET", "configmaps/notes")).revision

    def write(value: str) -> dict[str, object]:
        return {"metadata": {"resourceVersion": revision}, "data": {"writer": value}}

    answers = await asyncio.gather(
        api.send("PATCH", "configmaps/notes", write("a")),
        api.send("PATCH", "configmaps/notes", write("b")),
    )

    assert sorted(answer.status for answer in answers) == [200, 409]


async def test_a_merge_patch_removes_what_it_sets_to_null(api: Api) -> None:
    await api.send("PATCH", "adapters/one", {"metadata": {"annotations": {"a": "1", "b": "2"}}})

    answer = await api.send("PATCH", "adapters/one", {"metadata": {"annotations": {"a": None}}})

    assert answer.body["metadata"]["annotations"] == {"b": "2"}


async def test_a_json_patch_applies_its_operations_in_order(api: Api) -> None:
    operations = [
        {"op": "test", "path": "/spec/replicas", "value": 2},
        {"op": "replace", "path": "/spec/replicas", "value": 4},
        {"op": "add", "path": "/metadata/labels", "value": {"pool": "decode"}},
    ]

    answer = await api.send("PATCH", "adapters/one", operations, content_type=JSON)

    assert answer.body["spec"]["replicas"] == 4
    assert answer.body["metadata"]["labels"] == {"pool": "decode"}


async def test_a_strategic_patch_of_a_pod_merges_containers_by_name(api: Api) -> None:
    containers = [{"name": "main", "image": "a"}, {"name": "side", "image": "b"}]
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}}
    await api.make("pods", {**pod, "spec": {"containers": containers}})
    change = {"spec": {"containers": [{"name": "side", "image": "c"}]}}

    answer = await api.send("PATCH", "pods/p", change, content_type=STRATEGIC)

    images = {c["name"]: c["image"] for c in answer.body["spec"]["containers"]}
    assert images == {"main": "a", "side": "c"}


async def test_status_is_written_through_its_subresource_alone(api: Api) -> None:
    both = {"spec": {"replicas": 9}, "status": {"replicas": 9}}

    on_main = (await api.send("PATCH", "adapters/one", {"status": {"replicas": 9}})).body
    on_status = (await api.send("PATCH", "adapters/one/status", both)).body

    assert "status" not in on_main
    assert on_status["status"] == {"replicas": 9}
    assert on_status["spec"]["replicas"] == 2


async def test_the_name_and_uid_of_an_object_cannot_be_changed(api: Api) -> None:
    before = (await api.send("GET", "adapters/one")).body["metadata"]

    answer = await api.send("PATCH", "adapters/one", {"metadata": {"generation": 99}})

    assert answer.body["metadata"]["uid"] == before["uid"]
    assert answer.body["metadata"]["generation"] == 1


async def test_a_delete_removes_the_object_and_says_success(api: Api) -> None:
    answer = await api.send("DELETE", "adapters/one")

    assert answer.status == 200
    assert answer.body["status"] == "Success"
    assert (await api.send("GET", "adapters/one")).status == 404


async def test_a_delete_with_the_right_precondition_goes_through(api: Api) -> None:
    uid = (await api.send("GET", "adapters/one")).body["metadata"]["uid"]
    options = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": uid}}

    assert (await api.send("DELETE", "adapters/one", options)).status == 200


async def test_a_dry_run_delete_leaves_the_object(api: Api) -> None:
    await api.send("DELETE", "adapters/one", dryRun="All")

    assert (await api.send("GET", "adapters/one")).status == 200


async def test_a_finalizer_holds_a_deleted_object_until_it_is_removed(api: Api) -> None:
    await api.make("adapters", adapter("held", finalizers=["example.com/hold"]))

    marked = await api.send("DELETE", "adapters/held")
    still_there = await api.send("GET", "adapters/held")
    await api.send("PATCH", "adapters/held", {"metadata": {"finalizers": None}})

    assert marked.body["metadata"]["deletionTimestamp"]
    assert still_there.status == 200
    assert (await api.send("GET", "adapters/held")).status == 404


async def test_a_delete_of_a_collection_takes_what_the_selector_names(api: Api) -> None:
    await api.make("adapters", adapter("red", labels={"colour": "red"}))
    await api.make("adapters", adapter("blue", labels={"colour": "blue"}))

    answer = await api.send("DELETE", "adapters", labelSelector="colour=red")

    assert answer.status == 200
    assert (await api.send("GET", "adapters/red")).status == 404
    assert (await api.send("GET", "adapters/blue")).status == 200


async def test_owned_objects_outlive_their_owner_in_the_rehearsal(rehearsal: Api) -> None:
    uid = (await rehearsal.send("GET", "adapters/one")).body["metadata"]["uid"]
    owner = {"apiVersion": "nvidia.com/v1alpha1", "kind": "X", "name": "one", "uid": uid}
    await rehearsal.make("adapters", adapter("child", ownerReferences=[owner]))

    await rehearsal.send("DELETE", "adapters/one")

    assert (await rehearsal.send("GET", "adapters/child")).status == 200


async def test_a_lease_needs_times_with_six_decimals(api: Api) -> None:
    lease = {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": "chair"},
        "spec": {"holderIdentity": "a", "renewTime": "2026-01-01T00:00:00Z"},
    }

    refused = await api.send("POST", "leases", lease)
    lease["spec"] = {"holderIdentity": "a", "renewTime": "2026-01-01T00:00:00.000000Z"}
    accepted = await api.send("POST", "leases", lease)

    assert refused.status == 400
    assert accepted.status == 201


async def test_yaml_is_accepted_as_a_body(api: Api) -> None:
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: new}\ndata: {day: '2026-01-01'}\n"

    answer = await api.send("POST", "configmaps", text, content_type="application/yaml")

    assert answer.status == 201
    assert answer.body["data"] == {"day": "2026-01-01"}


@pytest.mark.parametrize("count", [0, 1, 7])
async def test_replicas_from_zero_up_are_accepted(api: Api, count: int) -> None:
    answer = await api.send("PATCH", "adapters/one", {"spec": {"replicas": count}})

    assert answer.body["spec"]["replicas"] == count
