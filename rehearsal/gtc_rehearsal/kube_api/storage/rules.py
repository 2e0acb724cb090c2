"""The few rules between fields that the packaged definitions state as expressions.

A real server evaluates `x-kubernetes-validations` with CEL. The definitions that we package hold
two such rules; both are written here by hand, and a test holds this file to the definitions.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from gtc_rehearsal.kube_api.errors import Cause
from gtc_rehearsal.kube_api.objects import Object
from gtc_rehearsal.kube_api.resources import DGD, HPA, SCALED_OBJECT, Resource

MIN_ABOVE_MAX = "minReplicaCount must be less than or equal to maxReplicaCount"
PVC_INCOMPLETE = "When create is true, size, storageClass, and volumeAccessMode are required"

KEDA_DEFAULT_MAX = 100
"""maxReplicaCount when a ScaledObject does not say (KEDA's definition)."""


def broken_rules(resource: Resource, obj: Object) -> list[Cause]:
    """The rules between fields that an object of sound schema still breaks."""
    spec = obj.get("spec") or {}
    if resource is SCALED_OBJECT:
        return list(_scaled_object(spec))
    if resource is DGD:
        return list(_graph(spec))
    if resource is HPA:
        return list(_autoscaler(spec))
    return []


def _scaled_object(spec: Object) -> Iterator[Cause]:
    least, most = spec.get("minReplicaCount"), spec.get("maxReplicaCount", KEDA_DEFAULT_MAX)
    if least is not None and least > most:
        yield _invalid(spec, MIN_ABOVE_MAX, "spec")


def _graph(spec: Object) -> Iterator[Cause]:
    for index, claim in enumerate(spec.get("pvcs") or []):
        needed = ("size", "storageClass", "volumeAccessMode")
        if claim.get("create") and not all(name in claim for name in needed):
            yield _invalid(claim, PVC_INCOMPLETE, f"spec.pvcs[{index}]")


def _autoscaler(spec: Object) -> Iterator[Cause]:
    least, most = spec.get("minReplicas", 1), spec.get("maxReplicas", 0)
    if most < least:
        words = "must be greater than or equal to `minReplicas`"
        yield _invalid(most, words, "spec.maxReplicas")


def _invalid(value: object, rule: str, field: str) -> Cause:
    shown = "object" if isinstance(value, dict) else json.dumps(value)
    return Cause("FieldValueInvalid", f"Invalid value: {shown}: {rule}", field)
