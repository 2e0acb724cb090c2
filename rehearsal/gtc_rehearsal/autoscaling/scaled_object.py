"""Reads a ScaledObject: what KEDA would take from its spec and its annotations.

Pure: no store, no clock. What this rehearsal cannot do is refused by name.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from gtc_rehearsal.kube_api.objects import Object, metadata
from gtc_spec import names
from gtc_spec.autoscaling.hpa import MetricType
from gtc_spec.errors import UsageError

DEFAULT_MAX = 100
"""maxReplicaCount when the spec does not say (KEDA's own default)."""

_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
_FALSE = frozenset({"0", "f", "F", "FALSE", "false", "False"})

FallbackBehavior = Literal[
    "static", "currentReplicas", "currentReplicasIfHigher", "currentReplicasIfLower"
]
_FALLBACKS: dict[str, FallbackBehavior] = {
    "": "static",
    "static": "static",
    "currentReplicas": "currentReplicas",
    "currentReplicasIfHigher": "currentReplicasIfHigher",
    "currentReplicasIfLower": "currentReplicasIfLower",
}


class SpecError(UsageError):
    """A ScaledObject that KEDA, or this rehearsal of it, cannot act on."""


@dataclass(frozen=True)
class Trigger:
    """One Prometheus trigger.

    Attributes:
        metric: Name of the external metric, as the HPA sees it.
        query: PromQL.
        threshold: Target of the metric.
        kind: How the HPA compares it.
        ignore_null: Whether no data, NaN and infinity count as 0 instead of an error.
        activation: Value above which the trigger counts as active.
    """

    metric: str
    query: str
    threshold: float
    kind: MetricType
    ignore_null: bool
    activation: float


@dataclass(frozen=True)
class Fallback:
    """What is assumed when a trigger cannot be read.

    Attributes:
        after: Failures in a row that are borne.
        replicas: Size to assume.
        behavior: Whether the present size replaces it.
    """

    after: int
    replicas: int
    behavior: FallbackBehavior

    def size(self, current: int) -> int:
        """The size to assume for a target of the present size."""
        if self.behavior == "currentReplicas":
            return current
        if self.behavior == "currentReplicasIfHigher":
            return max(current, self.replicas)
        if self.behavior == "currentReplicasIfLower":
            return min(current, self.replicas)
        return self.replicas


def paused(obj: Object) -> bool:
    """Whether the pause annotations hold the target (KEDA 2.13 and later).

    `paused-replicas` pauses by its mere presence; `paused` does unless it reads as false.
    """
    annotations = _annotations(obj)
    if names.ANNOTATION_PAUSED_REPLICAS in annotations:
        return True
    return annotations.get(names.ANNOTATION_PAUSED, "false") not in _FALSE


def paused_replicas(obj: Object) -> int | None:
    """The size that `paused-replicas` asks for; None without it.

    Raises:
        SpecError: It is not a whole number.
    """
    text = _annotations(obj).get(names.ANNOTATION_PAUSED_REPLICAS)
    if text is None:
        return None
    if not text.isdecimal():
        raise SpecError(
            f"{names.ANNOTATION_PAUSED_REPLICAS} cannot be read: got {text}, allowed: 0, 1, 2, ..."
        )
    return int(text)


def held_directions(obj: Object) -> set[Literal["scaleUp", "scaleDown"]]:
    """Directions that the one-way pauses `paused-scale-out` and `paused-scale-in` hold."""
    annotations = _annotations(obj)
    held: set[Literal["scaleUp", "scaleDown"]] = set()
    if annotations.get(f"{names.ANNOTATION_PAUSED}-scale-out", "") in _TRUE:
        held.add("scaleUp")
    if annotations.get(f"{names.ANNOTATION_PAUSED}-scale-in", "") in _TRUE:
        held.add("scaleDown")
    return held


def limits(obj: Object) -> tuple[int, int]:
    """(minimum, maximum) of the HPA, which cannot go below 1."""
    spec = obj["spec"]
    return max(1, spec.get("minReplicaCount", 0)), spec.get("maxReplicaCount", DEFAULT_MAX)


def hpa_name(obj: Object) -> str:
    """Name of the HPA that KEDA makes for it."""
    config = (obj["spec"].get("advanced") or {}).get("horizontalPodAutoscalerConfig") or {}
    return str(config.get("name") or names.hpa(metadata(obj)["name"]))


def fallback(obj: Object) -> Fallback | None:
    """What to assume when triggers fail; None when errors just hold the size."""
    given = obj["spec"].get("fallback")
    if not given:
        return None
    behavior = _FALLBACKS.get(given.get("behavior", ""))
    if behavior is None:
        allowed = ", ".join(name for name in _FALLBACKS if name)
        raise SpecError(
            f"fallback.behavior is not supported: got {given['behavior']}, allowed: {allowed}"
        )
    return Fallback(given["failureThreshold"], given["replicas"], behavior)


def triggers(obj: Object) -> tuple[Trigger, ...]:
    """The triggers in order.

    Raises:
        SpecError: A trigger is incomplete or of a kind that the rehearsal does not play.
    """
    spec = obj["spec"]
    modifiers = (spec.get("advanced") or {}).get("scalingModifiers") or {}
    if modifiers.get("formula"):
        raise SpecError(
            f"scalingModifiers.formula is not supported in rehearsal: got {modifiers['formula']}, "
            "allowed: the same band inside the query"
        )
    return tuple(_trigger(index, one) for index, one in enumerate(spec.get("triggers") or ()))


def _trigger(index: int, given: Mapping[str, Any]) -> Trigger:
    where = f"triggers[{index}]"
    if given.get("type") != "prometheus":
        raise SpecError(f"{where}.type: got {given.get('type')}, allowed in rehearsal: prometheus")
    kind = given.get("metricType", "AverageValue")
    if kind not in ("AverageValue", "Value"):
        raise SpecError(f"{where}.metricType: got {kind}, allowed: AverageValue, Value")
    settings = given.get("metadata") or {}
    missing = [key for key in ("serverAddress", "query", "threshold") if not settings.get(key)]
    if missing:
        raise SpecError(f"{where}.metadata lacks the required parameter {missing[0]}")
    return Trigger(
        metric=f"s{index}-prometheus",
        query=settings["query"],
        threshold=_number(f"{where}.metadata.threshold", settings["threshold"], above=0.0),
        kind=kind,
        ignore_null=settings.get("ignoreNullValues", "true") not in _FALSE,
        activation=_number(
            f"{where}.metadata.activationThreshold", settings.get("activationThreshold") or "0"
        ),
    )


def _number(where: str, text: str, above: float = -math.inf) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not above < number < math.inf:
        allowed = "a number" if math.isinf(above) else f"a number above {above:g}"
        raise SpecError(f"{where}: got {text}, allowed: {allowed}")
    return number


def _annotations(obj: Object) -> Mapping[str, str]:
    return metadata(obj).get("annotations") or {}
