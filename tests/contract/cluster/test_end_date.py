"""The end date in the cluster: written once, read by whoever asks, followed by the panel."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from gtc_rehearsal.kube_api.resources import CONFIG_MAP
from gtc_runtime.cluster import end_date
from gtc_runtime.cluster.api.errors import NotFound
from gtc_runtime.cluster.api.kube import Kube
from gtc_runtime.cluster.state import StateStore
from gtc_spec import names
from gtc_spec.environment import load
from gtc_spec.manifests.panel.state import state_config_map

from .conftest import Cluster

END = datetime(2099, 1, 2, 3, 4, tzinfo=UTC)


def deployed(cluster: Cluster, until: datetime | None) -> None:
    env = load("prod").model_copy(update={"until": until})
    cluster.store.create(CONFIG_MAP, state_config_map(env))


async def test_what_was_deployed_is_read(kube: Kube, cluster: Cluster) -> None:
    assert await end_date.read(kube) is None
    deployed(cluster, END)
    assert await end_date.read(kube) == END


async def test_a_moved_date_reaches_who_follows_it_and_leaves_the_state_alone(
    kube: Kube, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(end_date, "POLL_INTERVAL_S", 0.02)
    deployed(cluster, END)
    state = StateStore(kube)
    await state.write({"phase": "BALANCED"}, 1, await state.read())
    followed = end_date.EndDate(kube, None)
    task = asyncio.create_task(followed.poll())

    for moved in (END + timedelta(days=1), None):
        await end_date.write(kube, moved)
        async with asyncio.timeout(5):
            while followed.until != moved:
                await asyncio.sleep(0.01)

    task.cancel()
    assert (await state.read()).document["phase"] == "BALANCED"


async def test_nonsense_in_the_cluster_counts_as_no_date(kube: Kube, cluster: Cluster) -> None:
    deployed(cluster, END)
    wrong = {"metadata": {"annotations": {names.ANNOTATION_UNTIL: "soon"}}}
    cluster.store.patch(CONFIG_MAP, names.STATE_CONFIG_MAP, names.NAMESPACE_WORKLOAD, wrong)
    assert await end_date.read(kube) is None


async def test_without_a_panel_there_is_nobody_to_tell(kube: Kube) -> None:
    with pytest.raises(NotFound):
        await end_date.write(kube, END)
