"""The stored state is written by compare-and-set and fenced by the epoch."""

import asyncio

import pytest

from gtc_rehearsal.kube_api.resources import CONFIG_MAP
from gtc_runtime.cluster.api.errors import Conflict, Fenced
from gtc_runtime.cluster.api.kube import Json, Kube
from gtc_runtime.cluster.state import StateStore, with_event
from gtc_spec import names
from tests.faulty_api.faults import Fault

from .conftest import NAMESPACE, Cluster


async def test_an_absent_state_is_empty_and_can_be_written(cluster: Cluster, kube: Kube) -> None:
    store = StateStore(kube)
    nothing = await store.read()
    assert (nothing.document, nothing.epoch, nothing.version) == ({}, 0, None)
    await store.write({"mode": "auto"}, 1, nothing)
    found = await store.read()
    assert (found.document["mode"], found.epoch) == ("auto", 1)


async def test_a_writer_of_an_older_epoch_is_fenced(cluster: Cluster, kube: Kube) -> None:
    store = StateStore(kube)
    await store.write({"mode": "auto"}, 5, await store.read())
    with pytest.raises(Fenced, match="epoch 5, ours is 4"):
        await store.update(4, lambda document: document)


async def test_a_write_on_what_is_no_longer_there_is_a_conflict(
    cluster: Cluster, kube: Kube
) -> None:
    store = StateStore(kube)
    await store.write({}, 1, await store.read())
    stale = await store.read()
    await store.write({"n": 1}, 1, stale)
    with pytest.raises(Conflict):
        await store.write({"n": 2}, 1, stale)


async def test_updates_at_the_same_time_all_arrive(cluster: Cluster, kube: Kube) -> None:
    store = StateStore(kube)
    await store.update(1, lambda _: {"n": 0})

    def one_more(document: Json) -> Json:
        return document | {"n": document["n"] + 1}

    await asyncio.gather(*(store.update(1, one_more) for _ in range(3)))
    assert (await store.read()).document["n"] == 3


async def test_an_update_whose_answer_is_lost_is_read_back_and_not_done_twice(
    cluster: Cluster, kube: Kube
) -> None:
    store = StateStore(kube)
    await store.update(1, lambda _: {"events": []})
    cluster.faults.add(Fault("PATCH", "configmaps", 503, after=True, times=1))
    await store.update(1, lambda document: with_event(document, "info", "once"))
    events = (await store.read()).document["events"]
    assert [event["text"] for event in events] == ["once"]


@pytest.mark.parametrize("text", ["", "{", "[]", "3", '{"epoch": "x"}', '{"epoch": -1}'])
async def test_a_damaged_state_counts_as_empty_and_can_be_overwritten(
    cluster: Cluster, kube: Kube, text: str
) -> None:
    metadata = {"name": names.STATE_CONFIG_MAP, "namespace": NAMESPACE}
    cluster.store.create(CONFIG_MAP, {"metadata": metadata, "data": {"state.json": text}})
    store = StateStore(kube)
    assert (await store.read()).epoch == 0
    await store.update(1, lambda _: {"mode": "manual"})
    assert (await store.read()).document["mode"] == "manual"


def test_only_the_newest_events_are_kept() -> None:
    document: Json = {"events": "damaged"}
    for n in range(60):
        document = with_event(document, "info", str(n))
    assert [event["text"] for event in document["events"]] == [str(n) for n in range(10, 60)]
