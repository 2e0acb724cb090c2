"""A DynamoGraphDeployment for Dynamo 0.8.1: one frontend and its pools of workers.

Everything that is not the plan's own table is here because its absence breaks serving on this
release; each such line says what would happen. What an engine decides is asked of the engine.
This module must not know an environment: `dgd` fills it in for the demo, the constructs for anybody
else.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import Final

from gtc_spec import kinds, names, versions
from gtc_spec.engines import engine_config
from gtc_spec.engines.backend import Launch
from gtc_spec.errors import UsageError
from gtc_spec.graph.serving import Serving
from gtc_spec.graph.workers import WorkerPools, Workers
from gtc_spec.manifests import config_maps
from gtc_spec.manifests.config_maps import ENGINE_MOUNT
from gtc_spec.manifests.jobs import UID
from gtc_spec.manifests.metadata import Manifest
from gtc_spec.manifests.placement import disruption_budget
from gtc_spec.manifests.pod_security import container_context
from gtc_spec.pools import Mode
from gtc_spec.telemetry.buckets import frontend_env

ANNOTATION_QUEUE: Final = "nvidia.com/kai-scheduler-queue"
ANNOTATION_GROVE: Final = "nvidia.com/enable-grove"
ANNOTATION_ENGINE: Final = "gtc-demo.digitalocean.com/engine-config-digest"
FRONTEND_PORT: Final = 8000
"""Port of the OpenAI-compatible API, of the pod and of its Service."""
SYSTEM_PORT: Final = 9090
"""Port of a worker's probes and metrics (DYN_SYSTEM_PORT of the operator)."""
GRACE_MIN_S: Final = 120
"""Shortest termination grace: a visible answer takes up to 66 s (2,000 tokens at 33 ms)."""


def release(serving: Serving, pools: WorkerPools, files: Mapping[Mode, str]) -> list[Manifest]:
    """All that one serving ships: engine files, a model that travels, and last the graph.

    Args:
        serving: What is served; its overrides have the last word on the graph.
        pools: Its workers.
        files: Text of each pool's engine file.

    Raises:
        UsageError: The overrides look for something that the graph does not have.
    """
    serving = serving.settled()
    shipped = [engine_config_map(serving, mode, text) for mode, text in files.items()]
    if model := serving.backend.model_files:
        place = serving.metadata(config_maps.model_config_map_name(serving.name))
        shipped.append(config_maps.model_config_map(place, model))
    deployment = graph(serving, pools, files)
    if serving.overrides:
        _override(serving.overrides, deployment)
    return [*shipped, *_disruption_budgets(serving, pools), deployment]


def _override(edit: Callable[[Manifest], None], deployment: Manifest) -> None:
    try:
        edit(deployment)
    except (AttributeError, LookupError, TypeError) as error:
        raise UsageError(
            f"overrides: {type(error).__name__} {error}, allowed: an edit of what is there",
            "without overrides= the construct has it as .manifest",
        ) from error


def _disruption_budgets(serving: Serving, pools: WorkerPools) -> list[Manifest]:
    """One for each pool that wants one, beside its pods."""
    return [
        disruption_budget(
            serving.metadata(names.dgdsa(serving.name, serving.service(mode))),
            names.pod_labels(serving.service(mode), serving.name),
            workers.max_unavailable,
        )
        for mode, workers in pools.items()
        if workers.max_unavailable is not None
    ]


def engine_config_map(serving: Serving, mode: Mode, text: str) -> Manifest:
    """The engine file of one pool; ``text`` is its YAML, checked by `Serving.engine_files`."""
    place = serving.metadata(config_maps.engine_config_map_name(mode, serving.name))
    return config_maps.config_map(place, {engine_config.file_name(mode): text})


def graph(
    serving: Serving, pools: WorkerPools, files: Mapping[Mode, str] | None = None
) -> Manifest:
    """The DynamoGraphDeployment.

    Args:
        serving: What is served; the operator refuses the graph if its queue is missing.
        pools: Its workers.
        files: Text of each pool's engine file: a changed one rolls the workers of its pool. Without
            it they keep running with the file that they started with. Default: none.
    """
    serving, given = serving.settled(), files or {}
    digests = {mode: config_maps.engine_digest(text) for mode, text in given.items()}
    place = serving.metadata(serving.name)
    annotations = {**place.get("annotations", {}), ANNOTATION_QUEUE: serving.queue}
    if not serving.grove:
        annotations[ANNOTATION_GROVE] = "false"
    engine = serving.backend
    claim = {"name": serving.claim, "create": False}
    return {
        **kinds.DGD.type_meta,
        "metadata": {**place, "annotations": annotations},
        "spec": {
            **({"backendFramework": engine.framework} if engine.framework else {}),
            **({} if serving.backend.brings_model else {"pvcs": [claim]}),
            "services": {
                names.FRONTEND: _frontend(serving, disaggregated="prefill" in pools),
                **{
                    serving.service(mode): _worker(serving, mode, workers, digests.get(mode, ""))
                    for mode, workers in pools.items()
                },
            },
        },
    }


def frontend_url(dgd: str = names.DEMO, namespace: str = names.NAMESPACE_WORKLOAD) -> str:
    """Where the frontend of a graph answers: the operator's Service ``{dgd}-frontend``."""
    return f"http://{frontend_service(dgd)}.{namespace}.svc:{FRONTEND_PORT}"


