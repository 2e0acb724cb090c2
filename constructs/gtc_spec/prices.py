"""What a deployment costs an hour, line by line, each price with where it comes from.

Prices move: those of droplets are asked from the API where somebody can (``gtc doctor``) and stand
here for everybody else. Pure arithmetic; it must not read a clock, the account or the cluster.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from gtc_spec.environment import Environment

BILLED_HOURS: Final = 672
"""Hours of a month that DigitalOcean bills at most, so a monthly price is that many hourly ones."""
CONTRACTED: Final = "-contracted"
"""End of the name of a size that only a contract gives. Such sizes are not in ``GET /v2/sizes``
(docs.digitalocean.com/products/droplets/details/pricing, 2026-05-29)."""
API: Final = "GET /v2/sizes of the account, just now"


@dataclass(frozen=True)
class Price:
    """A price with its source.

    Attributes:
        usd_h: US dollars an hour.
        source: Where the figure was seen, and when.
    """

    usd_h: float
    source: str


def monthly(usd: float, source: str) -> Price:
    """A price of a month, as an hour of it is billed."""
    return Price(usd / BILLED_HOURS, source)


NFS_GIB: Final[Mapping[str, Price]] = {
    "standard": monthly(0.15, "a review of 2026, second-hand; unverified, no price list was read"),
    "high": monthly(0.30, "a review of 2026, second-hand; unverified, no price list was read"),
}
"""One GiB of a share, by its tier."""
VOLUME_GIB: Final = monthly(0.10, "docs.digitalocean.com/products/volumes; unverified")
"""One GiB of block storage."""
VOLUMES_GIB: Final = 40
"""Claims of Prometheus (20), Grafana (5), etcd and NATS, rounded up."""
LOAD_BALANCER: Final = monthly(12, "docs.digitalocean.com/products/networking; unverified")
"""One node of a load balancer."""
CONTROL_PLANE: Final = monthly(40, "docs.digitalocean.com/products/kubernetes/details/pricing")
"""High availability of the control plane, as the stacks order it."""
_OCTOBER: Final = "GET /v2/sizes of another account, 2026-10-08"
SIZES: Final[Mapping[str, Price]] = {
    "gpu-h100x1-80gb": Price(4.41, _OCTOBER),
    "gpu-h100x8-640gb": Price(35.28, _OCTOBER),
    "gpu-h200x1-141gb": Price(4.47, _OCTOBER),
    "gpu-h200x8-1128gb": Price(35.76, _OCTOBER),
}
"""GPU droplets on demand. A list of 2026-05-29 had a quarter less."""


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


def on_demand(size: str) -> str:
    """The size that anybody may order, of a contracted one; the size itself when it is none."""
    return size.removesuffix(CONTRACTED)


def lines(env: Environment, seen: Mapping[str, float] | None = None) -> tuple[Line, ...]:
    """Everything of an environment that costs money, an hour of it.

    Args:
        env: What is deployed.
        seen: Prices of droplet sizes as the API told them, US dollars an hour.
    """
    host, (fewest, most) = env.hosting, env.hosting.management_nodes
    large = _size(env.nodes.size, env.nodes.usd_h, seen or {})
    small = _size(host.management_size, host.management_node_usd_h, seen or {})
    return (
        Line(f"{env.nodes.count} x {env.nodes.size}", env.nodes.count * large.usd_h, large.source),
        Line(
            f"{fewest} x {host.management_size} (up to {most})",
            fewest * small.usd_h,
            small.source,
        ),
        Line("highly available control plane", CONTROL_PLANE.usd_h, CONTROL_PLANE.source),
        *_share(env),
        Line(f"volumes of {VOLUMES_GIB} GiB", VOLUMES_GIB * VOLUME_GIB.usd_h, VOLUME_GIB.source),
        Line("load balancers: none is made", 0.0, f"{LOAD_BALANCER.usd_h:.3f} USD/h each"),
    )


def total_usd_h(lines: tuple[Line, ...]) -> float:
    """Dollars an hour of all lines."""
    return sum(line.usd_h for line in lines)


def _share(env: Environment) -> tuple[Line, ...]:
    share = env.hosting.share
    if share is None:
        return ()
    price = NFS_GIB[share.tier]
    return (
        Line(f"share of {share.gib} GiB, tier {share.tier}", share.gib * price.usd_h, price.source),
    )


def _size(size: str, listed_usd_h: float, seen: Mapping[str, float]) -> Price:
    known = on_demand(size)
    contract = "; a contract has its own price" if known != size else ""
    if known in seen:
        return Price(seen[known], f"{API}{contract}")
    if known in SIZES:
        return Price(SIZES[known].usd_h, f"{SIZES[known].source}{contract}")
    return Price(listed_usd_h, f"environments/*.toml{contract}")
