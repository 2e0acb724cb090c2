"""The HPA controller in the rehearsal: every 15 s reads the metrics and writes `/scale`.

The arithmetic is in `hpa`, what a metric is worth in `keda_metrics`; this module moves values
between those and the store, and keeps the conditions.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from gtc_rehearsal.autoscaling.keda_metrics import KedaMetrics, TriggerError
from gtc_rehearsal.autoscaling.scale_target import ScaleTarget
from gtc_rehearsal.conditions import Condition, updated
from gtc_rehearsal.kube_api.errors import ApiError
from gtc_rehearsal.kube_api.objects import Key, Object, key_of, metadata, stamp, utc_now
from gtc_rehearsal.kube_api.resources import HPA
from gtc_rehearsal.kube_api.storage.store import Store
from gtc_spec.autoscaling import hpa
from gtc_spec.autoscaling.quantities import milli_of, text_of
from gtc_spec.errors import UsageError

ACTOR = "horizontal-pod-autoscaler"


@dataclass
class _Memory:
    """What is remembered of one HPA for as long as it exists."""

    uid: str
    due_s: float
    history: hpa.History = field(default_factory=hpa.History)


@dataclass(frozen=True)
class _Verdict:
    """What one evaluation of the target and the metrics came to.

    Attributes:
        size: The size that the target gets.
        facts: Conditions to set.
        metrics: `currentMetrics`; one that could not be read has no more than an empty type.
    """

    size: int
    facts: list[Condition]
    metrics: list[Object] = field(default_factory=list)


class HpaController:
    """The controller.

    Args:
        store: The cluster.
        metrics: Answers for external metrics.
        clock: Monotonic seconds.
        time_scale: Multiplies the sync period and every window of `behavior`.
    """

    def __init__(
        self,
        store: Store,
        metrics: KedaMetrics,
        clock: Callable[[], float],
        time_scale: float = 1.0,
    ) -> None:
        self._store = store
        self._metrics = metrics
        self._clock = clock
        self._time_scale = time_scale
        self._period_s = hpa.SYNC_PERIOD_S * time_scale
        self._memories: dict[Key, _Memory] = {}

    def reconcile(self) -> float | None:
        """Sync every HPA that is due; a new one is due one period after it appeared.

        Returns:
            When the next sync is due, on the clock; None without any HPA.
        """
        present = {key_of(one): one for one in self._store.list(HPA)}
        self._memories = {key: self._memory(key, one) for key, one in present.items()}
        for key, memory in self._memories.items():
            if self._clock() >= memory.due_s:
                self._sync(present[key], memory.history)
                memory.due_s = self._clock() + self._period_s
        return min((memory.due_s for memory in self._memories.values()), default=None)

    def _memory(self, key: Key, obj: Object) -> _Memory:
        known, uid = self._memories.get(key), metadata(obj).get("uid", "")
        if known is not None and known.uid == uid:
            return known
        return _Memory(uid, self._clock() + self._period_s)

    def _sync(self, obj: Object, history: hpa.History) -> None:
        name = obj["spec"]["scaleTargetRef"]["name"]
        try:
            target = ScaleTarget.of(self._store, key_of(obj)[0], name)
        except ApiError as error:
            words = f"the HPA controller was unable to get the target's current scale: {error}"
            self._write(obj, [Condition("AbleToScale", "False", "FailedGetScale", words)], {})
            return
        history.begin(self._clock(), target.desired)
        verdict = self._verdict(obj, target, history)
        status: dict[str, Any] = {"currentReplicas": target.desired}
        facts = [_GOT_SCALE, *verdict.facts]
        if verdict.size != target.desired:
            facts.append(self._rescale(target, verdict.size, history))
            status["lastScaleTime"] = stamp(utc_now())
        status |= {"desiredReplicas": verdict.size, "currentMetrics": verdict.metrics}
        self._write(obj, facts, status)

    def _verdict(self, obj: Object, target: ScaleTarget, history: hpa.History) -> _Verdict:
        """What to do, asked in the controller's own order."""
        least, most = obj["spec"].get("minReplicas", 1), obj["spec"]["maxReplicas"]
        size = target.desired
        if size == 0:
            return _Verdict(0, [_inactive("ScalingDisabled", _ZERO)])
        if not target.selector:
            return _Verdict(size, [_inactive("InvalidSelector", _NO_SELECTOR)])
        if not least <= size <= most:
            return _Verdict(min(max(size, least), most), [])
        try:
            recommended, metrics = self._recommended(obj, target)
        except TriggerError as error:
            words = f"the HPA was unable to compute the replica count: {error}"
            unread: list[Object] = [{"type": ""} for _ in obj["spec"].get("metrics") or ()]
            return _Verdict(size, [_inactive("FailedGetExternalMetric", words)], unread)
        behavior = hpa.Behavior.parse(obj["spec"].get("behavior"), self._time_scale)
        decision = hpa.decide(self._clock(), size, recommended, least, most, behavior, history)
        return _Verdict(decision.replicas, _explained(decision, metrics), metrics)

    def _recommended(self, obj: Object, target: ScaleTarget) -> tuple[int, list[Object]]:
        """The largest size that any metric asks for, and the metrics as read.

        Raises:
            TriggerError: No metric can be read, or one cannot and the others would shrink.
        """
        if not target.pods:
            raise TriggerError("no pods returned by selector while calculating replica count")
        behavior = hpa.Behavior.parse(obj["spec"].get("behavior"))
        recommended, seen, failed = [], [], []
        for spec in obj["spec"].get("metrics") or [{}]:
            try:
                metric_id, kind, goal = _external(spec)
                metric = self._read(obj, metric_id, target)
            except TriggerError as error:
                failed.append(error)
                continue
            size, ready = target.desired, target.ready
            recommended.append(hpa.replicas_for(kind, metric, goal, size, ready, behavior))
            seen.append(_current(metric_id, kind, metric, size))
        # growth may rest on the metrics that could be read, a smaller size only on all of them
        if failed and (not recommended or max(recommended) < target.desired):
            raise failed[0]
        return max(recommended), seen

    def _read(self, obj: Object, metric: Object, target: ScaleTarget) -> int:
        try:
            return self._metrics.read(obj, metric["name"], target)
        except TriggerError as error:
            whole = f"{key_of(obj)[0]}/{metric['name']}/{_selector(metric)}"
            raise TriggerError(
                f"unable to get external metric {whole}: unable to fetch metrics from external "
                f"metrics API: rpc error: code = Unknown desc = {error}"
            ) from None

    def _rescale(self, target: ScaleTarget, size: int, history: hpa.History) -> Condition:
        try:
            target.set(self._store, size, ACTOR)
        except ApiError as error:
            words = f"the HPA controller was unable to update the target scale: {error}"
            return Condition("AbleToScale", "False", "FailedUpdateScale", words)
        history.changed(self._clock(), target.desired, size)
        words = f"the HPA controller was able to update the target scale to {size}"
        return Condition("AbleToScale", "True", "SucceededRescale", words)

    def _write(self, obj: Object, facts: list[Condition], status: dict[str, Any]) -> None:
        namespace, name = key_of(obj)
        present = (obj.get("status") or {}).get("conditions") or []
        conditions = updated(present, facts, at=stamp(utc_now()))
        patch = {"status": {**status, "conditions": conditions}}
        self._store.patch(HPA, name, namespace, patch, "status", actor=ACTOR)


