"""A Kubernetes cluster with GPUs and a share for models, in one network.

It must not know what runs on the cluster, and nothing outside DigitalOcean's API.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
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
)
from gtc_constructs.base import GtcConstruct, Ordered
from gtc_constructs.nfs_share import NfsShare
from gtc_constructs.providers import require_digitalocean
from gtc_constructs.values import NfsTier, NodePool
from gtc_spec import versions
from gtc_spec.manifests.placement import MANAGEMENT_POOL


class GpuCluster(GtcConstruct):
    """VPC, DOKS cluster with a management and a GPU pool, and an NFS share.

    DOKS itself taints GPU nodes, labels them and runs the NVIDIA device plugin; nothing of that is
    set here. Destroying the cluster also removes the load balancers and volumes that it made.

    Args:
        scope: The construct to create this one in.
        id: Name inside the scope.
        name: Name of the cluster; VPC and share get it with a suffix.
        region: Region slug.
        gpu_pool: The nodes of the workers.
        management_pool: The nodes of everything else. Default: 2 to 5 of s-2vcpu-4gb.
        vpc_cidr: Address range of the VPC. Default: DigitalOcean picks a free one.
        nfs_size_gib: Size of the share, at least 50 GiB. Default: 16,000.
        nfs_tier: Throughput class of the share. Default: high.
        kubernetes_minor: Release line; new clusters get its latest patch, existing ones keep
            theirs. Default: ``gtc_spec.versions.KUBERNETES_MINOR``.
        ha: Whether the control plane is replicated; it cannot be turned off again. Default: yes.
        registry_integration: Whether nodes may pull from the account's registry. Default: yes.
        allowed_addresses: Addresses that may reach the control plane. Default: all.
        kubeconfig_ttl: How long credentials that this resource hands out live. Default: 2 hours;
            the API's own default is 7 days.
        tags: Tags of the cluster, its pools and the share. Default: none.
        after: What must be there first. Default: nothing.

    Raises:
        UsageError: A name or size is out of range, or ``gpu_pool`` has no GPUs.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        name: str,
        region: str,
        gpu_pool: NodePool,
        management_pool: NodePool | None = None,
        vpc_cidr: str | None = None,
        nfs_size_gib: int = 16_000,
        nfs_tier: NfsTier = NfsTier.HIGH,
        kubernetes_minor: str = versions.KUBERNETES_MINOR,
        ha: bool = True,
        registry_integration: bool = True,
        allowed_addresses: Sequence[str] = (),
        kubeconfig_ttl: timedelta = timedelta(hours=2),
        tags: Sequence[str] = (),
        after: Iterable[Ordered | TerraformResource] = (),
    ) -> None:
        super().__init__(scope, id, after=after)
        self.require_name("cluster", name)
        self._tags = list(tags)
        self.gpus = 0
        """GPUs of all pools together."""
        require_digitalocean(self)
        self.vpc = Vpc(
            self,
            "vpc",
            name=f"{name}-vpc",
            region=region,
            ip_range=vpc_cidr,
            depends_on=self.depends_on,
        )
        self.cluster = KubernetesCluster(
            self,
            "cluster",
            name=name,
            region=region,
            version=self._latest(kubernetes_minor),
            vpc_uuid=self.vpc.id,
            node_pool=self._management(management_pool or NodePool.management()),
            ha=ha,
            registry_integration=registry_integration,
            # a surge needs a spare node; contracted GPUs have none
            surge_upgrade=not gpu_pool.contracted,
            auto_upgrade=False,
            destroy_all_associated_resources=True,
            control_plane_firewall=_firewall(allowed_addresses),
            kubeconfig_expire_seconds=kubeconfig_ttl.total_seconds(),
            tags=self._tags,
            timeouts=KubernetesClusterTimeouts(create="60m"),
            # otherwise every new patch release is a difference in the plan
            lifecycle=TerraformResourceLifecycle(ignore_changes=["version"]),
        )
        self.pool = self.add_gpu_pool("gpu", gpu_pool)
        self.models = NfsShare(
            self,
            "models",
            name=f"{name}-models",
            region=region,
            vpc=self.vpc,
            size_gib=nfs_size_gib,
            tier=nfs_tier,
            tags=self._tags,
        )

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
        return KubernetesNodePool(
            self,
            id,
            cluster_id=self.cluster.id,
            name=id,
            labels=dict(pool.labels) or None,
            tags=self._tags,
            timeouts=KubernetesNodePoolTimeouts(create="60m", delete="60m"),
            **_nodes(pool),
        )

    def _latest(self, minor: str) -> str:
        listed = DataDigitaloceanKubernetesVersions(self, "versions", version_prefix=f"{minor}.")
        return listed.latest_version

    def _management(self, pool: NodePool) -> KubernetesClusterNodePool:
        return KubernetesClusterNodePool(
            name=MANAGEMENT_POOL,
            labels=dict(pool.labels) or None,
            tags=self._tags,
            **_nodes(pool),
        )


def _nodes(pool: NodePool) -> Mapping[str, Any]:
    if pool.autoscale is None:
        return {"size": pool.size, "node_count": pool.count}
    low, high = pool.autoscale
    return {"size": pool.size, "auto_scale": True, "min_nodes": low, "max_nodes": high}


def _firewall(addresses: Sequence[str]) -> KubernetesClusterControlPlaneFirewall | None:
    if not addresses:
        return None
    return KubernetesClusterControlPlaneFirewall(enabled=True, allowed_addresses=list(addresses))
