"""Ranges of addresses: what DigitalOcean takes for a VPC, and what may not overlap.

Arithmetic on texts; it must not know clusters or accounts.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Final

from gtc_spec.errors import UsageError

PRIVATE: Final = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))
"""RFC 1918."""
RESERVED: Final = tuple(
    map(IPv4Network, ("10.229.0.0/16", "10.244.0.0/16", "10.245.0.0/16", "10.246.0.0/24"))
)
"""Not for a VPC: DigitalOcean's own (release note of 2025-03-07), and what clusters have inside."""
POD_ADDRESSES: Final = 128
"""Addresses of one node's pods: DOKS takes a /25 for each from the range of pods, as DigitalOcean's
guide to VPC-native clusters is quoted; not tried here."""
SERVICES_MIN: Final = 64
"""Smallest range of Services: each takes an address, and ours alone are some twenty."""
VPC_BITS: Final = (16, 28)
"""Largest and smallest VPC by the length of its prefix (openapi 7c1300c, models/vpc.yml)."""


def any_range(what: str, cidr: str) -> IPv4Network | IPv6Network:
    """A range of addresses, public or not.

    Raises:
        UsageError: It is none.
    """
    try:
        return ip_network(cidr)
    except ValueError as error:
        raise UsageError(f"{what}: {error}, allowed: like 192.0.2.0/24") from None


def private(what: str, cidr: str) -> IPv4Network:
    """A range of private addresses.

    Raises:
        UsageError: It is none.
    """
    network = any_range(what, cidr)
    if isinstance(network, IPv4Network) and any(map(network.subnet_of, PRIVATE)):
        return network
    raise UsageError(
        f"{what} {cidr} is not private, allowed: inside {', '.join(map(str, PRIVATE))}"
    )


def of_vpc(cidr: str) -> IPv4Network:
    """The range of a VPC to make.

    Raises:
        UsageError: DigitalOcean would not take it.
    """
    network = private("vpc_cidr", cidr)
    largest, smallest = VPC_BITS
    if not largest <= network.prefixlen <= smallest:
        raise UsageError(f"vpc_cidr {cidr}, allowed: /{largest} to /{smallest}")
    for each in RESERVED:
        if network.overlaps(each):
            raise UsageError(
                f"vpc_cidr {cidr} overlaps {each}, allowed: outside "
                f"{', '.join(map(str, RESERVED))}, which DigitalOcean keeps for itself"
            )
    return network


def of_cluster(cluster_subnet: str | None, service_subnet: str | None) -> None:
    """Check the ranges of pods and Services of a cluster, private and apart already.

    Raises:
        UsageError: One is said without the other, DigitalOcean keeps one for itself, or that of
            Services is too small.
    """
    said = {"cluster_subnet": cluster_subnet, "service_subnet": service_subnet}
    missing = [name for name, cidr in said.items() if cidr is None]
    if len(missing) == 1:
        raise UsageError(
            f"got no {missing[0]}, allowed: cluster_subnet and service_subnet, or neither",
            "both together make the cluster VPC-native, and cannot be changed later",
        )
    for name, cidr in said.items():
        for each in RESERVED if cidr else ():
            if private(name, cidr or "").overlaps(each):
                raise UsageError(
                    f"{name} {cidr} overlaps {each}, allowed: outside "
                    f"{', '.join(map(str, RESERVED))}, which DigitalOcean keeps for itself"
                )
    if service_subnet and private("service_subnet", service_subnet).num_addresses < SERVICES_MIN:
        raise UsageError(
            f"service_subnet {service_subnet} is too small, allowed: at least {SERVICES_MIN} "
            "addresses, a /26",
            "DigitalOcean recommends a /19; it cannot be changed later",
        )


def crowded(cluster_subnet: str | None, nodes: int) -> str:
    """What is wrong with the range of pods of a cluster with so many ``nodes``; empty if nothing.

    Raises:
        UsageError: The range is not private.
    """
    if cluster_subnet is None:
        return ""
    most = private("cluster_subnet", cluster_subnet).num_addresses // POD_ADDRESSES
    if nodes <= most:
        return ""
    return (
        f"cluster_subnet {cluster_subnet} holds the pods of {most} nodes, allowed: at least a /25 "
        f"for each of {nodes}, which the pools may grow to; it cannot be changed later"
    )


def apart(cidrs: Mapping[str, str | None]) -> None:
    """Check that ranges are private, and that no two of them have an address in common.

    Args:
        cidrs: By their names; None for one that nobody has said.

    Raises:
        UsageError: One is not private, or two overlap.
    """
    seen: dict[str, IPv4Network] = {}
    for name, cidr in cidrs.items():
        if cidr is None:
            continue
        network = private(name, cidr)
        for other, taken in seen.items():
            if network.overlaps(taken):
                raise UsageError(
                    f"{name} {network} overlaps {other} {taken}, allowed: ranges apart"
                )
        seen[name] = network