_FIELDS = {"Value": "value", "AverageValue": "averageValue"}
_ZERO = "scaling is disabled since the replica count of the target is zero"
_NO_SELECTOR = "the HPA target's scale is missing a selector"
_GOT_SCALE = Condition(
    "AbleToScale",
    "True",
    "SucceededGetScale",
    "the HPA controller was able to get the target's current scale",
)


def _external(spec: Object) -> tuple[Object, hpa.MetricType, int]:
    """Identity, kind and target (milli-units) of a metric of an HPA.

    Raises:
        TriggerError: It is not an external metric: nobody measures CPU or memory here.
    """
    external = spec.get("external")
    if not external:
        kind = spec.get("type", "Resource")
        raise TriggerError(f"metrics of type {kind} are not played in rehearsal, External is")
    target = external["target"]
    try:
        goal = milli_of(target[_FIELDS[target["type"]]])
    except (KeyError, UsageError):
        goal = 0
    if goal <= 0:
        raise TriggerError(f"invalid target of metric {external['metric']['name']}")
    return external["metric"], target["type"], goal


def _inactive(reason: str, words: str) -> Condition:
    return Condition("ScalingActive", "False", reason, words)


def _explained(decision: hpa.Decision, metrics: list[Object]) -> list[Condition]:
    metric = metrics[0]["external"]["metric"]
    read = f"external metric {metric['name']}({_selector(metric)})"
    words = f"the HPA was able to successfully calculate a replica count from {read}"
    limited = decision.limited
    return [
        Condition("ScalingActive", "True", "ValidMetricFound", words),
        Condition("AbleToScale", "True", decision.stabilized.reason, decision.stabilized.message),
        Condition(
            "ScalingLimited",
            "True" if decision.is_limited else "False",
            limited.reason,
            limited.message,
        ),
    ]


def _selector(metric: Object) -> str:
    """The selector of a metric as Go prints it in the controller's messages."""
    labels = (metric.get("selector") or {}).get("matchLabels") or {}
    pairs = "".join(f"{key}: {labels[key]}," for key in sorted(labels))
    expressions = "MatchExpressions:[]LabelSelectorRequirement{}"
    return f"&LabelSelector{{MatchLabels:map[string]string{{{pairs}}},{expressions},}}"


def _current(metric: Object, kind: hpa.MetricType, value: int, size: int) -> Object:
    shown = value if kind == "Value" else math.ceil(value / size)
    current = {_FIELDS[kind]: text_of(shown)}
    return {"type": "External", "external": {"metric": metric, "current": current}}
