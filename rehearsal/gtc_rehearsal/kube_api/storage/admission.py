"""The admission webhooks that a cluster with Dynamo and KEDA has.

A hook sees one write before it is stored. It may refuse it in the webhook's own words or add
warnings. It must not change the object.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from gtc_rehearsal.kube_api.errors import webhook_denied
from gtc_rehearsal.kube_api.objects import Object, key_of
from gtc_rehearsal.kube_api.resources import DGD, SCALED_OBJECT, Resource
from gtc_rehearsal.kube_api.write import OPERATOR

OPERATOR_ACCOUNTS = ("-dynamo-operator-controller-manager", "planner-serviceaccount")
"""Ends of the service account names that the operator's webhook lets pass (0.8.x)."""

DYNAMO_WEBHOOK = "vdynamographdeployment.kb.io"
KEDA_WEBHOOK = "vscaledobject.kb.io"

_WITHOUT_EFFECT = (
    "{0} is configured but is not relevant. {0} is only relevant when minReplicaCount = 0 or "
    "idleReplicaCount = 0"
)
_OR_CACHED = " or useCachedMetrics is enabled"


@dataclass(frozen=True)
class Request:
    """One write on the main resource, on its way in.

    Attributes:
        resource: The kind.
        old: The stored object, None when it is to be created.
        new: The object to be stored.
        actor: Who asks.
        peers: Gives the stored objects of the same kind and namespace.
    """

    resource: Resource
    old: Object | None
    new: Object
    actor: str
    peers: Callable[[], Sequence[Object]]


Hook = Callable[[Request], list[str]]
"""Returns warnings; raises ApiError to refuse."""


def protect_adapter_owned_replicas(request: Request) -> list[str]:
    """Refuse a direct edit of DGD replicas that a scaling adapter owns.

    Raises:
        ApiError: 403 with the operator's words.
    """
    if request.resource is not DGD or request.old is None or _is_operator(request.actor):
        return []
    before, after = _services(request.old), _services(request.new)
    changed = [
        f"spec.services[{name}].replicas cannot be modified directly when scaling adapter is "
        "enabled; scale or update the related DynamoGraphDeploymentScalingAdapter instead"
        for name, service in after.items()
        if name in before
        and (service.get("scalingAdapter") or {}).get("enabled")
        and service.get("replicas") != before[name].get("replicas")
    ]
    if changed:
        raise webhook_denied(DYNAMO_WEBHOOK, "\n".join(changed))
    return []


def require_replicas(request: Request) -> list[str]:
    """Refuse a DGD service without replicas: the operator cannot place one.

    Raises:
        ApiError: 403 naming the service.
    """
    if request.resource is not DGD:
        return []
    missing = [
        name for name, service in _services(request.new).items() if "replicas" not in service
    ]
    if missing:
        words = f"spec.services[{missing[0]}].replicas must be specified"
        raise webhook_denied(DYNAMO_WEBHOOK, words)
    return []


def one_scaler_per_target(request: Request) -> list[str]:
    """Refuse a second ScaledObject on a target that already has one.

    Raises:
        ApiError: 403 with KEDA's words.
    """
    if request.resource is not SCALED_OBJECT:
        return []
    target = _target(request.new)
    for peer in request.peers():
        if key_of(peer) != key_of(request.new) and _target(peer) == target:
            words = (
                f"the workload '{target[2]}' of type '{target[0]}.{target[1]}' is already managed "
                f"by the ScaledObject '{key_of(peer)[1]}'"
            )
            raise webhook_denied(KEDA_WEBHOOK, words)
    return []


def warn_of_settings_without_effect(request: Request) -> list[str]:
    """Say that pollingInterval and cooldownPeriod do nothing while the minimum is above 0."""
    spec = request.new.get("spec") or {}
    if request.resource is not SCALED_OBJECT or _may_idle(spec):
        return []
    warnings = []
    if "pollingInterval" in spec and not _caches_metrics(spec):
        warnings.append(_WITHOUT_EFFECT.format("PollingInterval") + _OR_CACHED)
    if "cooldownPeriod" in spec:
        warnings.append(_WITHOUT_EFFECT.format("CooldownPeriod"))
    return warnings


DEFAULT_HOOKS: tuple[Hook, ...] = (
    require_replicas,
    protect_adapter_owned_replicas,
    one_scaler_per_target,
    warn_of_settings_without_effect,
)


def _may_idle(spec: dict[str, Any]) -> bool:
    return not spec.get("minReplicaCount") or "idleReplicaCount" in spec


def _caches_metrics(spec: dict[str, Any]) -> bool:
    return any(trigger.get("useCachedMetrics") for trigger in spec.get("triggers") or [])


def _is_operator(actor: str) -> bool:
    return actor == OPERATOR or actor.endswith(OPERATOR_ACCOUNTS)


def _services(dgd: Object) -> dict[str, dict[str, Any]]:
    return (dgd.get("spec") or {}).get("services") or {}


def _target(scaled_object: Object) -> tuple[str, str, str]:
    """(API version, kind, name) of what a ScaledObject scales; KEDA's default is a Deployment."""
    reference = (scaled_object.get("spec") or {}).get("scaleTargetRef") or {}
    return (
        reference.get("apiVersion") or "apps/v1",
        reference.get("kind") or "Deployment",
        reference.get("name") or "",
    )
