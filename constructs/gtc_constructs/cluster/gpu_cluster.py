"""A Kubernetes cluster with nodes for workers and a share for models, in one network.

It must not know what runs on the cluster, and nothing outside DigitalOcean's API.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from ipaddress import ip_network
from typing import Any

from gtc_constructs._bindings import (
    Construct,
    DataDigitaloceanKubernetesVersions,
    KubernetesCluster,
    KubernetesClusterControlPlaneFirewall,
    KubernetesClusterNodePool,
    KubernetesClusterTimeouts,
    KubernetesNodePool,
    KubernetesNodePoolTimeouts,
    TerraformResource,
    TerraformResourceLifecycle,
    Vpc,
    VpcTimeouts,
)
from gtc_constructs.base import GtcConstruct, Ordered
from gtc_constructs.cluster.nfs_share import NfsShare
from gtc_constructs.providers import require_digitalocean
from gtc_constructs.values import NfsTier
from gtc_spec import names, versions
from gtc_spec.cloud.node_pool import NodePool
from gtc_spec.manifests.placement import CPU_POOL, GPU_POOL, MANAGEMENT_POOL


class GpuCluster(GtcConstruct):
    """VPC, DOKS cluster with a management pool and one for workers, and an NFS share.

    DOKS itself taints GPU nodes, labels them and runs the NVIDIA device plugin; nothing of that is
    set here. Destroying the cluster also removes the load balancers and volumes that it made.

    Args:
        scope: The construct to create this one in.
        id: Name inside the scope.
        name: Name of the cluster; VPC and share get it with a suffix.
        region: Region slug.
        gpu_pool: The nodes of the workers. Default: none, then ``cpu_pool`` must be given.
        cpu_pool: Nodes without GPUs for simulated workers. Default: none.
        management_pool: The nodes of everything else. Default: 2 to 5 of s-2vcpu-4gb.
        vpc_cidr: Address range of the VPC. Default: DigitalOcean picks a free one.
        nfs_size_gib: Size of the share, at least 50 GiB; None makes none. Default: 16,000.
        nfs_tier: Throughput class of the share. Default: high.
        kubernetes_minor: Release line; new clusters get its latest patch, existing ones keep
            theirs. Default: ``gtc_spec.versions.KUBERNETES_MINOR``.
        ha: Whether the control plane is replicated; it cannot be turned off again. Default: yes.
        registry_integration: Whether DOKS writes the pull secret of the account's registry into
            every namespace, see ``gtc_spec.cloud.images.pull_secrets``. Default: yes.
        allowed_addresses: Addresses that may reach the control plane. Default: all.
        kubeconfig_ttl: How long credentials that this resource hands out live. Default: 2 hours;
            the API's own default is 7 days.
        tags: Tags of the cluster and its pools. Default: none.
        cluster_tags: More tags of the cluster alone, such as some that change. Default: none.
        after: What must be there first. Default: nothing.

    Raises:
        UsageError: A name, size, address or release line is wrong, ``gpu_pool`` has no GPUs, or
            neither pool is given.
    """

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
        vpc_cidr: str | None = None,
        nfs_size_gib: int | None = 16_000,
        nfs_tier: NfsTier = NfsTier.HIGH,
        kubernetes_minor: str = versions.KUBERNETES_MINOR,
        ha: bool = True,
        registry_integration: bool = True,
        allowed_addresses: Sequence[str] = (),
        kubeconfig_ttl: timedelta = timedelta(hours=2),
        tags: Sequence[str] = (),
        cluster_tags: Sequence[str] = (),
        after: Iterable[Ordered | TerraformResource] = (),
    ) -> None:
        super().__init__(scope, id, after=after)
        self._check(name, kubernetes_minor, [*allowed_addresses, *([vpc_cidr] if vpc_cidr else [])])
        self._name, self._region, self._tags = name, region, list(tags)
        require_digitalocean(self)
        self.vpc = self._vpc(vpc_cidr)
        self.cluster = self._cluster(
            management_pool or NodePool.management(),
            version=self._latest(kubernetes_minor),
            ha=ha,
            registry_integration=registry_integration,
            # a surge needs a spare node; contracted GPUs have none
            surge_upgrade=not (gpu_pool and gpu_pool.contracted),
            control_plane_firewall=_firewall(allowed_addresses),
            kubeconfig_expire_seconds=kubeconfig_ttl.total_seconds(),
            tags=[*tags, *cluster_tags],
        )
        self._add_workers(gpu_pool, cpu_pool)
        self.models = None if nfs_size_gib is None else self._share(nfs_size_gib, nfs_tier)

    def _add_workers(self, gpu_pool: NodePool | None, cpu_pool: NodePool | None) -> None:
        if gpu_pool is None and cpu_pool is None:
            raise self.refused("got no nodes for workers, allowed: gpu_pool, cpu_pool or both")
        if gpu_pool:
            self.add_gpu_pool(GPU_POOL, gpu_pool)
        if cpu_pool:
            self._add_pool(CPU_POOL, cpu_pool)

    def add_gpu_pool(self, id: str, pool: NodePool) -> KubernetesNodePool:
        """Add nodes with GPUs; ``id`` is also the name of the pool.

        Raises:
            UsageError: The size has no GPUs.
        """
        self.require_name("node pool", id)
        if not pool.gpus_per_node:
            raise self.refused(
                f"node pool {id}: size {pool.size} has no gpus, allowed: sizes like "
                "gpu-h100x1-80gb",
                "doctl kubernetes options sizes lists them",
            )
        self.gpus += pool.gpus
        return self._add_pool(id, pool)

    def _add_pool(self, id: str, pool: NodePool) -> KubernetesNodePool:
        return KubernetesNodePool(
            self,
            id,
            cluster_id=self.cluster.id,
            name=id,
            labels=dict(pool.labels) or None,
            tags=self._tags,
            timeouts=KubernetesNodePoolTimeouts(create="60m", delete="60m"),
            lifecycle=TerraformResourceLifecycle(ignore_changes=_set_by_doks(pool)),
            **_nodes(pool),
        )

    def _check(self, name: str, minor: str, addresses: Sequence[str]) -> None:
        self.require_name("cluster", name)
        if not re.fullmatch(r"1\.\d{2}", minor):
            raise self.refused(
                f"kubernetes {minor!r}, allowed: a release line like {versions.KUBERNETES_MINOR}",
                "doctl kubernetes options versions lists them",
            )
        for address in addresses:
            try:
                ip_network(address)
            except ValueError as error:
                raise self.refused(f"{error}, allowed: like 192.0.2.0/24") from None

    def _vpc(self, cidr: str | None) -> Vpc:
        return Vpc(
            self,
            "vpc",
            name=names.network(self._name),
            region=self._region,
            ip_range=cidr,
            # cluster and share leave it long after their deletion was accepted; the provider's own
            # limit is 2 minutes
            timeouts=VpcTimeouts(delete="30m"),
            depends_on=self.depends_on,
        )

    def _cluster(self, management: NodePool, **choices: Any) -> KubernetesCluster:
        return KubernetesCluster(
            self,
            "cluster",
            name=self._name,
            region=self._region,
            vpc_uuid=self.vpc.id,
            node_pool=KubernetesClusterNodePool(
                name=MANAGEMENT_POOL,
                labels=dict(management.labels) or None,
                tags=self._tags,
                **_nodes(management),
            ),
            auto_upgrade=False,
            destroy_all_associated_resources=True,
            timeouts=KubernetesClusterTimeouts(create="60m"),
            # otherwise every new patch release is a difference in the plan
            lifecycle=TerraformResourceLifecycle(ignore_changes=["version"]),
            **choices,
        )

    def _share(self, size_gib: int, tier: NfsTier) -> NfsShare:
        return NfsShare(
            self,
            "models",
            name=names.share(self._name),
            region=self._region,
            vpc=self.vpc,
            size_gib=size_gib,
            tier=tier,
        )

    def _latest(self, minor: str) -> str:
        listed = DataDigitaloceanKubernetesVersions(self, "versions", version_prefix=f"{minor}.")
        return listed.latest_version


def _nodes(pool: NodePool) -> Mapping[str, Any]:
    if pool.autoscale is None:
        return {"size": pool.size, "node_count": pool.count}
    low, high = pool.autoscale
    return {"size": pool.size, "auto_scale": True, "min_nodes": low, "max_nodes": high}


def _set_by_doks(pool: NodePool) -> list[str]:
    """What DOKS puts on GPU nodes by itself, and what must not be taken away as a difference."""
    return ["taint"] if pool.labels else ["taint", "labels"]


def _firewall(addresses: Sequence[str]) -> KubernetesClusterControlPlaneFirewall | None:
    if not addresses:
        return None
    return KubernetesClusterControlPlaneFirewall(enabled=True, allowed_addresses=list(addresses))
