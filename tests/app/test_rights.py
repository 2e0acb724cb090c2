"""Panel and guardian have exactly the rights that they use: a show is played and compared.

A right that lacks is refused during the show and named; a right that is too much is one that the
show never used. What has come to use a new right has to be part of the show below.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml

from gtc_rehearsal.kube_api import Store
from gtc_rehearsal.kube_api.access.asked import Asked
from gtc_rehearsal.kube_api.access.rights import Rights
from gtc_rehearsal.kube_api.resources import DGDSA, ROLE, ROLE_BINDING, SERVICE_ACCOUNT
from gtc_runtime.cluster.api.kube import Kube
from gtc_runtime.cluster.lease_view import LeaseTimes
from gtc_runtime.scenario.unattended.guardian import Guardian
from gtc_spec import names
from gtc_spec.environment import load
from gtc_spec.manifests import rbac
from gtc_spec.pools import ROLES, PDRatio
from tests.app.conftest import N, Panel, World, short_show

PROD = load("prod")
ACCESS = {
    rbac.PANEL_ACCOUNT: rbac.panel_access(PROD, ""),
    rbac.GUARDIAN_ACCOUNT: rbac.guardian_access(PROD, ""),
}
"""Account -> its ServiceAccount, Role and RoleBinding."""
KINDS = (SERVICE_ACCOUNT, ROLE, ROLE_BINDING)
ADAPTERS = [names.pool_dgdsa(role) for role in ROLES]
TIMES = LeaseTimes(duration_s=1.2, renew_s=0.3, fence_s=0.9, call_s=0.5)


@dataclass(frozen=True, order=True)
class Right:
    """One verb on one name of a resource; no name when all are meant."""

    account: str
    verb: str
    group: str
    resource: str
    name: str

    def __str__(self) -> str:
        return f"{self.account}: {self.verb} {self.resource} {self.name}".rstrip()


def rights_of(account: str, rules: list[dict[str, Any]]) -> Iterator[Right]:
    """Every single right of a Role."""
    for rule in rules:
        for verb in rule["verbs"]:
            for group in rule["apiGroups"]:
                for resource in rule["resources"]:
                    for name in rule.get("resourceNames") or [""]:
                        yield Right(account, verb, group, resource, name)


GRANTED = [
    right for account, made in ACCESS.items() for right in rights_of(account, made[1]["rules"])
]


class Witness(Rights):
    """Decides as the server does, and remembers what was asked for and what was refused."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.asked: set[tuple[str, Asked]] = set()
        self.refused: set[tuple[str, Asked]] = set()

    def require(self, user: str, asked: Asked) -> None:
        if asked.resource and ":" in user:
            known = self.asked if self.allowed(user, asked) else self.refused
            known.add((user.rsplit(":", 1)[1], asked))
        super().require(user, asked)


async def play(folder: Path) -> Witness:
    """A short show with all that panel and guardian do to the cluster."""
    world = World(short_show(), folder)
    witness = world.api.rights = Witness(world.store)
    await world.start()
    try:
        await shown(Panel(world))
        await guarded(world, folder)
    finally:
        await world.stop()
    return witness


async def shown(panel: Panel) -> None:
    """One cycle of auto mode, then the fallback state."""
    await panel.start()
    try:
        await panel.until_mode("manual")
        panel.world.scale(PDRatio(3, 2))  # somebody has: both pools have to be set
        await panel.service.auto(once=True)
        for _ in range(3):
            await panel.until(lambda view: view.phase.elapsed_s > 0.5)
            await panel.service.next_phase()
        await panel.until_mode("manual")
        await panel.service.prescale(datetime.now(UTC) + timedelta(minutes=90))
        await panel.service.reset()
    finally:
        await panel.service.stop()