def commands(dgd: str, namespace: str, model: str) -> dict[str, str]:
    """What somebody types who has a kubeconfig of the cluster and wants an answer of the model."""
    port, kubectl = FRONTEND_PORT, f"kubectl -n {namespace}"
    question = {
        "model": model,
        "messages": [{"role": "user", "content": "What is a prefill worker?"}],
        "max_tokens": 200,
    }
    return {
        "wait": f"{kubectl} wait --for=condition=Ready {kinds.DGD.plural}/{dgd} --timeout=30m",
        "forward": f"{kubectl} port-forward svc/{frontend_service(dgd)} {port}",
        "ask": (
            f"curl -s http://localhost:{port}/v1/chat/completions "
            f"-H 'Content-Type: application/json' -d '{json.dumps(question)}'"
        ),
    }


def frontend_service(dgd: str) -> str:
    """The Service that the operator makes for the frontend of a graph."""
    return names.pod_service(dgd, names.FRONTEND)


def _frontend(serving: Serving, *, disaggregated: bool) -> Manifest:
    variables = {"DYN_ROUTER_MODE": "kv", **frontend_env()}
    # without it a missing prefill pool is silently served by decode alone
    arguments = {"args": ["--enforce-disagg"]} if disaggregated else {}
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
        **_claimed(serving),
        "extraPodSpec": {
            "nodeSelector": dict(serving.node_selector or {}),
            **_listed("volumes", _model_volume(serving)),
            "mainContainer": {
                "image": serving.frontend_image,
                # the image's own entry point is another program
                "command": ["python3", "-m", "dynamo.frontend"],
                **arguments,
                # the served name has to be a path from here, see Backend.model_files
                **(
                    {"workingDir": str(serving.model.mount)} if serving.backend.brings_model else {}
                ),
                **_listed("volumeMounts", _model_files(serving)),
            },
        },
    }


def _worker(serving: Serving, mode: Mode, workers: Workers, digest: str) -> Manifest:
    role = {} if mode == "aggregated" else {"subComponentType": mode}
    adapter = {"scalingAdapter": {"enabled": True}} if workers.scaling_adapter else {}
    memory = serving.backend.shared_memory
    service: Manifest = {
        # PodMonitor dynamo-worker of 0.8.x selects exactly this type
        "componentType": "worker",
        **role,
        "replicas": workers.replicas,
        **adapter,
        **({"envFromSecret": serving.token_secret} if serving.token_secret else {}),
        **({"sharedMemory": {"size": memory}} if memory else {}),
        "resources": serving.slot.resources,
        **_claimed(serving),
        # the default kills a busy worker after one missed probe (ai-dynamo/dynamo#14735)
        "livenessProbe": {
            "httpGet": {"path": "/live", "port": SYSTEM_PORT},
            "periodSeconds": 10,
            "timeoutSeconds": 10,
            "failureThreshold": 30,
        },
        "extraPodSpec": _worker_pod(serving, mode, workers.drain_s),
    }
    if digest:
        service["extraPodMetadata"] = {"annotations": {ANNOTATION_ENGINE: digest}}
    return service


def _worker_pod(serving: Serving, mode: Mode, drain_s: float) -> Manifest:
    engine, file = serving.backend, f"{ENGINE_MOUNT}/{engine_config.file_name(mode)}"
    settings = {"name": config_maps.engine_config_map_name(mode, serving.name)}
    volumes = [{"name": "engine", "configMap": settings}] if engine.reads_engine_file else []
    mounts = [{"name": "engine", "mountPath": ENGINE_MOUNT, "readOnly": True}]
    launch = Launch(
        mode=mode,
        model_path=serving.model_folder,
        served_name=serving.model.served_name,
        facts=serving.engine_facts,
        engine_file=file if engine.reads_engine_file else "",
    )
    return {
        "terminationGracePeriodSeconds": max(GRACE_MIN_S, math.ceil(2 * drain_s)),
        **serving.slot.pod,
        "volumes": [*volumes, *_model_volume(serving)],
        **({} if serving.backend.brings_model else {"initContainers": [_wait_for_model(serving)]}),
        "mainContainer": {
            "image": engine.image,
            "workingDir": "/workspace",
            "command": list(engine.command),
            "args": engine.arguments(launch),
            "volumeMounts": [*(mounts if volumes else []), *_model_files(serving)],
        },
    }


def _wait_for_model(serving: Serving) -> Manifest:
    """Hold the worker until the model is on the share: a deploy may well end before that."""
    marker = f"{serving.model.path}/{names.DOWNLOAD_MARKER}"
    mount = _model_mount(serving)
    return {
        "name": "wait-for-model",
        "image": versions.WAIT_IMAGE,
        # a first process that minds no signal would keep its GPU for the whole termination grace
        "command": ["sh", "-c", f'trap "exit 143" TERM; until [ -f "{marker}" ]; do sleep 5; done'],
        "securityContext": {"runAsUser": UID, "runAsNonRoot": True, **container_context()},
        # the operator names the volume after the claim
        "volumeMounts": [
            {"name": mount["name"], "mountPath": mount["mountPoint"], "readOnly": True}
        ],
    }


def _model_mount(serving: Serving) -> Manifest:
    return {"name": serving.claim, "mountPoint": str(serving.model.mount)}


def _claimed(serving: Serving) -> Manifest:
    """The claim with the checkpoint, where there is one."""
    return {} if serving.backend.brings_model else {"volumeMounts": [_model_mount(serving)]}


def _model_volume(serving: Serving) -> list[Manifest]:
    """The model that travels with the graph, where it does."""
    source = {"name": config_maps.model_config_map_name(serving.name)}
    return [{"name": "model", "configMap": source}] if serving.backend.brings_model else []


def _model_files(serving: Serving) -> list[Manifest]:
    mount = {"name": "model", "mountPath": serving.model_folder, "readOnly": True}
    return [mount] if serving.backend.brings_model else []


def _listed(key: str, items: list[Manifest]) -> Manifest:
    """The key with its items; nothing when there are none."""
    return {key: items} if items else {}
