"""The store as the controllers of the rehearsal use it, in process."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Any

import pytest

from gtc_rehearsal.kube_api import ApiError, Store
from gtc_rehearsal.kube_api.resources import CONFIG_MAP, DGDSA, NAMESPACE, POD, QUEUE

NS = "dynamo-workload"
FAST_S = 0.005


def adapter(name: str = "one", **metadata: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": name, "namespace": NS, **metadata},
        "spec": {"replicas": 2, "dgdRef": {"name": "demo", "serviceName": "Worker"}},
    }


def pod(name: str, **labels: str) -> dict[str, Any]:
    return {
        "metadata": {"name": name, "namespace": NS, "labels": labels},
        "spec": {"containers": [{"name": "main", "image": "x"}]},
    }


def test_the_namespaces_of_the_demo_are_there_from_the_start() -> None:
    names = {found["metadata"]["name"] for found in Store().list(NAMESPACE)}

    assert {"default", NS, "gtc-demo-panel", "monitoring", "keda", "dynamo-system"} <= names


def test_what_comes_out_can_be_changed_without_harm() -> None:
    store = Store()
    given = adapter()

    created = store.create(DGDSA, given)
    for copy in (given, created, store.get(DGDSA, "one", NS), store.list(DGDSA)[0]):
        copy["spec"]["replicas"] = 99
    patched = store.patch(DGDSA, "one", NS, {"metadata": {"labels": {"a": "b"}}})
    patched["spec"]["replicas"] = 99

    assert store.get(DGDSA, "one", NS)["spec"]["replicas"] == 2


def test_a_list_can_be_narrowed_to_labels() -> None:
    store = Store()
    store.create(POD, pod("a", pool="decode"))
    store.create(POD, pod("b", pool="prefill"))

    found = store.list(POD, NS, {"pool": "decode"})

    assert [item["metadata"]["name"] for item in found] == ["a"]


def test_a_kind_without_namespace_needs_none() -> None:
    store = Store()
    store.create(QUEUE, {"metadata": {"name": "dynamo"}, "spec": {}})

    assert store.get(QUEUE, "dynamo")["metadata"]["name"] == "dynamo"


def test_a_stale_version_in_a_patch_is_a_conflict() -> None:
    store = Store()
    store.create(DGDSA, adapter())

    with pytest.raises(ApiError) as refused:
        store.patch(DGDSA, "one", NS, {"metadata": {"resourceVersion": "1"}})

    assert refused.value.code == 409


def test_a_replace_names_the_version_that_it_read() -> None:
    store = Store()
    present = store.create(DGDSA, adapter())
    present["spec"]["replicas"] = 5

    assert store.replace(DGDSA, present)["spec"]["replicas"] == 5
    with pytest.raises(ApiError, match="has been modified"):
        store.replace(DGDSA, present)


def test_time_stamps_come_from_the_given_clock() -> None:
    store = Store(now=lambda: datetime(2026, 3, 16, 12, tzinfo=UTC))

    assert store.create(DGDSA, adapter())["metadata"]["creationTimestamp"] == "2026-03-16T12:00:00Z"


def test_deleting_a_namespace_deletes_what_is_in_it() -> None:
    store = Store()
    store.create(DGDSA, adapter())

    store.delete(NAMESPACE, NS)

    assert store.list(DGDSA) == []


def test_deleting_twice_what_a_finalizer_holds_changes_nothing_more() -> None:
    store = Store()
    store.create(DGDSA, adapter(finalizers=["example.com/hold"]))
    store.delete(DGDSA, "one", NS)
    revision = store.revision

    again = store.delete(DGDSA, "one", NS)

    assert again["metadata"]["deletionTimestamp"]
    assert store.revision == revision


async def test_a_waiter_wakes_at_the_next_write() -> None:
    store = Store()
    waiting = asyncio.create_task(store.changed(store.revision, 5))
    await asyncio.sleep(0)

    store.create(DGDSA, adapter())

    assert await asyncio.wait_for(waiting, 1) == store.revision


async def test_a_waiter_who_missed_a_write_does_not_wait() -> None:
    store = Store()
    before = store.revision
    store.create(DGDSA, adapter())

    assert await asyncio.wait_for(store.changed(before, 60), 1) == before + 1


async def test_a_waiter_gives_up_when_nothing_changes() -> None:
    store = Store()
    before = store.revision

    assert await store.changed(before, 0.01) == before


async def test_a_write_that_changes_nothing_wakes_nobody() -> None:
    store = Store()
    store.create(DGDSA, adapter())
    before = store.revision

    store.patch(DGDSA, "one", NS, {"spec": {"replicas": 2}})

    assert await store.changed(before, 0.01) == before


def test_one_thousand_writes_stay_within_the_history() -> None:
    store = Store(history=100)
    store.create(CONFIG_MAP, {"metadata": {"name": "c"}, "data": {}})
    for number in range(1000):
        store.patch(CONFIG_MAP, "c", "default", {"data": {"n": str(number)}})

    assert len(store.changes_since(store.revision - 100)) == 100
    with pytest.raises(ApiError, match="too old resource version"):
        store.changes_since(store.revision - 101)


def test_a_scale_and_a_list_of_thirty_pods_are_fast() -> None:
    store = Store()
    store.create(DGDSA, adapter())
    for number in range(30):
        store.create(POD, pod(f"p{number}", pool="decode"))

    scale_s = median_s(
        [
            lambda n=n: store.patch(DGDSA, "one", NS, {"spec": {"replicas": n}}, "scale")
            for n in range(50)
        ]
    )
    list_s = median_s([lambda: store.list(POD, NS, {"pool": "decode"})] * 50)

    assert scale_s < FAST_S
    assert list_s < FAST_S


def median_s(calls: list[Any]) -> float:
    taken = []
    for call in calls:
        started = time.perf_counter()
        call()
        taken.append(time.perf_counter() - started)
    return sorted(taken)[len(taken) // 2]
