"""The panel in the cluster: one pod that drives the show, its Service and its scrape.

One replica and ``Recreate``: two panels would only wait for each other's Lease. It is reached by
port-forward, so the Service stays inside the cluster. This module must not know the panel's code,
only its settings.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gtc_spec import kinds, names
from gtc_spec.cloud.images import pull_secrets
from gtc_spec.environment import Environment
from gtc_spec.manifests.metadata import LABEL_NAME, Manifest, digest, metadata
from gtc_spec.manifests.panel import panel_choices
from gtc_spec.manifests.placement import on_management_pool
from gtc_spec.manifests.pod_security import (
    WRITABLE,
    container_context,
    pod_context,
    scratch_mount,
    scratch_volume,
)
from gtc_spec.manifests.rbac import PANEL_ACCOUNT
from gtc_spec.manifests.secret_names import GRADIENT, GRAFANA, PANEL_KEY, SPACES, SecretName
from gtc_spec.manifests.serving_graph import frontend_url
from gtc_spec.telemetry.promql import GRAFANA_ADDRESS, PROMETHEUS_ADDRESS
from gtc_spec.telemetry.scrape import pace

PANEL: Final = f"{names.DEMO}-panel"
UID: Final = 10001
"""User and group of panel and guardian: above 10,000, where no user of a node lives."""
PORT: Final = 8080
METRICS_PORT: Final = 8081
"""For Prometheus: a port of its own, because a policy cannot tell one path from another."""
GRACE_S: Final = 60
"""After SIGTERM; the panel needs 20 s at most, whatever does not answer."""
SECRETS: Final = (GRADIENT, SPACES)
"""Follow-up questions and the corpus; never the HuggingFace token."""
SECRETS_MOUNT: Final = "/etc/gtc-demo/secrets"
"""Folder of one file a secret key, named like the variable that it stands for."""
_SCRATCH_MIB: Final = 256
_RECORDINGS_MIB: Final = 64
"""What the panel's recordings take of it: they outlive its container, and not its pod."""
_REQUEST_LOG_MIB: Final = 2 * 64
"""What the log of finished requests takes of it for each load process."""


def panel_deployment(
    env: Environment,
    image: str,
    *,
    load_shards: int = 1,
    variables: Mapping[str, str] | None = None,
) -> Manifest:
    """The panel's Deployment.

    Args:
        env: The environment.
        image: Our own image.
        load_shards: Load processes that share the rate, 1 to `panel_choices.SHARDS_MAX`.
        variables: Further ``GTC_*`` variables: the choices that made ``env`` what it is, and
            settings of `panel_choices`.

    Raises:
        UsageError: A pod cannot follow one of them.
    """
    told = {**(variables or {}), panel_choices.SHARDS: str(load_shards)}
    told |= panel_choices.in_pod(told)
    logs_mib = _REQUEST_LOG_MIB * load_shards if panel_choices.REQUEST_LOG in told else 0
    return deployment(
        env,
        PANEL,
        PANEL_ACCOUNT,
        _panel_container(env, image, load_shards, told),
        [_secrets_volume()],
        scratch_mib=_SCRATCH_MIB + _RECORDINGS_MIB + logs_mib,
    )


def panel_service(env: Environment) -> Manifest:
    """The Service that a port-forward goes to."""
    return {
        **kinds.SERVICE.type_meta,
        "metadata": metadata(env, PANEL, names.NAMESPACE_PANEL),
        "spec": {
            "type": "ClusterIP",
            "selector": {LABEL_NAME: PANEL},
            "ports": [{"name": "http", "port": PORT, "targetPort": "http"}],
        },
    }


def panel_monitor(env: Environment) -> Manifest:
    """The PodMonitor of the panel's own metrics, scraped like Dynamo's."""
    return {
        **kinds.POD_MONITOR.type_meta,
        "metadata": metadata(env, PANEL, names.NAMESPACE_PANEL),
        "spec": {
            "selector": {"matchLabels": {LABEL_NAME: PANEL}},
            "podMetricsEndpoints": [{"port": "metrics", "path": "/metrics", **pace()}],
        },
    }


