"""Watches: order, selectors, bookmarks, their end, and a history that is gone."""

import asyncio
import time
from typing import Any

import aiohttp
import pytest

from gtc_rehearsal.kube_api import KubeApiServer, Store
from gtc_rehearsal.kube_api.resources import CONFIG_MAP
from tests.contract.kube_api.client import Api, adapter

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"


def brief(frames: list[dict[str, Any]]) -> list[tuple[str, str, int]]:
    """(type, name, replicas) of each frame."""
    return [
        (f["type"], f["object"]["metadata"]["name"], f["object"]["spec"]["replicas"])
        for f in frames
    ]


async def scale(api: Api, replicas: int) -> None:
    await api.send("PATCH", "adapters/one/scale", {"spec": {"replicas": replicas}})


async def test_a_watch_from_a_version_tells_every_later_change_in_order(api: Api) -> None:
    revision = (await api.send("GET", "adapters")).revision
    await scale(api, 3)
    await scale(api, 4)
    await api.send("DELETE", "adapters/one")

    frames = await api.watch("adapters", frames=3, resourceVersion=revision)

    assert brief(frames) == [
        ("MODIFIED", "one", 3),
        ("MODIFIED", "one", 4),
        ("DELETED", "one", 4),
    ]


async def test_versions_in_a_watch_rise(api: Api) -> None:
    revision = (await api.send("GET", "adapters")).revision
    for replicas in (3, 4, 5):
        await scale(api, replicas)

    frames = await api.watch("adapters", frames=3, resourceVersion=revision)

    versions = [int(frame["object"]["metadata"]["resourceVersion"]) for frame in frames]
    assert versions == sorted(set(versions))
    assert versions[0] > int(revision)


@pytest.mark.parametrize("query", [{}, {"resourceVersion": "0"}])
async def test_a_watch_from_any_version_starts_with_what_is_there(
    api: Api, query: dict[str, str]
) -> None:
    frames = await api.watch("adapters", frames=1, **query)

    assert brief(frames) == [("ADDED", "one", 2)]


async def test_a_change_made_during_a_watch_arrives(api: Api) -> None:
    revision = (await api.send("GET", "adapters")).revision
    watching = asyncio.create_task(api.watch("adapters", frames=1, resourceVersion=revision))
    await asyncio.sleep(0.1)

    await scale(api, 3)

    assert brief(await watching) == [("MODIFIED", "one", 3)]


async def test_a_write_that_changes_nothing_is_not_told(api: Api) -> None:
    await scale(api, 3)
    revision = (await api.send("GET", "adapters")).revision
    await scale(api, 3)
    await api.send("PATCH", "adapters/one", {"spec": {"replicas": 3}})
    await scale(api, 4)

    frames = await api.watch("adapters", frames=1, resourceVersion=revision)

    assert brief(frames) == [("MODIFIED", "one", 4)]


async def test_a_scale_that_only_moves_the_ownership_is_told(api: Api) -> None:
    revision = (await api.send("GET", "adapters")).revision
    await scale(api, 2)
    await scale(api, 3)

    frames = await api.watch("adapters", frames=1, resourceVersion=revision)

    assert brief(frames) == [("MODIFIED", "one", 2)]


async def test_other_kinds_are_not_told(api: Api) -> None:
    revision = (await api.send("GET", "adapters")).revision
    await api.send("PATCH", "configmaps/notes", {"data": {"b": "2"}})
    await scale(api, 3)

    frames = await api.watch("adapters", frames=1, resourceVersion=revision)

    assert brief(frames) == [("MODIFIED", "one", 3)]


async def test_a_field_selector_narrows_a_watch_to_one_object(api: Api) -> None:
    revision = (await api.send("GET", "adapters")).revision
    await scale(api, 3)
    await api.make("adapters", adapter("two"))

    frames = await api.watch(
        "adapters", frames=1, resourceVersion=revision, fieldSelector="metadata.name=two"
    )

    assert brief(frames) == [("ADDED", "two", 2)]


async def test_an_object_that_enters_or_leaves_the_selector_is_added_or_deleted(api: Api) -> None:
    revision = (await api.send("GET", "adapters")).revision
    for value in ("yes", None):
        await api.send("PATCH", "adapters/one", {"metadata": {"labels": {"shown": value}}})

    frames = await api.watch(
        "adapters", frames=2, resourceVersion=revision, labelSelector="shown=yes"
    )

    assert [frame["type"] for frame in frames] == ["ADDED", "DELETED"]


