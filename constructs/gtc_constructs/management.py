"""The nodes for everything that is no worker: said once a stack by its connection, asked by all.

It must not know what a connection is, or what runs on the nodes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from weakref import WeakKeyDictionary, WeakSet

from gtc_constructs._bindings import Construct, TerraformStack
from gtc_constructs.base import GtcConstruct
from gtc_spec.manifests.placement import POOL_LABEL, on_management_pool

_SAID: Final[WeakKeyDictionary[TerraformStack, tuple[str, Mapping[str, str]]]] = WeakKeyDictionary()
"""By stack: the path of its connection, and the node selector."""
_ASKED: Final[WeakSet[TerraformStack]] = WeakSet()
"""Stacks whose nodes were asked for before anybody had said them."""


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
