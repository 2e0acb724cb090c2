"""Server-side apply: who owns which field, and who may take it over."""

from typing import Any

from tests.contract.kube_api.client import Answer, Api, adapter, config_map

APPLY = "application/apply-patch+yaml"


async def apply(api: Api, manager: str, body: dict[str, Any], **query: str) -> Answer:
    short = "adapters" if body["kind"].startswith("Dynamo") else "configmaps"
    path = f"{short}/{body['metadata']['name']}"
    return await api.send("PATCH", path, body, content_type=APPLY, fieldManager=manager, **query)


async def test_an_apply_creates_what_is_not_there(api: Api) -> None:
    first = await apply(api, "alice", config_map("new", a="1"))
    again = await apply(api, "alice", config_map("new", a="1"))

    assert (first.status, again.status) == (201, 200)
    assert first.revision == again.revision


async def test_an_apply_owns_the_fields_that_it_names(api: Api) -> None:
    answer = await apply(api, "alice", config_map("new", a="1"))

    entry = answer.body["metadata"]["managedFields"][0]
    assert (entry["manager"], entry["operation"]) == ("alice", "Apply")
    assert entry["fieldsV1"] == {"f:data": {"f:a": {}}}


async def test_a_field_of_another_manager_is_a_conflict_that_names_both(api: Api) -> None:
    await apply(api, "alice", config_map("new", a="1"))

    answer = await apply(api, "bob", config_map("new", a="2"))

    assert answer.status == 409
    assert answer.message == (
        'Apply failed with 1 conflict: conflict with "alice" using v1: .data.a'
    )
    cause = answer.body["details"]["causes"][0]
    assert (cause["reason"], cause["field"]) == ("FieldManagerConflict", ".data.a")


async def test_several_conflicts_are_listed_by_manager(api: Api) -> None:
    await apply(api, "alice", config_map("new", a="1", b="1"))

    answer = await apply(api, "bob", config_map("new", a="2", b="2"))

    assert answer.message == (
        'Apply failed with 2 conflicts: conflicts with "alice" using v1:\n- .data.a\n- .data.b'
    )


async def test_the_same_value_is_shared_without_conflict(api: Api) -> None:
    await apply(api, "alice", config_map("new", a="1"))

    answer = await apply(api, "bob", config_map("new", a="1"))

    managers = {entry["manager"] for entry in answer.body["metadata"]["managedFields"]}
    assert answer.status == 200
    assert managers == {"alice", "bob"}


async def test_force_takes_a_field_over(api: Api) -> None:
    await apply(api, "alice", config_map("new", a="1"))

    answer = await apply(api, "bob", config_map("new", a="2"), force="true")

    assert answer.status == 200
    assert answer.body["data"] == {"a": "2"}
    assert [e["manager"] for e in answer.body["metadata"]["managedFields"]] == ["bob"]


async def test_a_field_that_is_no_longer_applied_goes_away(api: Api) -> None:
    await apply(api, "alice", config_map("new", a="1", b="2"))

    answer = await apply(api, "alice", config_map("new", a="1"))

    assert answer.body["data"] == {"a": "1"}


async def test_a_field_that_another_manager_shares_stays(api: Api) -> None:
    await apply(api, "alice", config_map("new", a="1", b="2"))
    await apply(api, "bob", config_map("new", b="2"))

    answer = await apply(api, "alice", config_map("new", a="1"))

    assert answer.body["data"] == {"a": "1", "b": "2"}


async def test_a_scale_takes_replicas_from_the_manager_that_applied_them(api: Api) -> None:
    await apply(api, "helm", adapter("new"))
    await api.send("PATCH", "adapters/new/scale", {"spec": {"replicas": 5}}, fieldManager="keda")

    answer = await apply(api, "helm", adapter("new", replicas=2))

    assert answer.status == 409
    assert 'conflict with "keda" with subresource "scale"' in answer.message
    assert ".spec.replicas" in answer.message


async def test_kubectl_takes_over_what_it_applied_as_a_client(api: Api) -> None:
    body = config_map("new", a="1")
    applied = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"new"},"data":{"a":"1"}}'
    body["metadata"]["annotations"] = {"kubectl.kubernetes.io/last-applied-configuration": applied}
    await api.send("POST", "configmaps", body, fieldManager="kubectl-client-side-apply")

    by_kubectl = await apply(api, "kubectl", config_map("new", a="2"))
    by_another = await apply(api, "bob", config_map("new", a="3"))

    assert (by_kubectl.status, by_another.status) == (200, 409)


async def test_an_apply_of_the_status_owns_and_changes_the_status_alone(api: Api) -> None:
    body = {**adapter("one", replicas=9), "status": {"replicas": 1}}

    answer = await api.send(
        "PATCH", "adapters/one/status", body, content_type=APPLY, fieldManager="alice"
    )

    owned = [e for e in answer.body["metadata"]["managedFields"] if e["manager"] == "alice"]
    assert answer.body["spec"]["replicas"] == 2
    assert answer.body["status"]["replicas"] == 1
    assert owned[0]["fieldsV1"] == {"f:status": {"f:replicas": {}}}


async def test_a_dry_run_apply_stores_nothing(api: Api) -> None:
    answer = await apply(api, "alice", config_map("new", a="1"), dryRun="All")

    assert answer.status == 201
    assert (await api.send("GET", "configmaps/new")).status == 404
