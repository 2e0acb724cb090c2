"""The ScaledObjects: when KEDA adds or removes workers while a person drives the demo.

Left out on purpose: ``pollingInterval``, ``cooldownPeriod`` and activation thresholds do nothing
while the minimum is 1 or more; the pause annotation in a manifest would reset the mode mid-show.
"""

from __future__ import annotations

from typing import Final

from gtc_spec import names, versions
from gtc_spec.environment import Environment
from gtc_spec.manifests.metadata import Manifest, metadata
from gtc_spec.pools import Role
from gtc_spec.promql import PROMETHEUS_ADDRESS, scaler_query

BEHAVIOR: Final[Manifest] = {
    "scaleUp": {
        "stabilizationWindowSeconds": 0,
        "policies": [{"type": "Pods", "value": 2, "periodSeconds": 15}],
    },
    "scaleDown": {
        "stabilizationWindowSeconds": 120,
        "policies": [{"type": "Pods", "value": 1, "periodSeconds": 60}],
    },
}
"""Up: at once, two at a time, once an HPA sync. Down: one a minute after two quiet minutes
(simulated: back at two decode workers 142 s after the load ends; the HPA default is 300 s)."""
FAILURES: Final = 3
"""Failed queries in a row before the fallback holds the current workers."""


def scaled_object(
    env: Environment, role: Role, server_address: str = PROMETHEUS_ADDRESS
) -> Manifest:
    """The scaler of one pool, acting on its DGDSA.

    Args:
        env: The environment; its scale rule names trigger, threshold, minimum and maximum.
        role: The pool.
        server_address: Base URL of Prometheus, no trailing slash.
    """
    pool = env.pools.of(role)
    return {
        "apiVersion": versions.KEDA_API,
        "kind": "ScaledObject",
        "metadata": metadata(env, names.scaler(role)),
        "spec": {
            "scaleTargetRef": {
                "apiVersion": versions.DYNAMO_API,
                "kind": "DynamoGraphDeploymentScalingAdapter",
                "name": names.pool_dgdsa(role),
            },
            "minReplicaCount": pool.scale.min,
            "maxReplicaCount": pool.scale.max,
            "fallback": {
                "failureThreshold": FAILURES,
                "replicas": pool.initial,
                "behavior": "currentReplicas",
            },
            "advanced": {"horizontalPodAutoscalerConfig": {"behavior": BEHAVIOR}},
            "triggers": [_trigger(env, role, server_address)],
        },
    }


def _trigger(env: Environment, role: Role, server_address: str) -> Manifest:
    rule = env.pools.of(role).scale
    return {
        "type": "prometheus",
        "name": rule.trigger.replace("_", "-"),
        "metricType": rule.metric_type,
        "metadata": {
            "serverAddress": server_address,
            "query": scaler_query(rule),
            "threshold": f"{rule.threshold:g}",
            # the default turns "no data" into 0, which scales in silently
            "ignoreNullValues": "false",
        },
    }
