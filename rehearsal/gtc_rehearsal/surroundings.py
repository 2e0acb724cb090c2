"""What a deployed cluster holds around the demo: secrets, share, RuntimeClass, Helm's own records.

Nothing here is used by the rehearsal itself. It is what a person, kubectl and the preflight look
for on a cluster, so that the same questions have answers here. Values of secrets are placeholders.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Iterator
from typing import Final

from gtc_rehearsal.kube_api.objects import Object
from gtc_rehearsal.kube_api.resources import (
    CONFIG_MAP,
    PV,
    PVC,
    RUNTIME_CLASS,
    SECRET,
    Resource,
)
from gtc_rehearsal.kube_api.storage.store import Store
from gtc_spec import names, versions
from gtc_spec.environment import Environment
from gtc_spec.manifests import model_record, model_volume, placement
from gtc_spec.manifests.metadata import metadata
from gtc_spec.manifests.panel import panel
from gtc_spec.manifests.secret_names import SecretName, secrets_of
from gtc_spec.versions import Chart

PLACEHOLDER: Final = "rehearsal"
"""Value of every key of every secret."""
CHART_NAMESPACES: Final = {
    versions.DYNAMO_CRDS: "default",
    versions.DYNAMO_PLATFORM: names.NAMESPACE_PLATFORM,
    versions.KUBE_PROMETHEUS_STACK: names.NAMESPACE_MONITORING,
    versions.KEDA: names.NAMESPACE_KEDA,
    versions.DCGM_EXPORTER: names.NAMESPACE_MONITORING,
}
"""Namespace in which each chart is installed."""
_BOUND: Final = {"status": {"phase": "Bound"}}


def create_surroundings(store: Store, env: Environment) -> None:
    """Put everything into a fresh store."""
    for resource, manifest in objects(env):
        made = store.create(resource, manifest)
        if resource in (PV, PVC):
            meta = made["metadata"]
            store.patch(resource, meta["name"], meta.get("namespace"), _BOUND, "status")


def objects(env: Environment) -> Iterator[tuple[Resource, Object]]:
    """The objects as they are created, without status."""
    for secret in secrets_of(env):
        yield SECRET, _secret(env, secret, names.NAMESPACE_WORKLOAD)
    for secret in panel.SECRETS:
        yield SECRET, _secret(env, secret, names.NAMESPACE_PANEL)
    if env.nodes.gpus:
        name = placement.RUNTIME_CLASS
        yield RUNTIME_CLASS, {"metadata": {"name": name}, "handler": name}
    if share := env.hosting.share:
        volume = metadata(env, model_volume.volume_name(names.MODEL_CLAIM), None)
        yield PV, model_volume.persistent_volume(volume, "127.0.0.1", "/models", share.gib)
        claim = metadata(env, names.MODEL_CLAIM)
        yield PVC, model_volume.persistent_volume_claim(claim, share.gib)
        yield CONFIG_MAP, _model_record(env)
    for chart in versions.charts(gpus=env.nodes.gpus > 0):
        yield SECRET, helm_release(chart, CHART_NAMESPACES[chart])


def helm_release(chart: Chart, namespace: str) -> Object:
    """The record that Helm 3 and 4 keep of an installed release, less templates and values."""
    release = {
        "name": chart.name,
        "namespace": namespace,
        "version": 1,
        "info": {"status": "deployed", "description": "played by the rehearsal"},
        "chart": {
            "metadata": {"name": chart.name, "version": chart.version, "appVersion": chart.app}
        },
    }
    packed = base64.b64encode(gzip.compress(json.dumps(release).encode(), mtime=0))
    labels = {"owner": "helm", "name": chart.name, "status": "deployed", "version": "1"}
    return {
        "metadata": {
            "name": f"sh.helm.release.v1.{chart.name}.v1",
            "namespace": namespace,
            "labels": labels,
        },
        "type": "helm.sh/release.v1",
        # Kubernetes' own encoding of a secret around Helm's
        "data": {"release": base64.b64encode(packed).decode()},
    }


def _secret(env: Environment, secret: SecretName, namespace: str) -> Object:
    value = base64.b64encode(PLACEHOLDER.encode()).decode()
    return {
        "metadata": metadata(env, secret.name, namespace),
        "type": "Opaque",
        "data": dict.fromkeys(secret.keys, value),
    }


def _model_record(env: Environment) -> Object:
    """A record of one small file, as there is no checkpoint: the simulated workers load none."""
    content = b"{}\n"
    manifest = {
        "repository": env.model.repository,
        "revision": "0" * 40,
        "files": [
            {
                "name": "config.json",
                "size_bytes": len(content),
                "sha256": hashlib.sha256(content).hexdigest(),
            }
        ],
    }
    text = json.dumps(manifest, indent=1) + "\n"
    return model_record.model_record(env, text, hashlib.sha256(text.encode()).hexdigest() + "\n")
