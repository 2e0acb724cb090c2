"""What a killed run left inside the cluster: half-made releases, and objects that no state lists.

Helm refuses a release whose last revision is pending, even to whom takes over failed ones; a
provider refuses an object that exists. Releases are cleared down to what Helm can upgrade, objects
are imported. Secrets are not: an import would write their values into the state. They are removed
and made again.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from typing import Final

from gtc_cli.deploy.recovery.adopt import Import
from gtc_cli.deploy.recovery.synthesised import Resource
from gtc_runtime.cluster import waiting
from gtc_runtime.cluster.api.errors import NotFound
from gtc_runtime.cluster.api.kube import Kube
from gtc_spec import kinds
from gtc_spec.kinds import Kind

RELEASE: Final = "helm_release"
SECRET: Final = "kubernetes_secret_v1"  # noqa: S105 - a kind
HALF_MADE: Final = (
    "pending-install",
    "pending-upgrade",
    "pending-rollback",
    "uninstalling",
)
"""Statuses of a revision that somebody was working on when it ended."""
GONE_S: Final = 600.0
"""Longest wait for the end of something that is being deleted."""
_EVERYWHERE: Final = "default"
"""Namespace to connect with; every question names its own."""


def clear(
    kubeconfig: str,
    wanted: Iterable[Resource],
    listed: Collection[str],
    log: Callable[[str], None],
) -> tuple[Import, ...]:
    """Clear what is half made of a stack, and say what is to be imported.

    No Terraform may be working on the stack.

    Args:
        kubeconfig: Of the cluster.
        wanted: Resources of the stack.
        listed: Addresses that its state has.
        log: Gets one line for everything that was cleared.

    Raises:
        GtcError: The cluster does not answer or refuses.
    """

    async def act() -> tuple[Import, ...]:
        async with await Kube.connect(_EVERYWHERE, kubeconfig) as kube:
            await _clear_releases(kube, wanted, log)
            missing = [each for each in wanted if each.address not in listed]
            return await _take_over(kube, missing, log)

    return asyncio.run(act())


async def _clear_releases(
    kube: Kube, wanted: Iterable[Resource], log: Callable[[str], None]
) -> None:
    releases: dict[str, set[str]] = defaultdict(set)
    for each in wanted:
        if each.kind == RELEASE:
            namespace, name = each.place
            releases[namespace].add(name)
    for namespace, ours in sorted(releases.items()):
        inside = kube.within(namespace)
        for revision in await inside.list(kinds.SECRET, {"owner": "helm"}):
            labels = revision["metadata"].get("labels") or {}
            if labels.get("name") in ours and labels.get("status") in HALF_MADE:
                await inside.delete(kinds.SECRET, revision["metadata"]["name"])
                log(f"release {namespace}/{labels['name']} was {labels['status']}; cleared")


async def _take_over(
    kube: Kube, missing: Iterable[Resource], log: Callable[[str], None]
) -> tuple[Import, ...]:
    known: dict[str, Kind] = {
        "kubernetes_namespace_v1": kinds.NAMESPACE,
        "kubernetes_config_map_v1": kinds.CONFIG_MAP,
        "kubernetes_runtime_class_v1": kinds.RUNTIME_CLASS,
        SECRET: kinds.SECRET,
    }
    found = []
    for each in missing:
        kind = known.get(each.kind)
        if kind is None:
            continue
        namespace, name = each.place
        inside = kube.within(namespace) if namespace else kube
        try:
            there = await inside.get(kind, name)
        except NotFound:
            continue
        if there["metadata"].get("deletionTimestamp"):
            await _wait_for_its_end(inside, kind, name, log)
            continue
        what = f"{kind.kind} {'/'.join(part for part in (namespace, name) if part)}"
        if each.kind == SECRET:
            await inside.delete(kind, name)
            log(f"{what} is in no state; removed, it is made again")
        else:
            found.append(Import(each.address, "/".join(p for p in (namespace, name) if p), what))
    return tuple(found)


async def _wait_for_its_end(kube: Kube, kind: Kind, name: str, log: Callable[[str], None]) -> None:
    """A namespace takes a while to end; what is made in it meanwhile is refused."""

    async def poll() -> waiting.Readiness:
        try:
            await kube.get(kind, name)
        except NotFound:
            return waiting.Readiness(True, f"{kind.kind} {name} is gone")
        return waiting.Readiness(False, f"{kind.kind} {name} is still being deleted")

    await waiting.wait(poll, GONE_S, log)
