"""A DynamoGraphDeployment for Dynamo 0.8.1: one frontend and its pools of workers.

Everything that is not the plan's own table is here because its absence breaks serving on this
release; each such line says what would happen. What an engine decides is asked of the engine.
This module must not know an environment: `dgd` fills it in for the demo, the constructs for anybody
else.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from gtc_spec import kinds, names, versions
from gtc_spec.buckets import frontend_env
from gtc_spec.engine_config import Mode
from gtc_spec.engines import trtllm
from gtc_spec.engines.worker_engine import Launch, WorkerEngine
from gtc_spec.manifests.config_maps import (
    ENGINE_MOUNT,
    engine_config_map_name,
    engine_file,
    model_config_map_name,
)
from gtc_spec.manifests.metadata import Manifest
from gtc_spec.manifests.placement import Slot, gpu_slot, on_management_pool
from gtc_spec.manifests.secret_names import HF_TOKEN

ANNOTATION_QUEUE: Final = "nvidia.com/kai-scheduler-queue"
ANNOTATION_GROVE: Final = "nvidia.com/enable-grove"
ANNOTATION_ENGINE: Final = "gtc-demo.digitalocean.com/engine-config-digest"
FRONTEND_PORT: Final = 8000
"""Port of the OpenAI-compatible API, of the pod and of its Service."""
SYSTEM_PORT: Final = 9090
"""Port of a worker's probes and metrics (DYN_SYSTEM_PORT of the operator)."""
GRACE_MIN_S: Final = 120
"""Shortest termination grace: a visible answer takes up to 66 s (2,000 tokens at 33 ms)."""


@dataclass(frozen=True, kw_only=True)
class GraphPool:
    """One pool of identical workers.

    Attributes:
        service: Its key inside the graph; pods, adapter and metrics are named after it.
        mode: What its workers do.
        replicas: Workers at rest.
        drain_s: Longest time that a worker needs to finish what it started.
        slot: What one worker asks of its node. Default: one GPU.
        engine_digest: Changes with the engine file; a new one rolls the workers. Empty: they keep
            running with the file that they started with.
        scaling_adapter: Whether the operator makes a DGDSA, without which nothing can scale it.
    """

    service: str
    mode: Mode
    replicas: int
    drain_s: float
    slot: Slot = field(default_factory=gpu_slot)
    engine_digest: str = ""
    scaling_adapter: bool = True


@dataclass(frozen=True, kw_only=True)
class ServingGraph:
    """What differs between two deployments.

    Attributes:
        metadata: Name, namespace, labels and annotations of the graph.
        model_path: Folder of the checkpoint inside a pod; an engine that brings its model along
            finds it below ``mount`` under the served name.
        served_name: Name under which the model answers.
        pools: One aggregated pool, or prefill and decode.
        engine: What the workers run. Default: TensorRT-LLM.
        claim: PersistentVolumeClaim with the models, in the same namespace; an engine that brings
            its model along needs none.
        mount: Where it is mounted.
        queue: KAI queue; the operator refuses the graph if it is missing.
        grove: Whether Grove gang-schedules the pods; without it the operator falls back to
            Deployments, and KAI is not used either.
        node_selector: Nodes of the frontend, which needs no GPU.
        frontend_image: Image of the frontend.
        worker_image: Image of the workers. Default: the engine's.
    """

    metadata: Manifest
    model_path: str
    served_name: str
    pools: tuple[GraphPool, ...]
    engine: WorkerEngine = field(default_factory=trtllm.engine)
    claim: str = names.MODEL_CLAIM
    mount: str = names.MODEL_MOUNT
    queue: str = "dynamo"
    grove: bool = True
    node_selector: Mapping[str, str] = field(default_factory=on_management_pool)
    frontend_image: str = versions.FRONTEND_IMAGE
    worker_image: str = ""

    def manifest(self) -> Manifest:
        """The DynamoGraphDeployment."""
        annotations = {**self.metadata.get("annotations", {}), ANNOTATION_QUEUE: self.queue}
        if not self.grove:
            annotations[ANNOTATION_GROVE] = "false"
        workers = {pool.service: _worker(self, pool) for pool in self.pools}
        return {
            **kinds.DGD.type_meta,
            "metadata": {**self.metadata, "annotations": annotations},
            "spec": {
                **({"backendFramework": framework} if (framework := self.engine.framework) else {}),
                **({} if self.brings_model else {"pvcs": [{"name": self.claim, "create": False}]}),
                "services": {names.FRONTEND: _frontend(self), **workers},
            },
        }

    @property
    def name(self) -> str:
        """Name of the graph."""
        return str(self.metadata["name"])

    @property
    def brings_model(self) -> bool:
        """Whether the model travels with the graph instead of lying on a share."""
        return bool(self.engine.model_files)

    @property
    def model_folder(self) -> str:
        """Where the model lies inside frontend and workers."""
        return f"{self.mount}/{self.served_name}" if self.brings_model else self.model_path

    @property
    def disaggregated(self) -> bool:
        """Whether prefill and decode are pools of their own."""
        return any(pool.mode == "prefill" for pool in self.pools)


def frontend_url(dgd: str = names.DEMO, namespace: str = names.NAMESPACE_WORKLOAD) -> str:
    """Where the frontend of a graph answers: the operator's Service ``{dgd}-frontend``."""
    return f"http://{dgd}-{names.FRONTEND.lower()}.{namespace}.svc:{FRONTEND_PORT}"


