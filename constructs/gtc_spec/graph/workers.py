"""The pools of a serving graph: how many workers each has at rest, by what they do.

Plain frozen data: it must not know what the workers run, or on what.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from gtc_spec.arguments import checked, introduce
from gtc_spec.environment import Environment
from gtc_spec.errors import UsageError
from gtc_spec.pools import ROLES, Mode, Pool


@checked
@dataclass(frozen=True, slots=True, kw_only=True)
class Workers:
    """Identical workers, as many as one pool has at rest.

    Attributes:
        replicas: Workers at rest, at least 1. Default: 1. To change it on a live cluster, scale
            the adapter first: the operator's webhook refuses the edit otherwise.
        drain_s: Longest time that a worker needs to finish what it started, seconds; twice of it
            becomes the termination grace. Default: 60.
        scaling_adapter: Whether the pool can be scaled at all. Default: yes.
        max_unavailable: Most workers that a drain of nodes may take away at once, at least 1, by a
            PodDisruptionBudget. Default: no limit.

    Raises:
        UsageError: A number is out of range.
    """

    replicas: int = 1
    drain_s: float = 60
    scaling_adapter: bool = True
    max_unavailable: int | None = None

    def __post_init__(self) -> None:
        if self.replicas < 1:
            raise UsageError(
                f"got {self.replicas} workers, allowed: at least 1",
                "with an empty pool the gang is evicted, frontend included (ai-dynamo/grove#676)",
            )
        if not 0 <= self.drain_s <= 600:
            raise UsageError(f"got drain_s={self.drain_s:g}, allowed: 0 to 600")

        if self.max_unavailable is not None and self.max_unavailable < 1:
            raise UsageError(
                f"got max_unavailable={self.max_unavailable}, allowed: at least 1",
                "with 0 no node could ever be drained",
            )

    @classmethod
    @checked
    def of(cls, pool: Pool) -> Self:
        """Those of one pool of an environment, at rest."""
        return cls(replicas=pool.initial, drain_s=pool.drain_s)


introduce(Workers, "Workers", "Workers(replicas=2)")

WorkerPools = Mapping[Mode, Workers]
"""Prefill and decode, or one aggregated pool."""


def two_pools(env: Environment) -> WorkerPools:
    """Prefill and decode of an environment at its initial ratio."""
    return {role: Workers.of(env.pools.of(role)) for role in ROLES}


def one_pool(env: Environment, workers: int) -> WorkerPools:
    """So many workers that do both halves of a request; nothing scales them."""
    drain_s = max(env.pools.of(role).drain_s for role in ROLES)
    pool = Workers(replicas=workers, drain_s=drain_s, scaling_adapter=False)
    return {"aggregated": pool}
