"""What both ways of serving a model have in common: engine files and a graph, as one release.

Prefill and decode are pools of their own, or one pool does both; either way they are settled by
what is handed to them, share GPUs and are scaled alike. It must not know who scales the pools.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from gtc_constructs._bindings import Construct, TerraformResource
from gtc_constructs.base import GtcConstruct, Ordered, held
from gtc_constructs.cluster.connection import ClusterConnection
from gtc_constructs.management import management_nodes, take
from gtc_constructs.manifest_release import ManifestRelease
from gtc_constructs.platform.dynamo_platform import DynamoPlatform
from gtc_constructs.secrets import WorkloadSecrets
from gtc_constructs.serving.shared_gpus import SharedGpus
from gtc_constructs.serving.worker_pool import WorkerPool
from gtc_spec import names
from gtc_spec.errors import ConfigError, Problem, UsageError
from gtc_spec.graph.existing import ExistingPlatform, ExistingSecret
from gtc_spec.graph.serving import Serving
from gtc_spec.graph.wiring import Models, wire
from gtc_spec.graph.workers import WorkerPools
from gtc_spec.manifests import serving_graph
from gtc_spec.manifests.rbac import role_and_binding, scaling_rules
from gtc_spec.pools import Mode
from gtc_spec.telemetry.promql import Scope


class Deployment(GtcConstruct):
    """What both ways of serving have in common."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        serving: Serving,
        pools: WorkerPools,
        platform: DynamoPlatform | ExistingPlatform,
        models: Models | None,
        secrets: WorkloadSecrets | ExistingSecret | None,
        after: Iterable[Ordered | TerraformResource],
    ) -> None:
        super().__init__(scope, id, after=after)
        self._pools, self._platform = pools, platform
        self._watches_namespace = False
        if isinstance(platform, DynamoPlatform) and serving.gpu_pool:
            self._refuse_without_gpus(platform)
        self.require_name("name", serving.name)
        around, nodes = (platform, secrets, models), management_nodes(self)
        take(self, *(each for each in around if isinstance(each, GtcConstruct)))
        try:
            self.serving = serving = wire(serving, platform, models, secrets, nodes)
            self._refuse_rivals()
            serving.check(pools)
            files = serving.engine_files(list(pools))
            self._gpus = self._take_gpus()
            manifests = serving_graph.release(serving, pools, files)
        except UsageError as error:
            raise _at(self.node.path, error) from error.__cause__
        self.manifest = manifests[-1]
        """The DynamoGraphDeployment as it is shipped."""
        self.release = ManifestRelease(
            self,
            "Resource",
            name=serving.name,
            namespace=serving.namespace,
            manifests=manifests,
            after=self.depends_on,
        )
        self.stands_for(self.release.release)

    def _refuse_without_gpus(self, platform: DynamoPlatform) -> None:
        if platform.runtime_class is None:
            raise self.refused(
                f"{platform.node.path} is without gpus, allowed for a gpu_pool: one with gpus=True",
                "its RuntimeClass is what lets pods see a GPU",
            )

    def _refuse_rivals(self) -> None:
        name, namespace = self.serving.name, self.serving.namespace
        for other in self.others(Deployment):
            there = getattr(other, "serving", None)
            if there and (there.name, there.namespace) == (name, namespace):
                raise UsageError(
                    f"{other.node.path} is called {name!r} in {namespace} already, "
                    "allowed: one deployment a name and namespace",
                    "name this Serving otherwise, or put it into another namespace",
                )

    def _take_gpus(self) -> SharedGpus:
        """The budget of the node pool, together with all that is deployed on it in this stack."""
        serving = self.serving
        cpu, gpu = serving.cpu_nodes, serving.gpu_pool
        shared = None
        for other in self.others(Deployment):
            if getattr(other, "_gpus", None) and other.serving.pool_name == serving.pool_name:
                self._refuse_another(other.serving)
                shared = other._gpus
        if shared is None and cpu:
            shared = SharedGpus(total=cpu.slots, unit=f"{cpu.slot_name}s")
        elif shared is None:
            shared = SharedGpus(
                total=gpu.gpus if gpu else 0, per_node=gpu.gpus_per_node if gpu else 0
            )
        shared.take(
            self.node.path,
            per_worker=1 if cpu else serving.engine_facts.gpus_per_worker,
            initial={serving.service(mode): each.replicas for mode, each in self._pools.items()},
            name=serving.name,
        )
        return shared

    def _refuse_another(self, there: Serving) -> None:
        """Two pools of one name cannot be in one cluster."""
        ours = self.serving
        if (there.gpu_pool, there.cpu_nodes) != (ours.gpu_pool, ours.cpu_nodes):
            raise UsageError(
                f"pool {ours.pool_name!r} is another one for {there.name}, "
                "allowed: the same NodePool for all deployments on it",
                'give pools of their own a name, such as NodePool.h100(count=2, name="small")',
            )

    @property
    def frontend_url(self) -> str:
        """Base URL of the OpenAI-compatible API inside the cluster."""
        return serving_graph.frontend_url(self.serving.name, self.serving.namespace)

    @property
    def commands(self) -> dict[str, str]:
        """What to type after an apply, in this order: ``wait``, ``forward``, ``ask``.

        Workers start when Terraform has ended; ``forward`` stays open while ``ask`` is used.
        """
        name, space = self.serving.name, self.serving.namespace
        return serving_graph.commands(name, space, self.serving.model.served_name)

    @property
    def dynamo_namespace(self) -> str:
        """Value of the metric label ``dynamo_namespace``; the operator derives it so."""
        return names.dynamo_namespace(self.serving.namespace, self.serving.name)

    @property
    def metrics(self) -> Scope:
        """How queries select this deployment.

        The demo has its namespace to itself, and its queries are those of the rehearsal.
        """
        alone = Scope(self.serving.namespace, platform=self._platform.platform_namespace)
        if self.serving.name == names.DEMO and alone == Scope():
            return alone
        served = self.serving.model.served_name
        return replace(alone, served_name=served, graph=self.dynamo_namespace)

    def _watched(self) -> Scope:
        """`metrics` for a scaler: from here on, what they select has to be this deployment's."""
        self._watches_namespace = not self.metrics.graph
        return self.metrics

    def _require_measured(self) -> None:
        """Check that what the pods tell reaches a Prometheus, as far as is known here.

        Raises:
            UsageError: The platform was made without monitoring.
        """
        platform = self._platform
        if isinstance(platform, DynamoPlatform) and platform.monitoring is None:
            raise self.refused(
                f"{platform.node.path} is measured by nobody, allowed for a trigger: "
                "DynamoPlatform(monitoring=...)",
                "nobody would scrape the pods, and a scaler without an answer holds for ever",
            )

    @held
    def grant_scaling(self, account: str, *, namespace: str) -> ManifestRelease:
        """Let ``account`` of any ``namespace`` read and set the replicas of every pool.

        Nothing else is allowed by it: no edit of the graph, no look at pods.

        Raises:
            UsageError: A name is no name, or no pool has a scaling adapter.
        """
        self.require_name("account", account)
        self.require_name("namespace", namespace)
        adapters = [
            names.dgdsa(self.serving.name, self.serving.service(mode))
            for mode, workers in self._pools.items()
            if workers.scaling_adapter
        ]
        if not adapters:
            raise self.refused("no pool has a scaling adapter, allowed: pools that have one")
        name = f"{self.serving.name}-scaling-{account}"
        rules = scaling_rules(adapters)
        return ManifestRelease(
            self,
            f"scaling-by-{namespace}-{account}",
            name=name,
            namespace=self.serving.namespace,
            manifests=role_and_binding(self.serving.metadata(name), rules, account, namespace),
            after=[self.release],
        )

    def problems(self) -> Iterator[str]:
        """Maxima of scalers that do not fit, requests of others, and nodes that nobody makes."""
        problem = self._gpus.overcommitted()
        if problem and self._gpus.speaks_through(self.node.path):
            yield problem
        if self._watches_namespace:
            yield from self._counted_too()
        # a cluster may get further pools after this
        for connection in self.others(ClusterConnection):
            if cluster := connection.gpu_cluster:
                yield from self.serving.without_nodes(cluster.name, cluster.node_pools)

    def _counted_too(self) -> Iterator[str]:
        namespace = self.serving.namespace
        for other in self.others(Deployment):
            there = getattr(other, "serving", None)
            if there and there.namespace == namespace:
                yield (
                    f"its scalers would count the requests of {other.node.path} in {namespace} "
                    f"too, allowed: a namespace each, or a name that is not {names.DEMO}"
                )

    def _pool(self, mode: Mode) -> WorkerPool:
        return WorkerPool(self, self.node.path, mode, self._pools[mode], self._gpus)


def _at(path: str, error: UsageError) -> UsageError:
    """The error with the path of the construct in each of its lines."""
    if isinstance(error, ConfigError):
        return ConfigError(
            [
                Problem(f"{path}: {each.file}", each.key, each.value, each.allowed)
                for each in error.problems
            ],
            error.hint,
        )
    return UsageError(f"{path}: {error.message}", error.hint)