async def guarded(world: World, folder: Path) -> None:
    """A panel was killed with KEDA paused; the guardian ends the pause."""
    gone = "panel@gone/1/2/abc"
    world.hold_lease(gone)
    world.annotate({names.ANNOTATION_PAUSED: "true", names.ANNOTATION_PAUSED_BY: gone})
    file = folder / "kubeconfig-guardian"
    account = names.NAMESPACE_PANEL, rbac.GUARDIAN_ACCOUNT
    file.write_text(yaml.safe_dump(world.api.kubeconfig(account)))
    async with await Kube.connect(N, str(file)) as kube:
        guardian = Guardian(kube, TIMES)
        for _ in range(10):
            if await guardian.poll():
                break
            await asyncio.sleep(0.4)
    assert "the guardian resumed keda" in str(world.stored()["events"][-1])


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Witness:
    return asyncio.run(play(tmp_path_factory.mktemp("show")))


def test_the_show_asks_for_nothing_that_the_roles_do_not_grant(played: Witness) -> None:
    lacking = [f"{account}: {asked}" for account, asked in played.refused]
    assert not lacking, f"rights that lack in rbac.py: {lacking}"


@pytest.mark.parametrize("right", GRANTED, ids=str)
def test_every_single_right_is_used_by_the_show(played: Witness, right: Right) -> None:
    rights = rights_without(right)
    user = f"system:serviceaccount:{names.NAMESPACE_PANEL}:{right.account}"
    asked = [asked for account, asked in played.asked if account == right.account]
    assert asked

    refused = [each for each in asked if not rights.allowed(user, each)]

    assert refused, f"nothing uses the right {right}: drop it from rbac.py, or play what uses it"


async def test_an_account_of_ones_own_may_read_follow_and_scale_and_nothing_else(
    world: World,
) -> None:
    witness = world.api.rights = Witness(world.store)
    rules = rbac.scaling_rules(ADAPTERS)
    for resource, made in zip(KINDS, bound("autoscaler", rules), strict=True):
        world.store.create(resource, made)
    token = world.api.kubeconfig((N, "autoscaler"))["users"][0]["user"]["token"]
    place = f"{world.api.url}/apis/nvidia.com/v1alpha1/namespaces/{N}/{DGDSA.plural}"
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/merge-patch+json"}
    async with aiohttp.ClientSession(headers=headers, raise_for_status=True) as session:
        for name in ADAPTERS:
            one = {"fieldSelector": f"metadata.name={name}"}
            await session.get(f"{place}/{name}")
            await session.get(place, params=one)
            await session.get(place, params={**one, "watch": "true", "timeoutSeconds": "1"})
            await session.get(f"{place}/{name}/scale")
            await session.patch(f"{place}/{name}/scale", json={"spec": {"replicas": 1}})

    used = {(ask.verb, ask.whole_resource, ask.name) for _, ask in witness.asked}
    granted = {(one.verb, one.resource, one.name) for one in rights_of("autoscaler", rules)}
    assert used == granted


async def test_a_show_lives_through_a_server_that_has_not_read_its_roles_yet(
    world: World, panel: Panel
) -> None:
    await panel.service.auto()
    await world.until(world.paused)

    world.api.rights.known = False
    await panel.until(lambda view: "403" in view.problem)
    await asyncio.sleep(1)
    world.api.rights.known = True

    await panel.until(lambda view: not view.problem)
    assert panel.view.mode == "auto"
    await panel.service.manual()
    assert not world.paused()


def bound(name: str, rules: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A ServiceAccount of the workload's namespace with a Role of these rules."""
    head = {"name": name, "namespace": N}
    return [{"metadata": head}, *rbac.role_and_binding(head, rules, name, N)]


def rights_without(dropped: Right) -> Rights:
    """What is left of an account's Role when one verb on one name is taken from it."""
    account, role, binding = ACCESS[dropped.account]
    left = [right for right in rights_of(dropped.account, role["rules"]) if right != dropped]
    rules = [
        {
            "verbs": [right.verb],
            "apiGroups": [right.group],
            "resources": [right.resource],
            **({"resourceNames": [right.name]} if right.name else {}),
        }
        for right in left
    ]
    store = Store()
    for resource, made in zip(KINDS, (account, {**role, "rules": rules}, binding), strict=True):
        store.create(resource, made)
    return Rights(store)
