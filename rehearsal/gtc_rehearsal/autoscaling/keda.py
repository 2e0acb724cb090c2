"""KEDA's operator in the rehearsal: keeps one HPA per ScaledObject, and none while it is paused.

It works on the store, level-triggered: every call of `reconcile` brings all ScaledObjects to
where they should be. It must not know how an HPA computes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gtc_rehearsal.autoscaling import scaled_object as spec_of
from gtc_rehearsal.autoscaling.scale_target import ScaleTarget
from gtc_rehearsal.autoscaling.scaled_object import SpecError
from gtc_rehearsal.conditions import Condition, find, updated
from gtc_rehearsal.kube_api.errors import ApiError
from gtc_rehearsal.kube_api.objects import Key, Object, clone, key_of, metadata
from gtc_rehearsal.kube_api.resources import HPA, SCALED_OBJECT
from gtc_rehearsal.kube_api.storage.store import Store
from gtc_spec.autoscaling.quantities import milli, text_of

ACTOR = "keda-operator"

HPA_REMOVAL_S = 0.5
"""Between the Paused condition and the end of the HPA: KEDA deletes it in a later step, so a
client that trusts the condition alone would race with it."""

OWNER_LABEL = "scaledobject.keda.sh/name"
"""Label of an HPA, and of its metrics, that names the ScaledObject."""

READY = Condition(
    "Ready",
    "True",
    "ScaledObjectReady",
    "ScaledObject is defined correctly and is ready for scaling",
)
NO_FALLBACK = Condition(
    "Fallback", "False", "NoFallbackFound", "No fallbacks are active on this scaled object"
)
_INITIAL = [
    {"type": "Ready", "status": "Unknown"},
    {"type": "Active", "status": "Unknown"},
    {"type": "Fallback", "status": "Unknown"},
    {"type": "Paused", "status": "False"},
]
"""Conditions of a ScaledObject that KEDA has just seen for the first time, in their order."""
_PAUSED = Condition("Paused", "True", "ScaledObjectPaused", "ScaledObject is paused")
_READY_PAUSED = Condition("Ready", "True", READY.reason, _PAUSED.message)
_UNPAUSED = Condition(
    "Paused", "False", "ScaledObjectUnpaused", "pause annotation removed for ScaledObject"
)
_CHECK_FAILED = "ScaledObjectCheckFailed"
_UNCHECKED = Condition("Active", "Unknown", "UnknownState", "ScaledObject check failed")


class Keda:
    """The operator.

    Args:
        store: The cluster.
        clock: Monotonic seconds.
    """

    def __init__(self, store: Store, clock: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock
        self._removals: dict[Key, float] = {}
        self._warm = True  # until a first pass: what that finds was looked at long ago

    def reconcile(self) -> float | None:
        """Do what is due.

        Returns:
            When to come back at the latest, on the clock; None when only a change can matter.
        """
        objects = self._store.list(SCALED_OBJECT)
        for obj in objects:
            self._reconcile_one(obj)
        self._remove_orphans(objects)
        self._warm = False
        self._removals = {key: due for key, due in self._removals.items() if self._has_hpa(key)}
        return min(self._removals.values(), default=None)

    def _reconcile_one(self, obj: Object) -> None:
        hpa = (key_of(obj)[0], spec_of.hpa_name(obj))
        try:
            if spec_of.paused(obj):
                self._pause(obj, hpa)
            else:
                self._removals.pop(hpa, None)
                self._run(obj, hpa)
        except (SpecError, ApiError) as error:
            # an HPA of a former, sound spec works on, as with the real operator
            failed = Condition("Ready", "False", _CHECK_FAILED, error.message)
            self._set(obj, [failed, _UNCHECKED])

    def _pause(self, obj: Object, hpa: Key) -> None:
        wanted = spec_of.paused_replicas(obj)
        if wanted is not None:
            self._target(obj).set(self._store, wanted, ACTOR)
        self._set(obj, [_PAUSED, _READY_PAUSED], {"pausedReplicaCount": wanted})
        if not self._has_hpa(hpa):
            return
        due = self._removals.setdefault(hpa, self._clock() + HPA_REMOVAL_S)
        if self._clock() >= due:
            self._delete(hpa)

    def _run(self, obj: Object, hpa: Key) -> None:
        target = self._target(obj)
        spec_of.fallback(obj)
        wanted = hpa_for(obj)
        if target.desired == 0:
            # an HPA leaves a target of size 0 alone, KEDA lifts it
            target.set(self._store, wanted["spec"]["minReplicas"], ACTOR)
        present = self._stored_hpa(hpa)
        if present is None:
            self._store.create(HPA, wanted, actor=ACTOR)
        elif any(present["spec"].get(key) != value for key, value in wanted["spec"].items()):
            # a replacement, as a merge patch would leave what the ScaledObject no longer says
            replacement = {**present, "spec": wanted["spec"]}
            self._store.replace(HPA, replacement, actor=ACTOR)
        facts = [READY, NO_FALLBACK] if self._warm else []
        self._set(obj, [*facts, *_facts(obj)], _status(obj, wanted))

    def _target(self, obj: Object) -> ScaleTarget:
        name = obj["spec"]["scaleTargetRef"]["name"]
        return ScaleTarget.of(self._store, key_of(obj)[0], name)

    def _set(self, obj: Object, new: list[Condition], status: dict[str, Any] | None = None) -> None:
        namespace, name = key_of(obj)
        patch = {"status": {**(status or {}), "conditions": updated(conditions_of(obj), new)}}
        self._store.patch(SCALED_OBJECT, name, namespace, patch, "status", actor=ACTOR)

    def _remove_orphans(self, objects: list[Object]) -> None:
        """Delete HPAs of ScaledObjects that are gone or now name theirs otherwise."""
        wanted = {(key_of(obj)[0], spec_of.hpa_name(obj)) for obj in objects}
        for hpa in self._store.list(HPA):
            if OWNER_LABEL in (metadata(hpa).get("labels") or {}) and key_of(hpa) not in wanted:
                self._delete(key_of(hpa))

    def _stored_hpa(self, key: Key) -> Object | None:
        try:
            return self._store.get(HPA, key[1], key[0])
        except ApiError:
            return None

    def _has_hpa(self, key: Key) -> bool:
        return self._stored_hpa(key) is not None

    def _delete(self, key: Key) -> None:
        if self._has_hpa(key):
            self._store.delete(HPA, key[1], key[0], actor=ACTOR)


def hpa_for(obj: Object) -> Object:
    """The HPA of a ScaledObject.

    Raises:
        SpecError: A trigger is incomplete or unsupported.
    """
    namespace, name = key_of(obj)
    spec, (least, most) = obj["spec"], spec_of.limits(obj)
    target = spec["scaleTargetRef"]
    autoscaler = {
        "scaleTargetRef": {key: target.get(key, "") for key in ("apiVersion", "kind", "name")},
        "minReplicas": least,
        "maxReplicas": most,
        "metrics": [_metric(name, trigger) for trigger in spec_of.triggers(obj)],
    }
    behavior = _behavior(obj)
    if behavior:
        autoscaler["behavior"] = behavior
    owner = {
        **SCALED_OBJECT.type_meta,
        "name": name,
        "uid": metadata(obj).get("uid", ""),
        "controller": True,
        "blockOwnerDeletion": True,
    }
    return {
        **HPA.type_meta,
        "metadata": {
            "name": spec_of.hpa_name(obj),
            "namespace": namespace,
            "labels": {OWNER_LABEL: name, "app.kubernetes.io/managed-by": ACTOR},
            "ownerReferences": [owner],
        },
        "spec": autoscaler,
    }


def _metric(name: str, trigger: spec_of.Trigger) -> Object:
    field = "value" if trigger.kind == "Value" else "averageValue"
    return {
        "type": "External",
        "external": {
            "metric": {"name": trigger.metric, "selector": {"matchLabels": {OWNER_LABEL: name}}},
            "target": {"type": trigger.kind, field: text_of(milli(trigger.threshold))},
        },
    }


def _behavior(obj: Object) -> Object:
    """What the ScaledObject says about speed, with the held directions disabled."""
    config = (obj["spec"].get("advanced") or {}).get("horizontalPodAutoscalerConfig") or {}
    behavior: Object = clone(config.get("behavior") or {})
    for direction in spec_of.held_directions(obj):
        behavior.setdefault(direction, {})["selectPolicy"] = "Disabled"
    return behavior


def _facts(obj: Object) -> list[Condition]:
    """What follows from the ScaledObject alone; the triggers are looked at by the scale loop.

    The first word about a new one, Ready, comes from that loop as well.
    """
    facts = []
    if spec_of.held_directions(obj):
        facts.append(_PAUSED)
    elif find(conditions_of(obj), "Paused").get("status") == "True":
        facts.append(_UNPAUSED)
    ready = find(conditions_of(obj), "Ready")
    if ready.get("reason") == _CHECK_FAILED or ready.get("message") == _PAUSED.message:
        facts.append(READY)
    if spec_of.fallback(obj) is None:
        facts.append(NO_FALLBACK)
    return facts


def conditions_of(obj: Object) -> list[dict[str, Any]]:
    """The conditions in the status of a ScaledObject; a new one has the initial ones."""
    found: list[dict[str, Any]] = (obj.get("status") or {}).get("conditions") or []
    return found or clone(_INITIAL)


def _status(obj: Object, hpa: Object) -> dict[str, Any]:
    target = obj["spec"]["scaleTargetRef"]
    metrics = hpa["spec"]["metrics"]
    return {
        "hpaName": hpa["metadata"]["name"],
        "externalMetricNames": [one["external"]["metric"]["name"] for one in metrics],
        "scaleTargetKind": f"{target.get('apiVersion', '')}.{target.get('kind', '')}",
        "triggersTypes": ",".join(sorted({one["type"] for one in obj["spec"]["triggers"]})),
        "pausedReplicaCount": None,
    }