async def test_a_watch_ends_without_an_error_when_its_time_is_up(api: Api) -> None:
    started = time.monotonic()

    frames = await api.watch(
        "adapters",
        frames=9,
        resourceVersion=(await api.send("GET", "adapters")).revision,
        timeoutSeconds="1",
    )

    assert frames == []
    assert 0.9 < time.monotonic() - started < 4


async def bookmarks(api: Api, seconds: int) -> list[dict[str, Any]]:
    """The frames of a watch of one object while another one changes."""
    revision = (await api.make("adapters", adapter("other"))).revision
    watching = asyncio.create_task(
        api.watch(
            "adapters",
            frames=9,
            resourceVersion=revision,
            fieldSelector="metadata.name=one",
            timeoutSeconds=str(seconds),
            allowWatchBookmarks="true",
        )
    )
    await asyncio.sleep(0.2)
    await api.send("PATCH", "adapters/other/scale", {"spec": {"replicas": 5}})
    frames = await watching
    assert all(int(f["object"]["metadata"]["resourceVersion"]) > int(revision) for f in frames)
    return frames


async def test_a_watch_gets_a_bookmark_two_seconds_before_its_end(api: Api) -> None:
    assert {frame["type"] for frame in await bookmarks(api, 5)} == {"BOOKMARK"}


async def test_a_watch_of_a_second_gets_no_bookmark(api: Api) -> None:
    assert await bookmarks(api, 1) == []


async def test_a_watch_that_wants_initial_events_is_told_where_they_end(api: Api) -> None:
    frames = await api.watch(
        "adapters",
        frames=2,
        sendInitialEvents="true",
        resourceVersionMatch="NotOlderThan",
        allowWatchBookmarks="true",
    )

    assert [frame["type"] for frame in frames] == ["ADDED", "BOOKMARK"]
    annotations = frames[1]["object"]["metadata"]["annotations"]
    assert annotations == {"k8s.io/initial-events-end": "true"}


async def test_an_ancient_version_is_gone_inside_the_stream(api: Api) -> None:
    frames = await api.watch("adapters", frames=9, resourceVersion="1")

    assert [frame["type"] for frame in frames] == ["ERROR"]
    assert frames[0]["object"]["code"] == 410
    assert frames[0]["object"]["reason"] == "Expired"


async def test_a_version_that_fell_out_of_the_ring_is_gone(session: aiohttp.ClientSession) -> None:
    store = Store(history=5)
    server = KubeApiServer(store)
    url = await server.start()
    api = Api(url, "dynamo-workload", session, store=store, server=server)
    await api.make("adapters", adapter())
    revision = (await api.send("GET", "adapters")).revision
    for number in range(6):
        store.create(CONFIG_MAP, {"metadata": {"name": f"filler-{number}"}})

    frames = await api.watch("adapters", frames=1, resourceVersion=revision)
    await server.stop()

    assert frames[0]["object"]["code"] == 410


async def test_a_watch_that_falls_behind_the_ring_is_told_so(
    session: aiohttp.ClientSession,
) -> None:
    store = Store(history=5)
    server = KubeApiServer(store)
    url = await server.start()
    api = Api(url, "dynamo-workload", session, store=store, server=server)
    watching = asyncio.create_task(api.watch("adapters", frames=1, resourceVersion="1008"))
    await asyncio.sleep(0.1)

    for number in range(20):
        store.create(CONFIG_MAP, {"metadata": {"name": f"filler-{number}"}})
    frames = await watching
    await server.stop()

    assert frames[0]["object"]["code"] == 410


async def test_a_watch_whose_time_is_no_number_is_refused(api: Api) -> None:
    answer = await api.send("GET", "adapters", watch="true", timeoutSeconds="x")

    assert answer.status == 400


async def test_a_table_watch_names_its_columns_once(api: Api) -> None:
    await api.make("adapters", adapter("two"))

    first, second = await api.watch("adapters", frames=2, accept=TABLE)

    assert first["object"]["columnDefinitions"][0]["name"] == "Name"
    assert not second["object"].get("columnDefinitions")
    assert second["object"]["rows"][0]["cells"][0] == "two"


async def test_a_finalizer_makes_a_delete_a_change_and_then_a_deletion(api: Api) -> None:
    await api.make("adapters", adapter("held", finalizers=["example.com/hold"]))
    revision = (await api.send("GET", "adapters")).revision
    await api.send("DELETE", "adapters/held")
    await api.send("PATCH", "adapters/held", {"metadata": {"finalizers": []}})

    frames = await api.watch("adapters", frames=2, resourceVersion=revision)

    assert [frame["type"] for frame in frames] == ["MODIFIED", "DELETED"]
    assert frames[0]["object"]["metadata"]["deletionTimestamp"]
