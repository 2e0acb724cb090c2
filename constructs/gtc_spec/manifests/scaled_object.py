"""The ScaledObjects: when KEDA adds or removes workers while a person drives the demo.

Left out on purpose: ``pollingInterval``, ``cooldownPeriod`` and activation thresholds do nothing
while the minimum is 1 or more; the pause annotation in a manifest would reset the mode mid-show.
"""

from __future__ import annotations

import math
from copy import deepcopy
from dataclasses import dataclass
from typing import Final, Literal, Self

from gtc_spec import kinds, names
from gtc_spec.arguments import checked, introduce
from gtc_spec.environment import Environment
from gtc_spec.errors import UsageError
from gtc_spec.manifests.metadata import Manifest, metadata
from gtc_spec.pools import MetricType, Role, ScaleRule
from gtc_spec.telemetry import promql
from gtc_spec.telemetry.promql import PROMETHEUS_ADDRESS

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


Dialect = Literal["promql", "other"]
"""What a query may be written in."""


@checked
@dataclass(frozen=True, kw_only=True)
class ScaleTarget:
    """Something with a scale subresource.

    Attributes:
        api_version: Group and version of its kind.
        kind: Its kind.
        name: Its name.
        namespace: Its namespace; a ScaledObject lives in the same one.
    """

    api_version: str
    kind: str
    name: str
    namespace: str

    @classmethod
    @checked
    def adapter(cls, dgd: str, service: str, namespace: str = names.NAMESPACE_WORKLOAD) -> Self:
        """The scaling adapter of one service of the DynamoGraphDeployment ``dgd``."""
        return cls(
            api_version=kinds.DGDSA.api_version,
            kind=kinds.DGDSA.kind,
            name=names.dgdsa(dgd, service),
            namespace=namespace,
        )


@checked
@dataclass(frozen=True, kw_only=True)
class PrometheusTrigger:
    """What a scaler watches.

    Attributes:
        name: Name of the trigger, for people.
        query: PromQL that gives one number; nothing means "hold", so guard it.
        threshold: Value that one replica is meant to have, or that the whole is.
        metric_type: ``AverageValue`` divides the number by the replicas, as totals need it;
            ``Value`` compares it as it is, as latencies need it. Default: ``AverageValue``.
        dialect: What the query is written in: ``"promql"`` is parsed before it is shipped,
            ``"other"`` is not, such as MetricsQL or what a newer Prometheus than ours knows.
            Default: PromQL.

    Raises:
        UsageError: The threshold is not above 0.
    """

    name: str
    query: str
    threshold: float
    metric_type: MetricType = "AverageValue"
    dialect: Dialect = "promql"

    def __post_init__(self) -> None:
        if not 0 < self.threshold < math.inf:
            raise UsageError(
                f"trigger {self.name}: threshold is {self.threshold:g}, allowed: above 0",
                "replicas are the number of the query divided by it",
            )

    @classmethod
    @checked
    def of(cls, rule: ScaleRule, scope: promql.Scope = promql.DEMO) -> Self:
        """The trigger of a rule for Dynamo's own series."""
        return cls(
            name=rule.trigger.replace("_", "-"),
            query=promql.scaler_query(rule, scope),
            threshold=rule.threshold,
            metric_type=rule.metric_type,
        )


introduce(
    PrometheusTrigger,
    "a PrometheusTrigger",
    "llama.decode.trigger(rule) makes one of a ScaleRule for the pool of a deployment",
)


@dataclass(frozen=True, kw_only=True)
class Scaler:
    """What differs between two ScaledObjects.

    Attributes:
        metadata: Name, namespace, labels and annotations.
        target: What it scales.
        trigger: What it watches.
        replicas_min: Fewest replicas, at least 1.
        replicas_max: Most replicas.
        fallback: Replicas that KEDA wants stated for failed queries; it holds the current ones.
        server_address: Base URL of Prometheus, no trailing slash.
    """

    metadata: Manifest
    target: ScaleTarget
    trigger: PrometheusTrigger
    replicas_min: int
    replicas_max: int
    fallback: int
    server_address: str = PROMETHEUS_ADDRESS

    def manifest(self) -> Manifest:
        """The ScaledObject."""
        target = self.target
        return {
            **kinds.SCALED_OBJECT.type_meta,
            "metadata": self.metadata,
            "spec": {
                "scaleTargetRef": {
                    "apiVersion": target.api_version,
                    "kind": target.kind,
                    "name": target.name,
                },
                "minReplicaCount": self.replicas_min,
                "maxReplicaCount": self.replicas_max,
                "fallback": {
                    "failureThreshold": FAILURES,
                    "replicas": self.fallback,
                    "behavior": "currentReplicas",
                },
                "advanced": {"horizontalPodAutoscalerConfig": {"behavior": deepcopy(BEHAVIOR)}},
                "triggers": [self._trigger()],
            },
        }

    def _trigger(self) -> Manifest:
        return {
            "type": "prometheus",
            "name": self.trigger.name,
            "metricType": self.trigger.metric_type,
            "metadata": {
                "serverAddress": self.server_address,
                "query": self.trigger.query,
                "threshold": f"{self.trigger.threshold:g}",
                # the default turns "no data" into 0, which scales in silently
                "ignoreNullValues": "false",
            },
        }


def scaled_object(
    env: Environment, role: Role, server_address: str = PROMETHEUS_ADDRESS
) -> Manifest:
    """The scaler of one pool of the demo, acting on its DGDSA.

    Args:
        env: The environment; its scale rule names trigger, threshold, minimum and maximum.
        role: The pool.
        server_address: Base URL of Prometheus, no trailing slash.
    """
    pool = env.pools.of(role)
    return Scaler(
        metadata=metadata(env, names.scaler(role)),
        target=ScaleTarget.adapter(names.DEMO, env.engine.traits.service(role)),
        trigger=PrometheusTrigger.of(pool.scale),
        replicas_min=pool.scale.min,
        replicas_max=pool.scale.max,
        fallback=pool.initial,
        server_address=server_address,
    ).manifest()
