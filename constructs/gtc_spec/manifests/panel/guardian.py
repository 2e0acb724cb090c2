"""The guardian in the cluster: a pod of its own, so that it outlives the panel that it watches.

It serves nothing, so it has no probes: it ends when it cannot go on, and Kubernetes restarts it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gtc_spec import names
from gtc_spec.environment import Environment
from gtc_spec.manifests.metadata import LABEL_NAME, Manifest
from gtc_spec.manifests.panel.panel import PANEL, deployment, variables_of
from gtc_spec.manifests.panel.panel_choices import LOG_LEVEL, in_pod
from gtc_spec.manifests.pod_security import container_context, scratch_mount
from gtc_spec.manifests.rbac import GUARDIAN_ACCOUNT

GUARDIAN: Final = f"{names.DEMO}-guardian"


def guardian_deployment(
    env: Environment, image: str, variables: Mapping[str, str] | None = None
) -> Manifest:
    """The guardian's Deployment; ``image`` is the panel's, and so is how loud it is to be."""
    loud = {k: v for k, v in in_pod(variables or {}).items() if k == LOG_LEVEL}
    container = {
        "name": "guardian",
        "image": image,
        "command": ["gtc", "guardian"],
        "env": variables_of(env, loud),
        "resources": {
            "requests": {"cpu": "50m", "memory": "128Mi"},
            "limits": {"memory": "256Mi"},
        },
        "securityContext": container_context(),
        "volumeMounts": [scratch_mount()],
    }
    made = deployment(env, GUARDIAN, GUARDIAN_ACCOUNT, container, [])
    made["spec"]["template"]["spec"]["affinity"] = _away_from_the_panel()
    return made


def _away_from_the_panel() -> Manifest:
    """On another node where there is one: a node that fails must not take both."""
    term = {
        "labelSelector": {"matchLabels": {LABEL_NAME: PANEL}},
        "topologyKey": "kubernetes.io/hostname",
    }
    preferred = [{"weight": 100, "podAffinityTerm": term}]
    return {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": preferred}}
