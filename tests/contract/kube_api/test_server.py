"""What the rehearsal's server does where a real one need not do the same."""

import time

import aiohttp

from gtc_rehearsal.kube_api import KubeApiServer, Store
from tests.contract.kube_api.client import Api, adapter


async def test_an_apply_on_the_servers_side_is_a_format_that_it_does_not_take(
    rehearsal: Api,
) -> None:
    answer = await rehearsal.send(
        "PATCH",
        "adapters/one",
        adapter(replicas=5),
        content_type="application/apply-patch+yaml",
        fieldManager="contract",
    )

    assert (answer.status, answer.body["reason"]) == (415, "UnsupportedMediaType")
    assert answer.message == (
        "the body of the request was in an unknown format - accepted media types include: "
        "application/json-patch+json, application/merge-patch+json"
    )
    assert (await rehearsal.send("GET", "adapters/one")).body["spec"]["replicas"] == 2


async def test_protobuf_is_a_format_that_it_does_not_take(rehearsal: Api) -> None:
    # through kubectl proxy a real one ends the stream instead, so it cannot be asked the same way
    kind = "application/vnd.kubernetes.protobuf"
    answer = await rehearsal.send("POST", "adapters", b"k8s\x00\n", content_type=kind)

    assert answer.status == 415


async def test_managed_fields_that_somebody_sends_are_not_kept(rehearsal: Api) -> None:
    owned = {"manager": "alice", "operation": "Apply", "fieldsV1": {"f:spec": {}}}

    made = await rehearsal.make("adapters", adapter("new", managedFields=[owned]))
    patch = {"metadata": {"managedFields": [owned]}}
    patched = await rehearsal.send("PATCH", "adapters/new", patch)

    assert "managedFields" not in made.body["metadata"]
    assert patched.body == made.body


async def test_logs_of_pods_are_not_served(rehearsal: Api) -> None:
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}}
    await rehearsal.make("pods", {**pod, "spec": {"containers": [{"name": "c", "image": "x"}]}})

    assert (await rehearsal.send("GET", "pods/p/log")).status == 404


async def test_a_server_can_stop_under_a_running_watch(session: aiohttp.ClientSession) -> None:
    server = KubeApiServer(Store())
    url = await server.start()
    async with session.get(f"{url}/api/v1/pods", params={"watch": "true"}):
        started = time.monotonic()
        await server.stop()

    assert time.monotonic() - started < 2


async def test_an_accident_inside_the_server_is_answered_as_one(rehearsal: Api) -> None:
    assert rehearsal.store

    def stumble(_request: object) -> list[str]:
        raise ZeroDivisionError

    rehearsal.store.admission.append(stumble)

    answer = await rehearsal.send("PATCH", "adapters/one", {"spec": {"replicas": 3}})

    assert (answer.status, answer.message) == (500, "internal error")
