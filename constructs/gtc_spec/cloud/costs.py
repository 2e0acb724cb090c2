"""What a deployment costs an hour, line by line.

Pure arithmetic on `prices`; it must not read a clock, the account or the cluster.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gtc_spec.cloud import prices
from gtc_spec.environment import Environment


@dataclass(frozen=True)
class Line:
    """One line of the bill of an hour.

    Attributes:
        what: In words, with its amount.
        usd_h: US dollars an hour, all of it.
        source: Where the price was seen.
    """

    what: str
    usd_h: float
    source: str


def lines(
    env: Environment,
    seen: Mapping[str, float] | None = None,
    *,
    worker_nodes: int | None = None,
    management_nodes: int | None = None,
) -> tuple[Line, ...]:
    """Everything of an environment that costs money, an hour of it.

    Args:
        env: What is deployed.
        seen: Prices of droplet sizes as the API told them, US dollars an hour.
        worker_nodes: Nodes of workers that run; None takes the environment's.
        management_nodes: The others; None takes the environment's least.
    """
    large = env.nodes.count if worker_nodes is None else worker_nodes
    small = env.hosting.management_nodes[0] if management_nodes is None else management_nodes
    return (
        _line(f"{large} x {env.nodes.size}", large, prices.of(env.nodes.size, seen)),
        _line(
            f"{small} x {env.hosting.management_size}",
            small,
            prices.of(env.hosting.management_size, seen),
        ),
        _line("highly available control plane", 1, prices.CONTROL_PLANE),
        *_share(env),
        _line(f"volumes of {prices.VOLUMES_GIB} GiB", prices.VOLUMES_GIB, prices.VOLUME_GIB),
        _line("load balancers: none is made", 0, prices.LOAD_BALANCER),
    )


def usd_h(lines: tuple[Line, ...]) -> float:
    """Dollars an hour of all lines."""
    return sum(line.usd_h for line in lines)


def _share(env: Environment) -> tuple[Line, ...]:
    share = env.hosting.share
    if share is None:
        return ()
    what = f"share of {share.gib} GiB, tier {share.tier}"
    return (_line(what, share.gib, prices.NFS_GIB[share.tier]),)


def _line(what: str, amount: float, price: prices.Price) -> Line:
    return Line(what, amount * price.usd_h, price.source)
