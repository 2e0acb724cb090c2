"""A Kubernetes cluster with nodes for workers and a share for models, in one network.

It must not know what runs on the cluster, and nothing outside DigitalOcean's API.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from gtc_constructs._bindings import (
    Construct,
    DataDigitaloceanKubernetesVersions,
    KubernetesCluster,
    KubernetesClusterTimeouts,
    KubernetesNodePool,
    TerraformResource,
    TerraformResourceLifecycle,
    Vpc,
    VpcTimeouts,
)
from gtc_constructs.base import GtcConstruct, Ordered, held
from gtc_constructs.cluster import pools
from gtc_constructs.cluster.network import Addresses
from gtc_constructs.cluster.nfs_share import NfsShare
from gtc_constructs.providers import require_digitalocean
from gtc_constructs.terraform.ids import refuse_inherited
from gtc_constructs.values import ExistingVpc, NfsTier
from gtc_spec import names, versions
from gtc_spec.cloud import regions
from gtc_spec.cloud.node_pool import NodePool
from gtc_spec.errors import UsageError
from gtc_spec.manifests.placement import CPU_POOL, GPU_POOL, MANAGEMENT_POOL

_TAG = re.compile(r"[a-zA-Z0-9:_-]{1,255}")
"""As the provider has it (2.99.1, digitalocean/tag/tags.go)."""


class GpuCluster(GtcConstruct):
    """VPC, DOKS cluster with a management pool and one for workers, and an NFS share on demand.

    DOKS itself taints GPU nodes, labels them and runs the NVIDIA device plugin; nothing of that is
    set here. Destroying the cluster also removes the load balancers and volumes that it made.

    Args:
        scope: The construct to create this one in.
        id: Name inside the scope.
        name: Name of the cluster; VPC and share get it with a suffix.
        region: Region slug.
        gpu_pool: The nodes of the workers, called ``gpu`` unless it has a name. Default: none, then
            ``cpu_pool`` must be given.
        cpu_pool: Nodes without GPUs for simulated workers, called ``workers`` unless it has a name.
            Default: none.
        management_pool: The nodes of everything else, called ``management`` unless it has a name.
            Default: 2 to 5 of s-2vcpu-4gb.
        vpc: A network that is there already. Default: one of its own is made.
        vpc_cidr: Range of addresses of the VPC that is made, private, /16 to /28. Default:
            DigitalOcean picks a free one.
        cluster_subnet: Private addresses of pods, a /25 for each node; say both subnets in a house
            that routes between networks, and they cannot be changed later. Default: DigitalOcean
            picks them.
        service_subnet: Private addresses of Services, at least a /26. Default: DigitalOcean picks
            them.
        name_prefix: Put before the names of cluster, VPC and share, with a hyphen, so that several
            copies fit into one account. Default: nothing.
        nfs_size_gib: Size of a share for models, at least 50 GiB; it can grow, but never shrink,
            and is paid by its size. Default: no share is made.
        nfs_tier: Throughput class of the share. Default: high.
        kubernetes_minor: Release line; new clusters get its latest patch, existing ones keep
            theirs. Default: ``gtc_spec.versions.KUBERNETES_MINOR``.
        ha: Whether the control plane is replicated; it cannot be turned off again. Default: yes.
        registry_integration: Whether DOKS writes the pull secret of the account's registry into
            every namespace. The account must have a registry: without one the provider makes the
            cluster, fails, and replaces it at the next apply. Default: no; all images of this
            library are public.
        allowed_addresses: Addresses that may reach the control plane. Default: all.
        kubeconfig_ttl: How long credentials that this resource hands out live. Default: 2 hours;
            the API's own default is 7 days.
        tags: Tags of the cluster and its pools. Default: none.
        cluster_tags: More tags of the cluster alone, such as some that change. Default: none.
        unlisted: Take the region although `gtc_spec.cloud.regions` does not know it, or not that it
            has what is wanted, and subnets that `gtc_spec.cloud.networks` would not. Default: no.
        after: What must be there first. Default: nothing.

    Raises:
        UsageError: A name, size, tag, range of addresses or release line is wrong, the stack has a
            cluster of this name, the region is not known to have what is wanted, ``gpu_pool`` has
            no GPUs, or neither pool is given.
    """

    name: str
    """Name of the cluster in the account, with its prefix: what a connection finds it by."""
    vpc: Vpc | ExistingVpc
    """The network: made here, or the one that was given."""
    cluster: KubernetesCluster
    """The cluster itself, and the default child."""
    management_pool: str
    """Name of the node pool for everything that is no worker."""
    node_pools: dict[str, NodePool]
    """The nodes of workers, by the name that their pool has in the cluster."""
    gpus: int = 0
    """GPUs of all pools together."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        name: str,
        region: str,
        gpu_pool: NodePool | None = None,
        cpu_pool: NodePool | None = None,
        management_pool: NodePool | None = None,
        vpc: Vpc | ExistingVpc | None = None,
        vpc_cidr: str | None = None,
        cluster_subnet: str | None = None,
        service_subnet: str | None = None,
        name_prefix: str = "",
        nfs_size_gib: int | None = None,
        nfs_tier: NfsTier = NfsTier.HIGH,
        kubernetes_minor: str = versions.KUBERNETES_MINOR,
        ha: bool = True,
        registry_integration: bool = False,
        allowed_addresses: Sequence[str] = (),
        kubeconfig_ttl: timedelta = timedelta(hours=2),
        tags: Sequence[str] = (),
        cluster_tags: Sequence[str] = (),
        unlisted: bool = False,
        after: Iterable[Ordered | TerraformResource] = (),
    ) -> None:
        super().__init__(scope, id, after=after)
        self.name, self._region = names.prefixed(name_prefix, name), region
        self._tags, self._cluster_tags, self._unlisted = tags, cluster_tags, unlisted
        said = (vpc, vpc_cidr, cluster_subnet, service_subnet, allowed_addresses)
        self._addresses = addresses = Addresses(*said, unlisted)
        self._check(kubernetes_minor)
        self._check_place(addresses, gpus=gpu_pool is not None, nfs=nfs_size_gib is not None)
        self.vpc = vpc or self._vpc(vpc_cidr)
        choices: dict[str, Any] = {"ha": ha, "registry_integration": registry_integration}
        choices["kubeconfig_expire_seconds"] = kubeconfig_ttl.total_seconds()
        self.cluster = self._cluster(management_pool, addresses, kubernetes_minor, choices)
        self._add_workers(gpu_pool, cpu_pool)
        self._models = None if nfs_size_gib is None else self._share(nfs_size_gib, nfs_tier)

    @property
    def models(self) -> NfsShare:
        """The share for models.

        Raises:
            UsageError: None was asked for.
        """
        if self._models is None:
            raise self.refused(
                "it has no share for models, allowed: nfs_size_gib=200 or so",
                "it takes what the checkpoints weigh, and some more",
            )
        return self._models

    def problems(self) -> Iterator[str]:
        """A range of pods that is too small for the nodes of all pools."""
        yield from self._addresses.problems(self._nodes)

    @property
    def pools(self) -> dict[str, KubernetesNodePool]:
        """The pools of workers by name; that of the management is part of ``cluster``."""
        made = self.node.children
        return {each.node.id: each for each in made if isinstance(each, KubernetesNodePool)}

    def _add_workers(self, gpu_pool: NodePool | None, cpu_pool: NodePool | None) -> None:
        if gpu_pool is None and cpu_pool is None:
            raise self.refused("got no nodes for workers, allowed: gpu_pool, cpu_pool or both")
        if gpu_pool:
            self._add_gpus(gpu_pool, gpu_pool.name or GPU_POOL)
        if cpu_pool:
            self._add_pool(cpu_pool, cpu_pool.name or CPU_POOL)

    @held
    def add_gpu_pool(self, pool: NodePool) -> KubernetesNodePool:
        """Add further nodes with GPUs.

        Args:
            pool: The nodes; they need a name, by which their workers find them.

        Raises:
            UsageError: The size has no GPUs, or the pool has no name of its own.
        """
        if pool.name is None:
            raise self.refused(
                f"a further node pool of {pool.size} has no name, allowed: "
                'NodePool(..., name="large")',
                "workers of a Serving with this pool run on the nodes that have its name",
            )
        return self._add_gpus(pool, pool.name)

    def _add_gpus(self, pool: NodePool, name: str) -> KubernetesNodePool:
        if not pool.gpus_per_node:
            raise self.refused(
                f"node pool {name}: size {pool.size} has no gpus, allowed: sizes like "
                "gpu-h100x1-80gb",
                "doctl kubernetes options sizes lists them",
            )
        self.gpus += pool.gpus
        if pool.contracted:
            # a surge needs a spare node, and there is none
            self.cluster.surge_upgrade = False
        return self._add_pool(pool, name)

    def _add_pool(self, pool: NodePool, name: str) -> KubernetesNodePool:
        refuse_inherited(self.node.path, name)
        if name == self.management_pool or self.node.try_find_child(name):
            raise self.refused(f"the name {name!r} of a node pool is taken, allowed: another name")
        self.node_pools[name] = pool
        self._nodes += pool.nodes_max
        return pools.further(self, self.cluster, pool, name, self._tags)

    def _check(self, minor: str) -> None:
        self.require_name("cluster", self.name)
        if not re.fullmatch(r"1\.\d{2}", minor):
            raise self.refused(
                f"kubernetes {minor!r}, allowed: a release line like {versions.KUBERNETES_MINOR}",
                "doctl kubernetes options versions lists them",
            )
        for tag in (*self._tags, *self._cluster_tags):
            if not _TAG.fullmatch(tag):
                raise self.refused(
                    f"tag {tag!r}, allowed: at most 255 of a-z, A-Z, 0-9, :, - and _"
                )

    def _check_place(self, addresses: Addresses, *, gpus: bool, nfs: bool) -> None:
        try:
            if not self._unlisted:
                regions.check(self._region, gpus=gpus, nfs=nfs)
            addresses.check()
        except UsageError as error:
            raise self.refused(error.message, error.hint) from None

    def _vpc(self, cidr: str | None) -> Vpc:
        return Vpc(
            self,
            "vpc",
            name=names.network(self.name),
            region=self._region,
            ip_range=cidr,
            # cluster and share leave it long after their deletion was accepted; the provider's own
            # limit is 2 minutes
            timeouts=VpcTimeouts(delete="30m"),
            depends_on=self.depends_on,
        )

    def _cluster(
        self, given: NodePool | None, addresses: Addresses, minor: str, choices: Mapping[str, Any]
    ) -> KubernetesCluster:
        self.require_unique(
            f"the cluster {self.name}", "it is found by its name: take another, or a name_prefix"
        )
        require_digitalocean(self)
        management = given or NodePool.management()
        self.management_pool = management.name or MANAGEMENT_POOL
        self.node_pools, self._nodes = {}, management.nodes_max
        listed = DataDigitaloceanKubernetesVersions(self, "versions", version_prefix=f"{minor}.")
        made = KubernetesCluster(
            self,
            "cluster",
            name=self.name,
            region=self._region,
            version=listed.latest_version,
            vpc_uuid=self.vpc.id,
            cluster_subnet=addresses.cluster_subnet,
            service_subnet=addresses.service_subnet,
            control_plane_firewall=addresses.firewall,
            node_pool=pools.first(management, self.management_pool, self._tags),
            auto_upgrade=False,
            surge_upgrade=True,
            destroy_all_associated_resources=True,
            tags=[*self._tags, *self._cluster_tags],
            timeouts=KubernetesClusterTimeouts(create="60m"),
            # otherwise every new patch release is a difference in the plan
            lifecycle=TerraformResourceLifecycle(ignore_changes=["version"]),
            depends_on=self.depends_on or None,
            **choices,
        )
        self.stands_for(made)
        return made

    def _share(self, size_gib: int, tier: NfsTier) -> NfsShare:
        return NfsShare(
            self,
            "models",
            name=names.share(self.name),
            region=self._region,
            vpc=self.vpc,
            size_gib=size_gib,
            tier=tier,
            unlisted=self._unlisted,
            after=self.depends_on,
        )
