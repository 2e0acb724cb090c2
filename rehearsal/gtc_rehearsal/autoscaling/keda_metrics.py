"""KEDA's metrics server: asks Prometheus for a trigger and falls back when it cannot be read.

What it learns it publishes in the status of the ScaledObject: whether triggers are active, how
often they failed and whether a fallback is in force.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from gtc_rehearsal.autoscaling.keda import ACTOR, OWNER_LABEL, READY, TRIGGER_ERROR, conditions_of
from gtc_rehearsal.autoscaling.quantities import milli
from gtc_rehearsal.autoscaling.scale_target import ScaleTarget
from gtc_rehearsal.autoscaling.scaled_object import Fallback, SpecError, Trigger, fallback, triggers
from gtc_rehearsal.conditions import Condition, find, updated
from gtc_rehearsal.kube_api.errors import ApiError
from gtc_rehearsal.kube_api.objects import Object, key_of, metadata
from gtc_rehearsal.kube_api.resources import SCALED_OBJECT
from gtc_rehearsal.kube_api.storage.store import Store
from gtc_rehearsal.prometheus.promql_values import PromqlError, Value, Vector

Evaluate = Callable[[str], Value]
"""Evaluates PromQL now; raises PromqlError."""


class TriggerError(Exception):
    """A trigger could not be read; the text says why."""


class KedaMetrics:
    """Answers for the external metrics of all ScaledObjects.

    Args:
        store: The cluster.
        evaluate: Evaluates PromQL now.
    """

    def __init__(self, store: Store, evaluate: Evaluate) -> None:
        self._store = store
        self._evaluate = evaluate

    def read(self, hpa: Object, metric: str, target: ScaleTarget) -> int:
        """The metric in milli-units, real or assumed by the fallback.

        Args:
            hpa: The HPA that asks.
            metric: Name of the external metric in it.
            target: What it scales, as it is now.

        Raises:
            TriggerError: It cannot be read and no fallback applies: the HPA holds its size.
        """
        obj, trigger = self._trigger(hpa, metric)
        assumption = fallback(obj)
        try:
            value = _queried(trigger, self._evaluate)
        except TriggerError as error:
            failures = _failures(obj, metric) + 1
            falls_back = assumption is not None and failures > assumption.after
            self._publish_failure(obj, metric, failures, str(error), falls_back=falls_back)
            if assumption is None or not falls_back:
                raise
            return _assumed(trigger, assumption, target)
        self._publish_success(obj, metric, active=value > trigger.activation)
        return milli(value)

    def _trigger(self, hpa: Object, metric: str) -> tuple[Object, Trigger]:
        owner = (metadata(hpa).get("labels") or {}).get(OWNER_LABEL, "")
        try:
            obj = self._store.get(SCALED_OBJECT, owner, key_of(hpa)[0])
            return obj, next(one for one in triggers(obj) if one.metric == metric)
        except (ApiError, SpecError, StopIteration):
            raise TriggerError(f"no matching metrics found for {metric}") from None

    def _publish_success(self, obj: Object, metric: str, *, active: bool) -> None:
        facts = [_ACTIVE if active else _IDLE, _NO_FALLBACK]
        if find(conditions_of(obj), "Ready").get("reason") == TRIGGER_ERROR:
            facts.append(READY)
        self._publish(obj, metric, 0, "Happy", facts)

    def _publish_failure(
        self, obj: Object, metric: str, failures: int, why: str, *, falls_back: bool
    ) -> None:
        words = f"Triggers defined in ScaledObject are not working correctly: {why}"
        facts = [
            Condition("Ready", "False", TRIGGER_ERROR, words),
            Condition("Active", "Unknown", TRIGGER_ERROR, words),
            _FALLS_BACK if falls_back else _NO_FALLBACK,
        ]
        self._publish(obj, metric, failures, "Failing", facts)

    def _publish(
        self, obj: Object, metric: str, failures: int, state: str, facts: list[Condition]
    ) -> None:
        namespace, name = key_of(obj)
        patch = {
            "status": {
                "conditions": updated(conditions_of(obj), facts),
                "health": {metric: {"numberOfFailures": failures, "status": state}},
            }
        }
        self._store.patch(SCALED_OBJECT, name, namespace, patch, "status", actor=ACTOR)


_ACTIVE = Condition(
    "Active", "True", "ScalerActive", "Scaling is performed because triggers are active"
)
_IDLE = Condition(
    "Active", "False", "ScalerNotActive", "Scaling is not performed because triggers are not active"
)
_NO_FALLBACK = Condition(
    "Fallback", "False", "NoFallbackFound", "No fallbacks are active on this scaled object"
)
_FALLS_BACK = Condition(
    "Fallback",
    "True",
    "FallbackExists",
    "At least one trigger is falling back on this scaled object",
)


def _failures(obj: Object, metric: str) -> int:
    health = (obj.get("status") or {}).get("health") or {}
    return int((health.get(metric) or {}).get("numberOfFailures", 0))


def _queried(trigger: Trigger, evaluate: Evaluate) -> float:
    try:
        found = evaluate(trigger.query)
    except PromqlError as error:
        raise TriggerError(f"prometheus query api returned error: {error.message}") from error
    if not isinstance(found, Vector):
        raise TriggerError("prometheus query returned no instant vector")
    if len(found.samples) > 1:
        raise TriggerError("prometheus query returned multiple elements")
    value = found.samples[0].value if found.samples else math.nan
    if math.isfinite(value):
        return value
    if trigger.ignore_null:
        return 0.0
    if not found.samples:
        raise TriggerError("prometheus metrics target may be lost, the result is empty")
    raise TriggerError(f"prometheus query returns {value}")


def _assumed(trigger: Trigger, assumption: Fallback, target: ScaleTarget) -> int:
    """The metric at which the HPA arrives at the size of the fallback."""
    wanted = milli(trigger.threshold) * assumption.size(target.desired)
    if trigger.kind == "AverageValue":
        return wanted
    if target.ready == 0:
        raise TriggerError("a fallback with metric type Value needs a ready pod")
    # rounded down, or the HPA, which rounds up, would arrive one above
    return wanted // target.ready
