"""The network of a cluster: what is there already, and which ranges of addresses go together.

It makes nothing, and must not know the cluster.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gtc_constructs._bindings import KubernetesClusterControlPlaneFirewall, Vpc
from gtc_constructs.values import ExistingVpc
from gtc_spec.cloud import networks
from gtc_spec.errors import UsageError

Network = Vpc | ExistingVpc
"""A VPC, made by Terraform or there already; both have an id."""


@dataclass(frozen=True)
class Addresses:
    """Everything that a cluster is told about addresses.

    Attributes:
        vpc: A network that is there already; None makes one.
        vpc_cidr: Range of the one that is made; None leaves it to DigitalOcean, here and below.
        cluster_subnet: Range of pods.
        service_subnet: Range of Services.
        allowed: Ranges that may reach the control plane; none for all.
        unlisted: Whether what is known of DigitalOcean's ranges does not count.
    """

    vpc: Network | None
    vpc_cidr: str | None
    cluster_subnet: str | None
    service_subnet: str | None
    allowed: Sequence[str]
    unlisted: bool = False

    @property
    def firewall(self) -> KubernetesClusterControlPlaneFirewall | None:
        """What lets only these addresses reach the control plane; None lets all."""
        if not self.allowed:
            return None
        return KubernetesClusterControlPlaneFirewall(
            enabled=True, allowed_addresses=list(self.allowed)
        )

    def problems(self, nodes: int) -> Iterator[str]:
        """What is wrong where the pools may grow to so many ``nodes`` together."""
        if not self.unlisted and (found := networks.crowded(self.cluster_subnet, nodes)):
            yield found

    def check(self) -> None:
        """Check each by itself, then all together.

        Raises:
            UsageError: ``vpc`` is one too many, a range is wrong, two overlap, or one of pods and
                Services is missing.
        """
        there = self.vpc_cidr
        if self.vpc is not None:
            if self.vpc_cidr is not None:
                raise UsageError("got vpc and vpc_cidr, allowed: one of them")
            there = self.vpc.cidr if isinstance(self.vpc, ExistingVpc) else None
        elif self.vpc_cidr is not None:
            networks.of_vpc(self.vpc_cidr)
        for address in self.allowed:
            networks.any_range("allowed_addresses", address)
        subnets = {"cluster_subnet": self.cluster_subnet, "service_subnet": self.service_subnet}
        networks.apart({"vpc": there, **subnets})
        if not self.unlisted:
            networks.of_cluster(self.cluster_subnet, self.service_subnet)