def _frontend(graph: ServingGraph) -> Manifest:
    variables = {"DYN_ROUTER_MODE": "kv", **frontend_env()}
    # without it a missing prefill pool is silently served by decode alone
    arguments = {"args": ["--enforce-disagg"]} if graph.disaggregated else {}
    return {
        "componentType": "frontend",
        "replicas": 1,
        # it runs on a 2-CPU management node; 0.3 CPUs and 140 MB were seen at 8.5 requests/s
        "resources": {
            "requests": {"cpu": "1", "memory": "1Gi"},
            "limits": {"memory": "2Gi"},
        },
        # round-robin is the default; the default buckets cannot show any of our goals
        "envs": [{"name": name, "value": value} for name, value in variables.items()],
        # without the model directory it downloads the tokenizer under the served name
        **_claimed(graph),
        "extraPodSpec": {
            "nodeSelector": dict(graph.node_selector),
            **_listed("volumes", _model_volume(graph)),
            "mainContainer": {
                "image": graph.frontend_image,
                # the image's own entry point is another program
                "command": ["python3", "-m", "dynamo.frontend"],
                **arguments,
                # the served name has to be a path from here, see WorkerEngine.model_files
                **({"workingDir": graph.mount} if graph.brings_model else {}),
                **_listed("volumeMounts", _model_files(graph)),
            },
        },
    }


def _worker(graph: ServingGraph, pool: GraphPool) -> Manifest:
    role = {} if pool.mode == "aggregated" else {"subComponentType": pool.mode}
    adapter = {"scalingAdapter": {"enabled": True}} if pool.scaling_adapter else {}
    memory = graph.engine.shared_memory
    service: Manifest = {
        # PodMonitor dynamo-worker of 0.8.x selects exactly this type
        "componentType": "worker",
        **role,
        "replicas": pool.replicas,
        **adapter,
        **({} if graph.brings_model else {"envFromSecret": HF_TOKEN.name}),
        **({"sharedMemory": {"size": memory}} if memory else {}),
        "resources": pool.slot.resources,
        **_claimed(graph),
        # the default kills a busy worker after one missed probe (ai-dynamo/dynamo#14735)
        "livenessProbe": {
            "httpGet": {"path": "/live", "port": SYSTEM_PORT},
            "periodSeconds": 10,
            "timeoutSeconds": 10,
            "failureThreshold": 30,
        },
        "extraPodSpec": _worker_pod(graph, pool),
    }
    if pool.engine_digest:
        service["extraPodMetadata"] = {"annotations": {ANNOTATION_ENGINE: pool.engine_digest}}
    return service


def _worker_pod(graph: ServingGraph, pool: GraphPool) -> Manifest:
    engine, file = graph.engine, f"{ENGINE_MOUNT}/{engine_file(pool.mode)}"
    settings = {"name": engine_config_map_name(pool.mode, graph.name)}
    volumes = [{"name": "engine", "configMap": settings}] if engine.reads_engine_file else []
    mounts = [{"name": "engine", "mountPath": ENGINE_MOUNT, "readOnly": True}]
    launch = Launch(
        mode=pool.mode,
        model_path=graph.model_folder,
        served_name=graph.served_name,
        engine_file=file,
    )
    return {
        "terminationGracePeriodSeconds": max(GRACE_MIN_S, math.ceil(2 * pool.drain_s)),
        **pool.slot.pod,
        "volumes": [*volumes, *_model_volume(graph)],
        **({} if graph.brings_model else {"initContainers": [_wait_for_model(graph)]}),
        "mainContainer": {
            "image": graph.worker_image or engine.image,
            "workingDir": "/workspace",
            "command": list(engine.command),
            "args": engine.arguments(launch),
            "volumeMounts": [*(mounts if volumes else []), *_model_files(graph)],
        },
    }


def _wait_for_model(graph: ServingGraph) -> Manifest:
    """Hold the worker until the model is on the share: a deploy may well end before that."""
    marker = f"{graph.model_path}/{names.DOWNLOAD_MARKER}"
    mount = _model_mount(graph)
    return {
        "name": "wait-for-model",
        "image": graph.worker_image or graph.engine.image,
        "command": ["sh", "-c", f'until [ -f "{marker}" ]; do sleep 5; done'],
        # the operator names the volume after the claim
        "volumeMounts": [
            {"name": mount["name"], "mountPath": mount["mountPoint"], "readOnly": True}
        ],
    }


def _model_mount(graph: ServingGraph) -> Manifest:
    return {"name": graph.claim, "mountPoint": graph.mount}


def _claimed(graph: ServingGraph) -> Manifest:
    """The claim with the checkpoint, where there is one."""
    return {} if graph.brings_model else {"volumeMounts": [_model_mount(graph)]}


def _model_volume(graph: ServingGraph) -> list[Manifest]:
    """The model that travels with the graph, where it does."""
    source = {"name": model_config_map_name(graph.name)}
    return [{"name": "model", "configMap": source}] if graph.brings_model else []


def _model_files(graph: ServingGraph) -> list[Manifest]:
    mount = {"name": "model", "mountPath": graph.model_folder, "readOnly": True}
    return [mount] if graph.brings_model else []


def _listed(key: str, items: list[Manifest]) -> Manifest:
    """The key with its items; nothing when there are none."""
    return {key: items} if items else {}
