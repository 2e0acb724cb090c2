"""The DynamoGraphDeployment: frontend, prefill pool, decode pool; and the adapters made from it.

Everything that is not the plan's own table is here because its absence breaks the demo on Dynamo
0.8.1; each such line says what would happen. Changing ``replicas`` of a pool here later is refused
by the operator's webhook on a live cluster: scale the adapter first, then change the environment.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from gtc_spec import names, versions
from gtc_spec.buckets import frontend_env
from gtc_spec.environment import Environment
from gtc_spec.manifests.config_maps import ENGINE_MOUNT, engine_config_map_name, engine_file
from gtc_spec.manifests.metadata import Manifest, metadata
from gtc_spec.manifests.secret_names import HF_TOKEN
from gtc_spec.pools import Role

ANNOTATION_QUEUE: Final = "nvidia.com/kai-scheduler-queue"
ANNOTATION_GROVE: Final = "nvidia.com/enable-grove"
ANNOTATION_ENGINE: Final = "gtc-demo.digitalocean.com/engine-config-digest"
SYSTEM_PORT: Final = 9090
"""Port of a worker's probes and metrics (DYN_SYSTEM_PORT of the operator)."""
GRACE_MIN_S: Final = 120
"""Shortest termination grace: a visible answer takes up to 66 s (2,000 tokens at 33 ms)."""
SHARED_MEMORY: Final = "80Gi"
"""Shared memory of a TensorRT-LLM worker, as in NVIDIA's recipes instead of the default 8Gi."""


def dynamo_graph_deployment(
    env: Environment,
    engine_digests: Mapping[Role, str] | None = None,
    *,
    grove: bool = True,
) -> Manifest:
    """The serving graph at its initial ratio.

    Args:
        env: The environment.
        engine_digests: Digest of each pool's engine file. When given, a changed file rolls the
            workers of that pool; without it they keep running with the old one.
        grove: Whether Grove gang-schedules the pods; without it the operator falls back to
            Deployments, and KAI is not used either.
    """
    annotations = {ANNOTATION_QUEUE: env.kai_queue}
    if not grove:
        annotations[ANNOTATION_GROVE] = "false"
    return {
        "apiVersion": versions.DYNAMO_API,
        "kind": "DynamoGraphDeployment",
        "metadata": metadata(env, names.DEMO, annotations=annotations),
        "spec": {
            "backendFramework": "trtllm",
            "pvcs": [{"name": names.MODEL_CLAIM, "create": False}],
            "services": {
                names.FRONTEND: _frontend(),
                names.SERVICES["prefill"]: _worker(env, "prefill", engine_digests or {}),
                names.SERVICES["decode"]: _worker(env, "decode", engine_digests or {}),
            },
        },
    }


def scaling_adapter(service: str, replicas: int, dgd: str = names.DEMO) -> Manifest:
    """The DGDSA that the operator makes for a service with a scaling adapter; ours in rehearsal."""
    labels = names.pod_labels(service, dgd)
    return {
        "apiVersion": versions.DYNAMO_API,
        "kind": "DynamoGraphDeploymentScalingAdapter",
        "metadata": {
            "name": names.dgdsa(dgd, service),
            "namespace": names.NAMESPACE_WORKLOAD,
            "labels": labels,
        },
        "spec": {"replicas": replicas, "dgdRef": {"name": dgd, "serviceName": service}},
        "status": {
            "replicas": replicas,
            "selector": ",".join(f"{key}={value}" for key, value in labels.items()),
        },
    }


def _frontend() -> Manifest:
    variables = {"DYN_ROUTER_MODE": "kv", **frontend_env()}
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
        "volumeMounts": [_model_mount()],
        "extraPodSpec": {
            "mainContainer": {
                "image": versions.FRONTEND_IMAGE,
                # the image's own entry point is another program
                "command": ["python3", "-m", "dynamo.frontend"],
                # without it a missing prefill pool is silently served by decode alone
                "args": ["--enforce-disagg"],
            }
        },
    }


def _worker(env: Environment, role: Role, engine_digests: Mapping[Role, str]) -> Manifest:
    pool = env.pools.of(role)
    service: Manifest = {
        # PodMonitor dynamo-worker of 0.8.x selects exactly this type
        "componentType": "worker",
        "subComponentType": role,
        "replicas": pool.initial,
        "scalingAdapter": {"enabled": True},
        "envFromSecret": HF_TOKEN.name,
        "sharedMemory": {"size": SHARED_MEMORY},
        "resources": {"limits": {"gpu": "1"}},
        "volumeMounts": [_model_mount()],
        # the default kills a busy worker after one missed probe (ai-dynamo/dynamo#14735)
        "livenessProbe": {
            "httpGet": {"path": "/live", "port": SYSTEM_PORT},
            "periodSeconds": 10,
            "timeoutSeconds": 10,
            "failureThreshold": 30,
        },
        "extraPodSpec": _worker_pod(env, role),
    }
    if role in engine_digests:
        service["extraPodMetadata"] = {"annotations": {ANNOTATION_ENGINE: engine_digests[role]}}
    return service


def _worker_pod(env: Environment, role: Role) -> Manifest:
    grace_s = max(GRACE_MIN_S, math.ceil(2 * env.pools.of(role).drain_s))
    return {
        "terminationGracePeriodSeconds": grace_s,
        "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}],
        "volumes": [{"name": "engine", "configMap": {"name": engine_config_map_name(role)}}],
        "initContainers": [_wait_for_model(env)],
        "mainContainer": {
            "image": versions.WORKER_IMAGE,
            "workingDir": "/workspace",
            # no shell in between: it would swallow SIGTERM (ai-dynamo/dynamo#2776)
            "command": ["python3", "-m", "dynamo.trtllm"],
            "args": _worker_args(env, role),
            "volumeMounts": [{"name": "engine", "mountPath": ENGINE_MOUNT, "readOnly": True}],
        },
    }


def _worker_args(env: Environment, role: Role) -> list[str]:
    return [
        "--model-path", names.model_path(env.model.repository),
        "--served-model-name", env.model.served_name,
        "--disaggregation-mode", role,
        "--extra-engine-args", f"{ENGINE_MOUNT}/{engine_file(role)}",
        # prefill: KV events for the router; decode: in 0.8.x the same flag opens the metrics
        "--publish-events-and-metrics",
    ]  # fmt: skip


def _wait_for_model(env: Environment) -> Manifest:
    """Hold the worker until the model is on the share: a deploy may well end before that."""
    marker = f"{names.model_path(env.model.repository)}/{names.DOWNLOAD_MARKER}"
    mount = _model_mount()
    return {
        "name": "wait-for-model",
        "image": versions.WORKER_IMAGE,
        "command": ["sh", "-c", f'until [ -f "{marker}" ]; do sleep 5; done'],
        # the operator names the volume after the claim
        "volumeMounts": [
            {"name": mount["name"], "mountPath": mount["mountPoint"], "readOnly": True}
        ],
    }


def _model_mount() -> Manifest:
    return {"name": names.MODEL_CLAIM, "mountPoint": names.MODEL_MOUNT}
