"""The two stacks of an environment: the cluster itself, and everything inside it.

Here the demo's facts meet the constructs, which know none of them. State is kept in local files
beside the checkout unless a program chooses; their paths are relative, so that nothing written
depends on the machine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from gtc_constructs._bindings import (
    Construct,
    LocalBackend,
    Precondition,
    TerraformBackend,
    TerraformLocal,
    TerraformOutput,
    TerraformResourceLifecycle,
    TerraformStack,
    Vpc,
)
from gtc_constructs.cluster.connection import ClusterConnection
from gtc_constructs.cluster.gpu_cluster import GpuCluster
from gtc_constructs.demo_panel import DemoPanel
from gtc_constructs.platform.dynamo_platform import DynamoPlatform
from gtc_constructs.platform.keda import Keda
from gtc_constructs.platform.observability import GPU_CHART, Observability
from gtc_constructs.providers import require_terraform
from gtc_constructs.secrets import WorkloadSecrets
from gtc_constructs.serving.disagg_deployment import DisaggDeployment
from gtc_constructs.serving.keda_scaler import KedaScaler
from gtc_constructs.serving.model_store import ModelStore
from gtc_constructs.values import NfsTier
from gtc_spec import names
from gtc_spec.arguments import checked
from gtc_spec.cloud import bill
from gtc_spec.cloud.node_pool import NodePool
from gtc_spec.cloud.nodes import counted
from gtc_spec.environment import ENVIRONMENTS, Environment
from gtc_spec.graph.serving import Serving
from gtc_spec.graph.workers import Workers
from gtc_spec.manifests.metadata import PART_OF, digest
from gtc_spec.manifests.panel.panel import PANEL, PORT
from gtc_spec.manifests.panel.panel_choices import shards_of
from gtc_spec.manifests.queue import queues
from gtc_spec.manifests.secret_names import secrets_of
from gtc_spec.pools import ROLES, Role

_WALL: Final = "demo"
"""The board that Grafana opens with, where it is among those to show."""
_ROOT: Final = "../../.."
"""From the folder of a stack, where Terraform runs, to the checkout."""

Backend = Callable[[TerraformStack], TerraformBackend]
"""Makes what keeps the state of a stack: ``partial(SpacesBackend, bucket=…, region=…)``."""


@checked
class InfraStack(TerraformStack):
    """VPC, Kubernetes cluster with its workers' nodes, and a share where the engine needs one.

    Bucket and registry exist and stay.

    Args:
        scope: The app.
        env: The environment.
        backend: What keeps its state. Default: a file beside the checkout, which is what the
            verbs of ``gtc`` read.
    """

    def __init__(
        self, scope: Construct, env: Environment, *, backend: Backend | None = None
    ) -> None:
        super().__init__(scope, names.infra_stack(env.name))
        _keep_state(self, backend)
        share = env.hosting.share
        workers = NodePool(size=env.nodes.size, count=env.nodes.count)
        self.gpu_cluster = GpuCluster(
            self,
            "gpu-cluster",
            name=names.DEMO,
            region=env.region,
            gpu_pool=workers if env.nodes.gpus else None,
            cpu_pool=None if env.nodes.gpus else workers,
            management_pool=NodePool.management(
                size=env.hosting.management_size, nodes=env.hosting.management_nodes
            ),
            nfs_size_gib=share.gib if share else None,
            nfs_tier=NfsTier(share.tier) if share else NfsTier.HIGH,
            # our image is there, and `gtc doctor` has seen that there is one
            registry_integration=True,
            tags=[names.DEMO, names.environment_tag(env.name)],
            cluster_tags=[bill.tag_of(env.until)] if env.until else [],
            # `gtc doctor` has asked the account itself
            unlisted=True,
        )
        if backend is None and isinstance(self.gpu_cluster.vpc, Vpc):
            self.gpu_cluster.vpc.lifecycle = TerraformResourceLifecycle(
                precondition=[
                    _is_alone(self, env.name, other) for other in ENVIRONMENTS if other != env.name
                ]
            )
        self._outputs(env)

    def _outputs(self, env: Environment) -> None:
        """What a person needs next; other stacks take what they need by themselves."""
        share = self.gpu_cluster.models if env.hosting.share else None
        facts = {
            "environment": env.name,
            "region": env.region,
            "cluster": names.DEMO,
            "workers": f"{counted(env.slots, env.nodes)} in {env.nodes.count} x {env.nodes.size}",
            **({"models_share": f"{share.export.host}:{share.export.path}"} if share else {}),
            "kubeconfig": f"make kubeconfig ENV={env.name}",
        }
        _show(self, facts)


@checked
class ClusterStack(TerraformStack):
    """Everything inside the cluster, from monitoring to the panel.

    It finds the cluster by its name and refuses one of another environment. It ends well before
    the model is on the share or the image in the registry: workers and panel wait for theirs.

    Args:
        scope: The app.
        env: The environment.
        infra: The stack of the same environment that makes the cluster.
        image: Our own image, for panel and guardian.
        engine_configs: Folder with ``prefill.yaml`` and ``decode.yaml``.
        dashboards: Name to JSON file of each board to show. Default: none.
        choices: Variables by which ``env`` and its panel were chosen; the panel reads them to
            choose the same. Default: none.
        backend: What keeps its state. Default: a file beside the checkout.
    """

    def __init__(
        self,
        scope: Construct,
        env: Environment,
        *,
        infra: InfraStack,
        image: str,
        engine_configs: Path,
        dashboards: Mapping[str, Path] | None = None,
        choices: Mapping[str, str] | None = None,
        backend: Backend | None = None,
    ) -> None:
        super().__init__(scope, names.cluster_stack(env.name))
        _keep_state(self, backend)
        self.add_dependency(infra)
        _connect(self, env)
        self.observability = self._observability(env, dashboards or {})
        self.keda = Keda(self, "keda", monitoring=self.observability)
        self.platform = DynamoPlatform(
            self,
            "platform",
            monitoring=self.observability,
            grove=env.grove,
            queues=queues(env),
            gpus=env.nodes.gpus > 0,
        )
        self.graph = self._graph(env, infra, image, engine_configs)
        scalers = [self._scaler(env, role) for role in ROLES]
        self.panel = DemoPanel(
            self,
            "panel",
            env=env,
            image=image,
            load_shards=shards_of(choices or {}),
            variables=choices,
            after=[self.observability.prometheus, self.graph, *scalers],
        )

        self._outputs(env, image)

    def _observability(self, env: Environment, dashboards: Mapping[str, Path]) -> Observability:
        gpu_chart = GPU_CHART if env.nodes.gpus else None
        home = f"{names.DEMO}/{_WALL}" if _WALL in dashboards else ""
        made = Observability(self, "observability", gpu_chart=gpu_chart, home=home)
        made.add_dashboards("boards", dashboards, folder=names.DEMO)
        return made

    def _outputs(self, env: Environment, image: str) -> None:
        """What the pods still wait for: a deploy ends before model and image are there."""
        stored = "workers wait until `gtc model setup` has put it on the share"
        facts = {
            "model": f"{env.model.repository}: {stored if env.hosting.share else 'simulated'}",
            "image": f"{image}: the panel waits until `make build-push-all` has pushed it",
            "open_panel": f"kubectl -n {names.NAMESPACE_PANEL} port-forward svc/{PANEL} {PORT}",
        }
        _show(self, facts)

    def _graph(
        self, env: Environment, infra: InfraStack, image: str, engine_configs: Path
    ) -> DisaggDeployment:
        """What is served, with the secrets and the claim that it cannot start without."""
        secrets = models = None
        if needed := secrets_of(env):
            secrets = WorkloadSecrets.from_names(
                self, "secrets", namespace=self.platform, secrets=needed
            )
        if env.hosting.share:
            models = ModelStore(
                self,
                "models",
                share=infra.gpu_cluster.models.export,
                size_gib=env.hosting.share.gib,
                platform=self.platform,
                image=image,
                labels=PART_OF,
                annotations=digest(env),
            )
        return DisaggDeployment(
            self,
            "graph",
            serving=Serving.of(env, engine_configs),
            platform=self.platform,
            models=models,
            secrets=secrets,
            prefill=Workers.of(env.pools.prefill),
            decode=Workers.of(env.pools.decode),
        )

    def _scaler(self, env: Environment, role: Role) -> KedaScaler:
        rule = env.pools.of(role).scale
        pool = self.graph.prefill if role == "prefill" else self.graph.decode
        return KedaScaler(
            self,
            f"{role}-scaler",
            name=names.scaler(role),
            target=pool,
            trigger=pool.trigger(rule),
            min_replicas=rule.min,
            max_replicas=rule.max,
            allow_pending=env.allow_pending,
            monitoring=self.observability,
            keda=self.keda,
            labels=PART_OF,
            annotations=digest(env),
        )


def _show(stack: TerraformStack, facts: Mapping[str, str]) -> None:
    for name, value in facts.items():
        TerraformOutput(stack, name, value=value, static_id=True)


def _connect(stack: TerraformStack, env: Environment) -> None:
    ClusterConnection(
        stack,
        "connection",
        name=names.DEMO,
        required_tags=[names.environment_tag(env.name)],
        hint="Only one environment lives at a time: destroy the other one first.",
    )


def _keep_state(stack: TerraformStack, backend: Backend | None) -> None:
    if backend:
        backend(stack)
    else:
        LocalBackend(stack, path=f"{_ROOT}/{names.state_file(stack.node.id)}")
    require_terraform(stack)


def _is_alone(stack: TerraformStack, env: str, other: str) -> Precondition:
    """All environments would be the cluster `DEMO`, so that one must be gone before another.

    This sees the state files of this checkout; the command line also asks the account.
    """
    file = f'"{_ROOT}/{names.state_file(names.infra_stack(other))}"'
    # a state that cannot be read may list anything
    listed = f"try(length(jsondecode(file({file})).resources), 1)"
    left = TerraformLocal(stack, f"resources_of_{other}", f"${{fileexists({file}) ? {listed} : 0}}")
    return Precondition(
        condition=f"${{local.{left.friendly_unique_id} == 0}}",
        error_message=(
            f"The environment {other} is still there, and both would be called {names.DEMO}. "
            f"Destroy it before you deploy {env}: make teardown ENV={other}"
        ),
    )