def deployment(
    env: Environment,
    name: str,
    account: str,
    container: Manifest,
    volumes: list[Manifest],
    scratch_mib: int = _SCRATCH_MIB,
) -> Manifest:
    """One unprivileged pod on the management pool that may talk to Kubernetes as ``account``."""
    labels = {LABEL_NAME: name}
    return {
        **kinds.DEPLOYMENT.type_meta,
        "metadata": metadata(env, name, names.NAMESPACE_PANEL),
        "spec": {
            "replicas": 1,
            "strategy": {"type": "Recreate"},
            "selector": {"matchLabels": labels},
            "template": {
                # other facts, another pod: the digest that it believes must be the deployed one
                "metadata": {"labels": labels, "annotations": digest(env)},
                "spec": {
                    "serviceAccountName": account,
                    **pull_secrets(container["image"]),
                    "automountServiceAccountToken": True,
                    "terminationGracePeriodSeconds": GRACE_S,
                    "nodeSelector": on_management_pool(),
                    "securityContext": pod_context(UID),
                    "containers": [container],
                    "volumes": [scratch_volume(f"{scratch_mib}Mi"), *volumes],
                },
            },
        },
    }


def variables_of(env: Environment, more: Mapping[str, str]) -> list[Manifest]:
    """The variables that every process of ours gets; no kubeconfig, so the account counts."""
    values = {"GTC_ENV": env.name, "HOME": WRITABLE, **more}
    return [{"name": name, "value": value} for name, value in values.items()]


def _panel_container(
    env: Environment, image: str, load_shards: int, variables: Mapping[str, str]
) -> Manifest:
    settings = {
        "GTC_HOST": "0.0.0.0",  # noqa: S104 - the pod's own address; a policy keeps others out
        "GTC_PORT": str(PORT),
        "GTC_METRICS_PORT": str(METRICS_PORT),
        "GTC_STATE_DIR": f"{WRITABLE}/gtc",
        "GTC_FRONTEND_URL": frontend_url(),
        "GTC_PROMETHEUS_URL": PROMETHEUS_ADDRESS,
        "GTC_GRAFANA_URL": GRAFANA_ADDRESS,
        "GTC_CORPUS": env.spaces.corpus,
        "GTC_SECRETS_DIR": SECRETS_MOUNT,
        "NICEGUI_STORAGE_PATH": f"{WRITABLE}/nicegui",
        **variables,
    }
    return {
        "name": "panel",
        "image": image,
        "command": ["gtc", "serve"],
        "env": variables_of(env, settings),
        "ports": [
            {"name": "http", "containerPort": PORT},
            {"name": "metrics", "containerPort": METRICS_PORT},
        ],
        "resources": _panel_resources(load_shards),
        "securityContext": container_context(),
        "volumeMounts": [
            scratch_mount(),
            {"name": "secrets", "mountPath": SECRETS_MOUNT, "readOnly": True},
        ],
        **_probes(),
    }


def _panel_resources(load_shards: int) -> Manifest:
    """Requests and limits; no CPU limit, because throttling would show as latency.

    A load process needs about half a CPU for the 11,000 tokens/s of DECODE_STRESS.
    """
    return {
        "requests": {
            "cpu": f"{250 + 500 * load_shards}m",
            "memory": f"{384 + 256 * load_shards}Mi",
        },
        "limits": {"memory": f"{768 + 512 * load_shards}Mi"},
    }


def _probes() -> Manifest:
    """Slow to kill: a restart costs the show more than a late answer does."""

    def probe(path: str, period_s: int, timeout_s: int, failures: int) -> Manifest:
        return {
            "httpGet": {"path": path, "port": "http"},
            "periodSeconds": period_s,
            "timeoutSeconds": timeout_s,
            "failureThreshold": failures,
        }

    return {
        # it serves once it has seen the cluster and its load process
        "startupProbe": probe("/healthz", 2, 3, 45),
        "livenessProbe": probe("/healthz", 10, 5, 6),
        "readinessProbe": probe("/readyz", 5, 3, 3),
    }


def _secrets_volume() -> Manifest:
    """The secrets as files that the pod's group may read."""

    def source(secret: SecretName, **more: bool) -> Manifest:
        items = [{"key": key, "path": key} for key in secret.keys]
        return {"secret": {"name": secret.name, "items": items, **more}}

    sources = [*map(source, SECRETS), source(PANEL_KEY), source(GRAFANA, optional=True)]
    return {"name": "secrets", "projected": {"defaultMode": 0o440, "sources": sources}}
