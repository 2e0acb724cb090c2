"""KEDA's metrics server: asks Prometheus for a trigger and falls back when it cannot be read.

Whoever asks, the HPA or KEDA's own scale loop, an answer and a failure count in the health of the
ScaledObject, from which follows whether its fallback is in force. Without a fallback KEDA keeps no
health. Why a trigger failed KEDA tells its log alone.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass

from gtc_rehearsal.autoscaling.keda import ACTOR, NO_FALLBACK, OWNER_LABEL, conditions_of
from gtc_rehearsal.autoscaling.scale_target import ScaleTarget
from gtc_rehearsal.autoscaling.scaled_object import Fallback, SpecError, Trigger, fallback, triggers
from gtc_rehearsal.conditions import Condition, updated
from gtc_rehearsal.kube_api.errors import ApiError
from gtc_rehearsal.kube_api.objects import Object, key_of, metadata
from gtc_rehearsal.kube_api.resources import SCALED_OBJECT
from gtc_rehearsal.kube_api.storage.store import Store
from gtc_rehearsal.prometheus.promql_values import PromqlError, Value, Vector
from gtc_spec.autoscaling.quantities import milli

log = logging.getLogger(__name__)

Evaluate = Callable[[str], Value]
"""Evaluates PromQL now; raises PromqlError."""


class TriggerError(Exception):
    """A trigger could not be read; the text says why."""


@dataclass(frozen=True)
class Reading:
    """What a trigger is worth.

    Attributes:
        milli: Its metric, real or assumed by the fallback, milli-units.
        active: Whether it counts as active; an assumed one does.
    """

    milli: int
    active: bool


class KedaMetrics:
    """Answers for the external metrics of all ScaledObjects.

    Args:
        store: The cluster.
        evaluate: Evaluates PromQL now.
    """

    def __init__(self, store: Store, evaluate: Evaluate) -> None:
        self._store = store
        self._evaluate = evaluate
        self._told: dict[tuple[str, str], str] = {}

    def read(self, hpa: Object, metric: str, target: ScaleTarget) -> int:
        """The metric that an HPA asks for, in milli-units.

        Args:
            hpa: The HPA that asks.
            metric: Name of the external metric in it.
            target: What it scales, as it is now.

        Raises:
            TriggerError: It cannot be read and no fallback applies: the HPA holds its size.
        """
        owner = (metadata(hpa).get("labels") or {}).get(OWNER_LABEL, "")
        try:
            obj = self._store.get(SCALED_OBJECT, owner, key_of(hpa)[0])
            trigger = next(one for one in triggers(obj) if one.metric == metric)
        except (ApiError, SpecError, StopIteration):
            raise TriggerError(f"no matching metrics found for {metric}") from None
        try:
            return self.ask(obj, trigger, target).milli
        except TriggerError:
            raise TriggerError(f"metric:{metric} encountered error") from None

    def ask(self, obj: Object, trigger: Trigger, target: ScaleTarget) -> Reading:
        """What a trigger of a ScaledObject is worth now; notes the answer in its health.

        Raises:
            TriggerError: It cannot be read and no fallback applies.
        """
        assumption = fallback(obj)
        try:
            value = _queried(trigger, self._evaluate)
        except TriggerError as error:
            self._tell(obj, trigger, str(error))
            if assumption is None:
                raise
            failures = _failures(obj, trigger.metric) + 1
            falls_back = failures > assumption.after
            self._note(obj, trigger.metric, failures, _FALLS_BACK if falls_back else NO_FALLBACK)
            if not falls_back:
                raise
            return Reading(_assumed(trigger, assumption, target), active=True)
        self._tell(obj, trigger, "")
        if assumption is not None:
            self._note(obj, trigger.metric, 0, NO_FALLBACK)
        return Reading(milli(value), active=value > trigger.activation)

    def _note(self, obj: Object, metric: str, failures: int, fact: Condition) -> None:
        namespace, name = key_of(obj)
        present = self._store.get(SCALED_OBJECT, name, namespace)
        state = "Failing" if failures else "Happy"
        status = {
            "conditions": updated(conditions_of(present), [fact]),
            "health": {metric: {"numberOfFailures": failures, "status": state}},
        }
        self._store.patch(SCALED_OBJECT, name, namespace, {"status": status}, "status", actor=ACTOR)

    def _tell(self, obj: Object, trigger: Trigger, why: str) -> None:
        """Write to the log what is wrong with a trigger, once."""
        key = (key_of(obj)[1], trigger.metric)
        if why and self._told.get(key) != why:
            log.warning("%s: error getting scale decision for %s: %s", *key, why)
        self._told[key] = why


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
