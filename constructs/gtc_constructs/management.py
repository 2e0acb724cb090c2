"""What the connection of a stack says once and all ask: its cluster, and the nodes for no worker.

It must not know what a connection is, or what runs on the nodes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from weakref import WeakKeyDictionary, WeakSet

from gtc_constructs._bindings import Construct, TerraformStack
from gtc_constructs.base import GtcConstruct, Ordered
from gtc_spec.errors import UsageError
from gtc_spec.manifests.placement import POOL_LABEL, on_management_pool


@dataclass(frozen=True)
class Cluster:
    """A cluster as a connection names it: by its name in the account, or by a kubeconfig.

    Attributes:
        called: What messages call it.
        name: Its name in the account. Default: empty, not known.
        kubeconfig: File that names it, as an absolute path. Default: none.
        context: Context inside the file. Default: empty, the current one.
    """

    called: str
    name: str = ""
    kubeconfig: Path | None = None
    context: str = ""

    def differs(self, other: Cluster) -> bool:
        """Whether both are known to be two clusters.

        A name and a kubeconfig may mean the same one, and so may a context and the current one.
        """
        if self.name and other.name:
            return self.name != other.name
        if self.kubeconfig is None or other.kubeconfig is None:
            return False
        if self.kubeconfig != other.kubeconfig:
            return True
        return "" not in (self.context, other.context) and self.context != other.context


_SAID: Final[WeakKeyDictionary[TerraformStack, tuple[str, Mapping[str, str]]]] = WeakKeyDictionary()
"""By stack: the path of its connection, and the node selector."""
_ASKED: Final[WeakSet[TerraformStack]] = WeakSet()
"""Stacks whose nodes were asked for before anybody had said them."""
_CLUSTERS: Final[WeakKeyDictionary[TerraformStack, Cluster]] = WeakKeyDictionary()
"""The cluster of each stack that is connected."""


@dataclass(frozen=True)
class _Taken:
    """Something of a stack that is used in another one, which must be of the same cluster."""

    taker: GtcConstruct
    path: str
    home: TerraformStack

    def check(self) -> None:
        stack = TerraformStack.of(self.taker)
        ours, theirs = _CLUSTERS.get(stack), _CLUSTERS.get(self.home)
        if ours and theirs and ours.differs(theirs):
            raise UsageError(
                f"{self.taker.node.path}: {self.path} is in {theirs.called}, allowed: what is in "
                f"{ours.called}, to which {stack.node.path} is connected",
                "make one in this stack, or pass what the cluster has already as an Existing...",
            )


def say_cluster(connection: GtcConstruct, cluster: Cluster) -> None:
    """Note the cluster that a stack is connected to.

    Raises:
        UsageError: Something of another cluster is used in the stack, or the other way round.
    """
    stack = TerraformStack.of(connection)
    _CLUSTERS[stack] = cluster
    for each in _taken(stack):
        each.check()


def same_cluster(construct: GtcConstruct, *others: Ordered) -> None:
    """Refuse what a construct cannot use, because it is in another cluster.

    Raises:
        UsageError: One of them is.
    """
    stack = TerraformStack.of(construct)
    for other, resource in ((one, each) for one in others for each in one.resources):
        if (home := TerraformStack.of(resource)) is not stack:
            named = other if isinstance(other, Construct) else resource
            taken = _Taken(construct, named.node.path, home)
            taken.check()
            # whichever of the two is connected later
            for each in (stack, home):
                _taken(each).append(taken)
            return


def take(construct: GtcConstruct, *others: Ordered) -> None:
    """Let a construct use others of its cluster, which come first.

    Raises:
        UsageError: One of them is in another cluster.
    """
    for other in others:
        same_cluster(construct, other)
    construct.wait_for(*others)


def _taken(stack: TerraformStack) -> list[_Taken]:
    found: list[_Taken] = vars(stack).setdefault("gtc_taken", [])
    return found


def say_management_pool(connection: GtcConstruct, pool: str | None) -> None:
    """Note the node pool of a stack's cluster for everything that is no worker; None for any.

    Raises:
        UsageError: The stack has a connection already, or charts that were put on another pool.
    """
    stack = TerraformStack.of(connection)
    if stack in _SAID:
        raise connection.refused(
            f"the stack is connected already by {_SAID[stack][0]}, allowed: one connection a stack",
            "what runs on another cluster goes into a stack of its own",
        )
    selector = {} if pool is None else {POOL_LABEL: pool}
    if stack in _ASKED and selector != on_management_pool():
        raise connection.refused(
            f"management_pool={pool!r} comes after charts that were put on another one, "
            "allowed: the connection before what runs on its cluster"
        )
    _SAID[stack] = (connection.node.path, selector)


def management_nodes(scope: Construct) -> dict[str, str]:
    """Node selector of the management pool of a stack; of the usual one when nobody has said it."""
    stack = TerraformStack.of(scope)
    if stack in _SAID:
        return dict(_SAID[stack][1])
    _ASKED.add(stack)
    return on_management_pool()
