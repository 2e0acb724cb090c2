"""A running deployment leaves Grove and comes back, by one command each."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import yaml

from gtc_rehearsal.kube_api.resources import COMPONENT, DGD, POD, POD_CLIQUE_SET
from gtc_runtime.cluster.api.errors import KubeError
from gtc_runtime.cluster.api.kube import Kube
from gtc_runtime.cluster.lease_view import LeaseTimes
from gtc_runtime.scenario.unattended import grove
from gtc_spec import names
from gtc_spec.manifests.serving_graph import ANNOTATION_GROVE
from gtc_spec.pools import PDRatio
from tests.app.conftest import N, Panel, Timers, World

INITIAL = PDRatio(2, 3)
TIMES = LeaseTimes(duration_s=2.0, renew_s=0.3, fence_s=1.3, call_s=0.6)


@pytest.fixture
async def kube(world: World, tmp_path: Path) -> AsyncIterator[Kube]:
    """A client with an administrator's rights."""
    file = tmp_path / "administrator"
    file.write_text(yaml.safe_dump(world.api.kubeconfig()))
    async with await Kube.connect(N, str(file)) as client:
        yield client


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers that have nothing to finish."""

    async def gone(_self: Timers, _name: str, _drain_s: float) -> None:
        await asyncio.sleep(0.1)

    monkeypatch.setattr(Timers, "stop_worker", gone)


async def switched(kube: Kube, world: World, on: bool) -> list[str]:
    """Switch, and what was said of it."""
    told: list[str] = []
    await grove.switch(kube, world.environment, on, told.append, TIMES)
    return told


def kinds(world: World) -> tuple[int, int]:
    """Sets of Grove, and Deployments."""
    return len(world.store.list(POD_CLIQUE_SET, N)), len(world.store.list(COMPONENT, N))


def pods_of_grove(world: World) -> list[bool]:
    pods = world.store.list(POD, N, {names.LABEL_DGD: names.DEMO})
    return [grove.LABEL_CLIQUE in pod["metadata"]["labels"] for pod in pods]


@pytest.mark.slow
async def test_off_leaves_deployments_alone_again_does_nothing_and_on_brings_grove_back(
    world: World, kube: Kube
) -> None:
    told = await switched(kube, world, on=False)

    assert kinds(world) == (0, 3)
    assert pods_of_grove(world) == [False] * 6
    assert (world.desired(), world.paused(), len(world.hpas())) == (INITIAL, False, 2)
    assert "deleting PodCliqueSet gtc-demo" in told

    before = {pod["metadata"]["uid"] for pod in world.store.list(POD, N)}
    told = await switched(kube, world, on=False)

    assert {pod["metadata"]["uid"] for pod in world.store.list(POD, N)} == before
    assert not any(line.startswith(("deleting", "changing")) for line in told)

    await switched(kube, world, on=True)

    assert kinds(world) == (1, 0)
    assert pods_of_grove(world) == [True] * 6
    assert (world.desired(), world.paused()) == (INITIAL, False)


async def test_a_switch_that_was_broken_off_is_completed(world: World, kube: Kube) -> None:
    patch = {"metadata": {"annotations": {ANNOTATION_GROVE: "false"}}}
    world.store.patch(DGD, names.DEMO, N, patch)
    world.scale(world.environment.full_ratio)
    await world.until(lambda: kinds(world) == (1, 3))

    await switched(kube, world, on=False)

    assert kinds(world) == (0, 3)
    assert not any(pods_of_grove(world))


async def test_a_show_is_not_disturbed(world: World, panel: Panel, kube: Kube) -> None:
    await panel.service.auto()
    await panel.until_mode("auto")

    with pytest.raises(KubeError, match="auto mode"):
        await switched(kube, world, on=False)

    assert kinds(world) == (1, 0)
    assert panel.view.mode == "auto"


async def test_a_pause_of_somebody_is_respected(world: World, kube: Kube) -> None:
    world.annotate({names.ANNOTATION_PAUSED: "true"})
    await world.until(lambda: not world.hpas())

    with pytest.raises(KubeError, match="paused") as refusal:
        await switched(kube, world, on=False)

    assert "remove that annotation" in refusal.value.hint  # the safe state leaves it alone
    assert kinds(world) == (1, 0)


@pytest.mark.slow
async def test_a_panel_that_lives_goes_on_by_hand_afterwards(
    world: World, panel: Panel, kube: Kube
) -> None:
    await switched(kube, world, on=False)

    await panel.until_mode("manual")
    await panel.until(lambda view: view.keda == "active")
    assert world.desired() == INITIAL


async def test_whoever_breaks_it_off_leaves_keda_its_pools(world: World, kube: Kube) -> None:
    task = asyncio.create_task(switched(kube, world, on=False))
    await world.until(world.paused)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert not world.paused()
