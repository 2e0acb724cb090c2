"""A `NodePool` in the words of the provider, for both of its resources that have nodes.

It must not know which pools a cluster has.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gtc_constructs._bindings import (
    Construct,
    KubernetesCluster,
    KubernetesClusterNodePool,
    KubernetesNodePool,
    KubernetesNodePoolTimeouts,
    TerraformResourceLifecycle,
)
from gtc_spec.cloud.node_pool import NodePool


def first(pool: NodePool, name: str, tags: Sequence[str]) -> KubernetesClusterNodePool:
    """The pool that a cluster is made with."""
    return KubernetesClusterNodePool(
        name=name, labels=dict(pool.labels) or None, tags=list(tags), **_nodes(pool)
    )


def further(
    scope: Construct, cluster: KubernetesCluster, pool: NodePool, name: str, tags: Sequence[str]
) -> KubernetesNodePool:
    """One that it gets afterwards; ``name`` is also the id inside the scope."""
    return KubernetesNodePool(
        scope,
        name,
        cluster_id=cluster.id,
        name=name,
        labels=dict(pool.labels) or None,
        tags=list(tags),
        timeouts=KubernetesNodePoolTimeouts(create="60m", delete="60m"),
        lifecycle=TerraformResourceLifecycle(ignore_changes=_set_by_doks(pool)),
        **_nodes(pool),
    )


def _nodes(pool: NodePool) -> Mapping[str, Any]:
    if pool.autoscale is None:
        return {"size": pool.size, "node_count": pool.count}
    low, high = pool.autoscale
    return {"size": pool.size, "auto_scale": True, "min_nodes": low, "max_nodes": high}


def _set_by_doks(pool: NodePool) -> list[str]:
    """What DOKS puts on GPU nodes by itself, and what must not be taken away as a difference."""
    return ["taint"] if pool.labels else ["taint", "labels"]
