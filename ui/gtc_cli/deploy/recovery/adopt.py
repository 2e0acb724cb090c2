"""Which things of the account an infra stack has to take over before it is applied.

A provider that is killed, or gives up, while it makes something forgets it; the thing goes on
living and costing. It is imported by the next apply, and what only has our name is refused.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Final

from gtc_cli.deploy.api import Api
from gtc_cli.deploy.recovery import inventory
from gtc_cli.deploy.recovery.inventory import Inventory
from gtc_cli.deploy.recovery.synthesised import Resource
from gtc_spec.errors import GtcError, UsageError

SETTLED_S: Final = 3600.0
"""Longest wait for something that is being made or deleted: as long as the stack itself waits."""
POLL_INTERVAL_S: Final = 10.0
UNSETTLED: Final = ("provisioning", "creating", "deleting")
BROKEN: Final = ("error", "invalid", "failed")
VPC: Final = "digitalocean_vpc"
CLUSTER: Final = "digitalocean_kubernetes_cluster"
POOL: Final = "digitalocean_kubernetes_node_pool"
SHARE: Final = "digitalocean_nfs"


@dataclass(frozen=True)
class Import:
    """One thing to take over.

    Attributes:
        address: Of the resource in the stack.
        id: By which its provider finds it.
        what: In words.
    """

    address: str
    id: str
    what: str


def imports(
    wanted: Iterable[Resource], listed: Collection[str], found: Inventory
) -> tuple[Import, ...]:
    """What is in the account and not in the state.

    Args:
        wanted: Resources of the stack.
        listed: Addresses that its state has.
        found: What the account has.

    Raises:
        UsageError: Something of our name is not ours, or cannot become what is wanted.
    """
    missing = [each for each in wanted if each.address not in listed]
    return tuple(made for each in missing if (made := _import(each, found)))


def settle(
    api: Api,
    env: str,
    log: Callable[[str], None],
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Inventory:
    """Wait until nothing of ours is half made or half deleted, then say what there is.

    Raises:
        GtcError: Something is broken, or was not settled within `SETTLED_S`.
    """
    give_up = clock() + SETTLED_S
    told = ""
    while True:
        found = inventory.read(api, env)
        for thing in found.things:
            if thing.status in BROKEN:
                raise GtcError(
                    f"{thing} is in the state {thing.status}",
                    f"make teardown ENV={env}, then again",
                )
        waiting = [each for each in found.things if each.status in UNSETTLED]
        said = ", ".join(f"{each.kind} {each.name} is {each.status}" for each in waiting)
        if not waiting:
            return found
        if said != told:
            log(f"an earlier run began this; waiting: {said}")
            told = said
        if clock() >= give_up:
            raise GtcError(f"gave up after {SETTLED_S:.0f} s: {said}")
        sleep(POLL_INTERVAL_S)


def _import(wanted: Resource, found: Inventory) -> Import | None:
    if wanted.kind == POOL:
        return _pool(wanted, found)
    kind: dict[str, inventory.Kind] = {VPC: "vpc", CLUSTER: "cluster", SHARE: "share"}
    thing = found.of(kind[wanted.kind]) if wanted.kind in kind else None
    if thing is None or thing.name != wanted.settings.get("name"):
        return None
    region = str(thing.document.get("region", ""))
    asked = str(wanted.settings.get("region", ""))
    if region != asked:
        raise UsageError(
            f"the account has a {thing} in {region}, this deployment wants it in {asked}",
            f"REGION={region}, or end it: make teardown",
        )
    if wanted.kind == SHARE:
        _refuse_share(wanted, thing, found)
        # the provider asks for a share by its region, too
        return Import(wanted.address, f"{thing.id},{region}", str(thing))
    return Import(wanted.address, thing.id, str(thing))


def _refuse_share(wanted: Resource, share: inventory.Thing, found: Inventory) -> None:
    vpc = found.of("vpc")
    if vpc is None or vpc.id not in (share.document.get("vpc_ids") or ()):
        raise UsageError(
            f"the account has a {share}, but not in our vpc",
            "it was not made by this; rename or remove it by hand",
        )
    has, asked = share.document.get("size_gib") or 0, wanted.settings.get("size") or 0
    if has > asked:
        raise UsageError(
            f"the account has a {share}, this deployment wants {asked} GiB; shares do not shrink",
            "end it: make teardown",
        )


def _pool(wanted: Resource, found: Inventory) -> Import | None:
    pool = found.pool(str(wanted.settings.get("name")))
    if pool is None:
        return None
    what = f"node pool {pool.get('name')} with {pool.get('count')} x {pool.get('size')}"
    return Import(wanted.address, str(pool["id"]), what)
