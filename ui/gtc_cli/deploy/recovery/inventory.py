"""What the account holds under the demo's names and tags, whatever a state says.

A VPC and a share carry no tags: they are the demo's by their name, and belong to the environment
whose tag the cluster carries. This module only reads.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

from gtc_cli.deploy.api import Api, Json
from gtc_spec import names
from gtc_spec.errors import GtcError

Kind = Literal["cluster", "share", "load balancer", "volume", "droplet", "vpc"]
_ENDED: Final = ("deleted",)
"""Statuses of what is listed a while longer than it lives."""


@dataclass(frozen=True)
class Thing:
    """One object of the account.

    Attributes:
        kind: What it is.
        id: The API's id.
        name: Its name.
        detail: Size or place, for a person.
        status: As the API says, lower case; empty when it says nothing.
        document: As the API sent it.
    """

    kind: Kind
    id: str
    name: str
    detail: str
    status: str
    document: Json = field(repr=False, compare=False)

    def __str__(self) -> str:
        """One line."""
        return " ".join(each for each in (self.kind, self.name, self.detail) if each)

    @property
    def is_free(self) -> bool:
        """Whether it costs nothing by itself."""
        return self.kind == "vpc"


@dataclass(frozen=True)
class Inventory:
    """What was found.

    Attributes:
        things: In the order in which they can be deleted.
        unseen: Lists that the token may not read, or that the API does not have.
    """

    things: tuple[Thing, ...]
    unseen: tuple[str, ...] = ()

    def of(self, kind: Kind) -> Thing | None:
        """The only thing of a kind; None without one."""
        return next((each for each in self.things if each.kind == kind), None)

    def pool(self, name: str) -> Json | None:
        """A node pool of the cluster."""
        cluster = self.of("cluster")
        pools = (cluster.document.get("node_pools") or ()) if cluster else ()
        return next((each for each in pools if each.get("name") == name), None)


def read(api: Api, env: str, clusters: Collection[str] = ()) -> Inventory:
    """Everything of one environment.

    Args:
        api: The account.
        env: The environment; what belongs to another one is not looked at.
        clusters: Ids of clusters that were ours and may be gone; their volumes are ours.

    Raises:
        GtcError: The account cannot be read.
    """
    cluster = next(_named(api, "kubernetes/clusters", "kubernetes_clusters", names.DEMO), None)
    tags = () if cluster is None else tuple(cluster.get("tags") or ())
    if cluster is not None and names.environment_tag(env) not in tags:
        return Inventory(())
    share = next(_named(api, "nfs", "shares", names.share()), None)
    vpc = next(_named(api, "vpcs", "vpcs", names.network()), None)
    ids = {*clusters, *([str(cluster["id"])] if cluster else [])}
    beside, unseen = _beside(api, env, vpc, ids)
    found = [
        *([_cluster(cluster)] if cluster else []),
        *([_share(share)] if share else []),
        *beside,
        *([_thing("vpc", vpc, str(vpc.get("region", "")))] if vpc else []),
    ]
    return Inventory(tuple(found), unseen)


def _beside(
    api: Api, env: str, vpc: Json | None, clusters: Collection[str]
) -> tuple[list[Thing], tuple[str, ...]]:
    """What Kubernetes made by itself in our VPC: each costs, and none is in a state."""
    tags = {f"k8s:{each}" for each in clusters}
    tag = names.environment_tag(env)
    ours: tuple[tuple[Kind, str, dict[str, str], Callable[[Json], bool]], ...] = (
        (
            "load balancer",
            "load_balancers",
            {},
            lambda each: bool(vpc) and each.get("vpc_uuid") == (vpc or {}).get("id"),
        ),
        ("volume", "volumes", {}, lambda each: bool(tags & set(each.get("tags") or ()))),
        ("droplet", "droplets", {"tag_name": tag}, lambda _each: True),
        # those with GPUs are listed only when they are asked for, and then not by tag
        ("droplet", "droplets", {"type": "gpus"}, lambda each: tag in (each.get("tags") or ())),
    )
    found: list[Thing] = []
    unseen: list[str] = []
    for kind, path, parameters, is_ours in ours:
        try:
            listed = api.list(path, path, **parameters)
        except GtcError as error:
            unseen.append(error.message)
            continue
        found += [_thing(kind, each, _size(each)) for each in listed if is_ours(each)]
    return found, tuple(dict.fromkeys(unseen))


def _named(api: Api, path: str, key: str, name: str) -> Iterator[Json]:
    for each in api.list(path, key):
        if each.get("name") == name and _status(each) not in _ENDED:
            yield each


def _cluster(cluster: Json) -> Thing:
    nodes: Counter[str] = Counter()
    for pool in cluster.get("node_pools") or ():
        nodes[str(pool.get("size", ""))] += int(pool.get("count") or 0)
    detail = ", ".join(f"{amount} x {size}" for size, amount in sorted(nodes.items()))
    return _thing("cluster", cluster, f"with {detail}" if detail else "")


def _share(share: Json) -> Thing:
    return _thing("share", share, f"of {share.get('size_gib', '?')} GiB")


def _size(document: Json) -> str:
    if "size_gigabytes" in document:
        return f"of {document['size_gigabytes']} GiB"
    return str(document.get("size_slug") or "")


def _thing(kind: Kind, document: Json, detail: str) -> Thing:
    return Thing(
        kind,
        str(document.get("id", "")),
        str(document.get("name", "")),
        detail,
        _status(document),
        document,
    )


def _status(document: Json) -> str:
    """Clusters say it in an object, shares as a word."""
    said = document.get("status")
    return str(said.get("state", "") if isinstance(said, dict) else said or "").lower()
