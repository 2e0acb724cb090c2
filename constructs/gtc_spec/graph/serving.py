"""What is served and on what, checked before anything of it becomes a resource.

Plain values and arithmetic. It must not know how many workers serve it; errors do not know who
asked, a construct adds its path.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Self

from gtc_spec import names, versions
from gtc_spec.arguments import checked
from gtc_spec.cloud.memory import misfit
from gtc_spec.cloud.node_pool import NodePool
from gtc_spec.cloud.nodes import CpuNodes
from gtc_spec.engines.backend import Backend
from gtc_spec.engines.engine_facts import EngineFacts
from gtc_spec.engines.trtllm import EngineConfigs
from gtc_spec.environment import Environment
from gtc_spec.errors import UsageError
from gtc_spec.graph.existing import QUEUE
from gtc_spec.graph.model_ref import ModelRef
from gtc_spec.manifests import metadata
from gtc_spec.manifests.placement import (
    CPU_POOL,
    GPU_POOL,
    Slot,
    gpu_slot,
    on_management_pool,
    slot_of,
)
from gtc_spec.manifests.secret_names import HF_TOKEN, secrets_of
from gtc_spec.pools import Mode
from gtc_spec.serving import smaller_checkpoint

_GROVE: Final = f"grove limits its two names together to {names.GROVE_PAIR_MAX}"
_SERVICE: Final = f"a Service with both names has at most {names.LABEL_MAX}"
_ANY: Final = EngineFacts()


@checked
@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """What is served, and on what: the part that two ways of serving it have in common.

    Attributes:
        name: Name of the DynamoGraphDeployment; pods, adapters and Services are named after it.
        model: The checkpoint on the share.
        backend: What the workers run: `Trtllm`, `Vllm` or `Sglang`; `Mocker` on ``cpu_nodes``.
        gpu_pool: GPU nodes of the workers, which deployments of one stack may share: the budget
            is all of them. With a name the workers run nowhere else. Default: none, then
            ``cpu_nodes`` must be given.
        cpu_nodes: Nodes of simulated workers instead. Default: none.
        engine_facts: What the workers have to provide for. Default: prompts and answers as long as
            engine and model have them, one GPU a worker.
        namespace: Where it runs. Default: as the objects around it say.
        claim: Claim with the models in that namespace. Default: likewise.
        queue: KAI queue. Default: likewise, the only one of the platform.
        grove: Whether Grove gang-schedules the pods; ``False`` falls back to Deployments, without
            KAI. Default: likewise.
        token_secret: Secret with the HuggingFace token, for workers that fetch something by
            themselves. Default: likewise; none for an open model.
        node_selector: Nodes of the frontend. Default: the management pool of the stack's
            connection.
        frontend_image: Image of the frontend. Default: the pinned one.
        labels: Labels of every object. Default: none.
        annotations: Annotations of every object. Default: none.
        overrides: Last word on the graph's manifest before it is shipped: edits it in place.
            Default: nothing.
    """

    name: str
    model: ModelRef
    backend: Backend
    gpu_pool: NodePool | None = None
    cpu_nodes: CpuNodes | None = None
    engine_facts: EngineFacts = _ANY
    namespace: str = ""
    claim: str = ""
    queue: str = ""
    grove: bool | None = None
    token_secret: str = ""
    node_selector: Mapping[str, str] | None = None
    frontend_image: str = versions.FRONTEND_IMAGE
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    overrides: Callable[[dict[str, Any]], None] | None = None

    @classmethod
    @checked
    def of(
        cls,
        env: Environment,
        engine_configs: EngineConfigs | None = None,
        **choices: Any,
    ) -> Self:
        """That of ``env``; ``choices`` are further attributes, such as ``queue="mine"``.

        The folder ``engine_configs`` is looked into by an engine that reads them only.
        """
        made = cls(
            name=names.DEMO,
            model=ModelRef.of(env.model),
            **_nodes_of(env),
            backend=env.backend(engine_configs),
            engine_facts=env.engine_facts,
            namespace=names.NAMESPACE_WORKLOAD,
            claim=names.MODEL_CLAIM,
            queue=env.kai_queue,
            grove=env.grove,
            token_secret=HF_TOKEN.name if HF_TOKEN in secrets_of(env) else "",
            labels=metadata.PART_OF,
            annotations=metadata.digest(env),
        )
        return replace(made, **choices)

    def settled(
        self,
        *,
        namespace: str = names.NAMESPACE_WORKLOAD,
        claim: str = names.MODEL_CLAIM,
        queue: str = QUEUE,
        grove: bool = True,
        token_secret: str = "",
        management: Mapping[str, str] | None = None,
    ) -> Self:
        """The same with what was left open; ``management`` selects nodes. What is said stays."""
        nodes = on_management_pool() if management is None else management
        return replace(
            self,
            namespace=self.namespace or namespace,
            claim=self.claim or claim,
            queue=self.queue or queue,
            grove=grove if self.grove is None else self.grove,
            token_secret=self.token_secret or token_secret,
            node_selector=nodes if self.node_selector is None else self.node_selector,
        )

    def service(self, mode: Mode) -> str:
        """The service of the graph whose workers have this ``mode``, named after the engine."""
        return self.backend.traits.service(mode)

    @property
    def model_folder(self) -> str:
        """Where the model lies inside frontend and workers."""
        if self.backend.brings_model:
            return f"{self.model.mount}/{self.model.served_name}"
        return str(self.model.path)

    @property
    def slot(self) -> Slot:
        """What one worker asks of its node."""
        if self.cpu_nodes is not None:
            return slot_of(self.cpu_nodes)
        name = self.gpu_pool.name if self.gpu_pool else None
        return gpu_slot(self.engine_facts.gpus_per_worker, name or "")

    @property
    def pool_name(self) -> str:
        """Name of the node pool of the workers in their cluster."""
        if self.gpu_pool is None:
            return CPU_POOL
        return self.gpu_pool.name or GPU_POOL

    def check(self, modes: Iterable[Mode]) -> None:
        """Check what can be wrong before there is a worker of these ``modes``.

        Raises:
            UsageError: No Service can have the name, it is too long for Grove, there are no nodes,
                both kinds or the wrong one for the backend, their GPUs are not NVIDIA's, or the
                model does not fit them, or a worker not one of them.
        """
        self._check_name([self.service(mode) for mode in modes])
        if (self.gpu_pool is None) == (self.cpu_nodes is None):
            raise UsageError("got both or neither of gpu_pool and cpu_nodes, allowed: one of them")
        if self.gpu_pool is not None:
            _check_maker(self.gpu_pool)
            self._check_worker(self.gpu_pool)
            self._check_memory(self.gpu_pool)
        if self.backend.brings_model == (self.cpu_nodes is None):
            nodes = "cpu_nodes" if self.backend.brings_model else "gpu_pool"
            raise UsageError(
                f"backend is {type(self.backend).__name__}, allowed: that with {nodes}",
                "Mocker simulates an engine, and the others compute on GPUs alone",
            )

    def _check_worker(self, pool: NodePool) -> None:
        gpus, most = self.engine_facts.gpus_per_worker, pool.gpus_per_node
        if 0 < most < gpus:
            raise UsageError(
                f"a worker of {gpus} gpus on {pool.size}, allowed: at most {most}, which is a node",
                "no worker spans nodes: lower gpus_per_worker in engine_facts, or take larger ones",
            )

    def _check_memory(self, pool: NodePool) -> None:
        known, memory_gib = self.model.known, pool.gpu_memory_gib
        if known is None or memory_gib is None:
            return
        gpus = self.engine_facts.gpus_per_worker
        found = misfit(known.parameters_billion, known.weight_bytes, memory_gib, gpus)
        if found:
            smaller = smaller_checkpoint(known)
            raise UsageError(
                f"{self.model.repository} on {pool.size}: {found[0]}, allowed: {found[1]}",
                f"name {smaller or 'an fp8 checkpoint'}: engine yaml cannot quantise",
            )

    def _check_name(self, services: Sequence[str]) -> None:
        if self.name[:1].isdigit():
            raise UsageError(
                f"name {self.name!r} begins with a digit, allowed: a letter first",
                "Services are named after it, such as that of the frontend",
            )
        for service in services:
            if self.grove is not False:
                over = len(names.grove_pair(self.name, service)) - names.GROVE_PAIR_MAX
                self._refuse_length(service, (over + 1) // 2, _GROVE)
            over = len(names.pod_service(self.name, service)) - names.LABEL_MAX
            self._refuse_length(service, over, _SERVICE)
        label = names.dynamo_namespace(self.namespace, self.name)
        if len(label) > names.LABEL_MAX:
            raise UsageError(
                f"namespace and name in {label!r} have {len(label)} characters, allowed: at most "
                f"{names.LABEL_MAX}",
                "the operator makes a label of both",
            )

    def _refuse_length(self, service: str, over: int, hint: str) -> None:
        if over > 0:
            raise UsageError(
                f"name {self.name!r} has {len(self.name)} characters, allowed: at most "
                f"{len(self.name) - over} beside the service {service}",
                hint,
            )

    def without_nodes(self, cluster: str, pools: Mapping[str, NodePool]) -> Iterator[str]:
        """What is wrong when these are the pools of the cluster; nothing where its workers fit."""
        nodes = self.cpu_nodes or self.gpu_pool
        if nodes is None:
            return
        count = nodes.count if isinstance(nodes, CpuNodes) else nodes.nodes_max
        there_are = {name: it.nodes_max for name, it in pools.items() if it.size == nodes.size}
        anywhere = self.gpu_pool is not None and self.gpu_pool.name is None
        if (sum(there_are.values()) if anywhere else there_are.get(self.pool_name, 0)) >= count:
            return
        there = ", ".join(f"{name} ({it.nodes_max} x {it.size})" for name, it in pools.items())
        yield (
            f"its workers are for the pool {self.pool_name} ({count} x {nodes.size}), allowed: "
            f"those of the cluster {cluster}, which are {there}"
        )

    def engine_files(self, modes: Sequence[Mode]) -> dict[Mode, str]:
        """The checked engine files of these ``modes``; none for an engine that reads none.

        Raises:
            UsageError: A file is missing.
            ConfigError: A file would stop or deadlock its workers; every problem at once.
        """
        return self.backend.engine_files(modes, self.engine_facts)

    def metadata(self, name: str) -> dict[str, Any]:
        """Metadata of one object of this deployment."""
        return metadata.object_metadata(name, self.namespace, self.labels, self.annotations)


def _check_maker(pool: NodePool) -> None:
    if pool.gpu_maker == "amd":
        raise UsageError(
            f"gpu_pool of {pool.size} has gpus of AMD, allowed: NVIDIA's",
            "the images of all engines here are built for CUDA",
        )


def _nodes_of(env: Environment) -> dict[str, Any]:
    """The nodes of an environment's workers, as one of the two attributes."""
    if isinstance(env.nodes, CpuNodes):
        return {"cpu_nodes": env.nodes}
    return {"gpu_pool": NodePool(size=env.nodes.size, count=env.nodes.count)}
