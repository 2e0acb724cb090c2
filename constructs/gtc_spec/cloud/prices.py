"""What things cost an hour, each price with where it comes from.

Prices move: those of droplets are asked from the API where somebody can (``gtc doctor``) and stand
here for everybody else. It must not know an environment, read a clock, the account or the cluster.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gtc_spec.cloud import gpus
from gtc_spec.cloud.droplets import on_demand

BILLED_HOURS: Final = 672
"""Hours of a month that DigitalOcean bills at most, so a monthly price is that many hourly ones."""


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
_LIST: Final = "docs.digitalocean.com/products/droplets/details/pricing, 2026"
SIZES: Final[Mapping[str, Price]] = {
    "s-2vcpu-4gb": monthly(24, _LIST),
    "s-4vcpu-8gb": monthly(48, _LIST),
    "s-8vcpu-16gb": monthly(96, _LIST),
    **{size: Price(usd_h, source) for size, usd_h, source in gpus.sizes()},
}
"""Droplets that nodes may be, on demand."""


def of(size: str, seen: Mapping[str, float] | None = None) -> Price:
    """The price of a droplet size; of a contracted one that without a contract.

    Args:
        size: Slug.
        seen: Prices as the API told them just now, US dollars an hour; they win.

    Raises:
        ValueError: Nobody knows a price.
    """
    ordered = on_demand(size)
    contract = "; a contract has its own price" if ordered != size else ""
    if seen and ordered in seen:
        return Price(seen[ordered], f"GET /v2/sizes of the account{contract}")
    if ordered not in SIZES:
        raise ValueError(f"one of {', '.join(SIZES)}: no price of {size} is known")
    return Price(SIZES[ordered].usd_h, f"{SIZES[ordered].source}{contract}")


def priced(size: str) -> str:
    """The size itself, for fields of models.

    Raises:
        ValueError: Nobody knows its price.
    """
    of(size)
    return size
