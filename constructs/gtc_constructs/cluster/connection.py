"""How a stack reaches a cluster that is there already: providers for Helm and Kubernetes.

One connection a stack: all its constructs use it without being told. It must not know what they
are. Terraform's state keeps the credentials of a DOKS connection until they expire.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from gtc_constructs._bindings import (
    Construct,
    DataDigitaloceanKubernetesCluster,
    Fn,
    HelmProvider,
    HelmProviderKubernetes,
    KubernetesProvider,
    Postcondition,
    TerraformResourceLifecycle,
    TerraformStack,
)
from gtc_constructs.base import GtcConstruct
from gtc_constructs.cluster.gpu_cluster import GpuCluster
from gtc_constructs.management import Cluster, say_cluster, say_management_pool
from gtc_constructs.providers import require_digitalocean
from gtc_spec import names
from gtc_spec.manifests.placement import MANAGEMENT_POOL


class ClusterConnection(GtcConstruct):
    """A DOKS cluster of the account, found by its name.

    Args:
        scope: The construct to create this one in.
        id: Name inside the scope.
        cluster: A `GpuCluster` of another stack, which is deployed first; its name and its
            management pool are known. Default: none, then ``name`` must be given.
        name: Name of a cluster that is there. Default: that of ``cluster``.
        name_prefix: Put before the name, with a hyphen. Default: nothing.
        management_pool: Name of the node pool for everything that is no worker: where charts and
            frontends of this stack run unless they say otherwise. None is any node that takes
            them. Default: that of ``cluster``, or ``management``.
        required_tags: Tags that it must carry; a cluster without them is refused while planning,
            with ``hint``. Default: none.
        hint: What to do then. Default: nothing.
        credentials_ttl: How long the credentials live; longer than an apply. Default: 2 hours.

    Raises:
        UsageError: Both or neither of ``cluster`` and ``name`` are given, the name is none, the
            cluster is made in the same stack, the stack has a connection, or something of another
            cluster is used in it.
    """

    name: str
    """Name of the cluster in the account, with its prefix."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        cluster: GpuCluster | None = None,
        name: str | None = None,
        name_prefix: str = "",
        management_pool: str | None = MANAGEMENT_POOL,
        required_tags: Sequence[str] = (),
        hint: str = "",
        credentials_ttl: timedelta = timedelta(hours=2),
    ) -> None:
        super().__init__(scope, id)
        if cluster is not None:
            self._follow(cluster, [name, name_prefix], management_pool)
            name, management_pool = cluster.name, cluster.management_pool
        if name is None:
            raise self.refused("got no cluster, allowed: cluster, or the name of one that is there")
        say_management_pool(self, management_pool)
        self.name, self._given = names.prefixed(name_prefix, name), cluster
        self._reach(self.name)
        require_digitalocean(self)
        self.cluster = DataDigitaloceanKubernetesCluster(
            self,
            "cluster",
            name=self.name,
            kubeconfig_expire_seconds=credentials_ttl.total_seconds(),
            lifecycle=TerraformResourceLifecycle(
                postcondition=[_has_tag(self.name, tag, hint) for tag in required_tags]
            ),
        )
        self.node.default_child = self.cluster
        credentials = self.cluster.kube_config.get(0)
        _provide(
            self,
            host=self.cluster.endpoint,
            token=credentials.token,
            cluster_ca_certificate=Fn.base64decode(credentials.cluster_ca_certificate),
        )

    @property
    def gpu_cluster(self) -> GpuCluster | None:
        """The `GpuCluster` of this program that it reaches; None where somebody else made it."""
        if self._given is not None:
            return self._given
        every = (each for each in self.node.root.node.find_all() if isinstance(each, GpuCluster))
        named = [each for each in every if getattr(each, "name", None) == self.name]
        return named[0] if len(named) == 1 else None

    def _reach(self, name: str) -> None:
        self.require_name("cluster", name)
        say_cluster(self, Cluster(f"the cluster {name}", name=name))

    def _follow(
        self, cluster: GpuCluster, named: Sequence[str | None], management_pool: str | None
    ) -> None:
        """Take what a cluster says of itself, and let its stack come first."""
        if any(named) or management_pool not in (MANAGEMENT_POOL, cluster.management_pool):
            raise self.refused(
                f"got more than the cluster {cluster.name}, allowed: it alone",
                "its name and its management pool follow from it",
            )
        stack, home = TerraformStack.of(self), TerraformStack.of(cluster)
        if home is stack:
            raise self.refused(
                f"the cluster {cluster.name} is made in the same stack, allowed: in another one",
                "providers need it to be there when they plan",
            )
        stack.add_dependency(home)


class KubeconfigConnection(GtcConstruct):
    """Any cluster that a kubeconfig names, on DigitalOcean or not.

    What is of another cluster is refused where it is known to be another one: two files are two
    clusters, and so are two contexts of a file. A name in the account, or no context beside one
    that is said, may mean the same cluster, which nobody can tell before Terraform runs.

    Elsewhere the GPU nodes lack the label by which `Observability` finds them: give it
    ``gpu_values={"nodeSelector": {...}}``, which stands instead of that label.

    Args:
        scope: The construct to create this one in.
        id: Name inside the scope.
        path: The kubeconfig, as Terraform finds it. Default: ``~/.kube/config``.
        context: Context inside the file. Default: its current one.
        management_pool: Name of the node pool of DOKS for everything that is no worker, as with
            `ClusterConnection`. Default: none, any node that takes it.

    Raises:
        UsageError: The stack has a connection, or something of another cluster is used in it.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        path: Path = Path("~/.kube/config"),
        context: str | None = None,
        management_pool: str | None = None,
    ) -> None:
        super().__init__(scope, id)
        say_management_pool(self, management_pool)
        called = f"the cluster of {path} {context or ''}".rstrip()
        where = _absolute(path)
        say_cluster(self, Cluster(called, kubeconfig=where, context=context or ""))
        _provide(self, config_path=str(path), config_context=context)


def _absolute(path: Path) -> Path:
    try:
        return path.expanduser().absolute()
    except RuntimeError:  # nobody's home is known here, and need not be: Terraform reads the file
        return path


def _has_tag(name: str, tag: str, hint: str) -> Postcondition:
    message = f"Cluster {name} is there but does not carry the tag {tag}. {hint}".strip()
    return Postcondition(condition=f'${{contains(self.tags, "{tag}")}}', error_message=message)


def _provide(scope: Construct, **access: Any) -> None:
    """Both providers with the same access; their publishers written out, as OpenTofu wants it."""
    KubernetesProvider(scope, "kubernetes", **access)
    HelmProvider(scope, "helm", kubernetes=HelmProviderKubernetes(**access))
    stack = TerraformStack.of(scope)
    for provider in ("helm", "kubernetes"):
        stack.add_override(
            f"terraform.required_providers.{provider}.source", f"hashicorp/{provider}"
        )
