"""KEDA's scale loop: looks at all triggers of a ScaledObject once in its polling interval.

What it finds it writes into the conditions Ready, Active and HPAActive. A trigger that cannot be
read leaves Ready as it is where a fallback is defined: only the health of the ScaledObject and its
condition Fallback tell then, which `keda_metrics` keeps.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gtc_rehearsal.autoscaling.keda import ACTOR, READY, conditions_of
from gtc_rehearsal.autoscaling.keda_metrics import KedaMetrics, TriggerError
from gtc_rehearsal.autoscaling.scale_target import ScaleTarget
from gtc_rehearsal.autoscaling.scaled_object import SpecError, fallback, hpa_name, triggers
from gtc_rehearsal.conditions import Condition, find, updated
from gtc_rehearsal.kube_api.errors import ApiError
from gtc_rehearsal.kube_api.objects import Key, Object, key_of, metadata
from gtc_rehearsal.kube_api.resources import HPA, SCALED_OBJECT
from gtc_rehearsal.kube_api.storage.store import Store

POLLING_S = 30
"""pollingInterval when the spec does not say (KEDA's own default)."""


@dataclass
class _Loop:
    """The loop of one ScaledObject; a new HPA or a changed spec begins another one.

    Attributes:
        of: Which HPA and which spec.
        due_s: When it looks next, on the clock.
        shadowed: Whether something else that KEDA writes takes the place of its next conditions.
    """

    of: tuple[str, int]
    due_s: float
    shadowed: bool


class ScaleLoop:
    """The loops of all ScaledObjects.

    Args:
        store: The cluster.
        metrics: Reads triggers.
        clock: Monotonic seconds.
        time_scale: Multiplies every polling interval.
    """

    def __init__(
        self,
        store: Store,
        metrics: KedaMetrics,
        clock: Callable[[], float],
        time_scale: float = 1.0,
    ) -> None:
        self._store, self._metrics, self._clock = store, metrics, clock
        self._time_scale = time_scale
        self._loops: dict[Key, _Loop] = {}
        self._warm = True  # until a first pass: what that finds was looked at a moment ago

    def reconcile(self) -> float | None:
        """Look at every ScaledObject that is due; a paused one has no HPA and no loop.

        Returns:
            When the next one is due, on the clock; None without any.
        """
        hpas = {key_of(one): one for one in self._store.list(HPA)}
        found = [(obj, hpas.get(_hpa_key(obj))) for obj in self._store.list(SCALED_OBJECT)]
        loops = {key_of(obj): self._loop(obj, hpa) for obj, hpa in found if hpa is not None}
        self._loops, self._warm = loops, False
        for obj, hpa in found:
            loop = loops.get(key_of(obj))
            if hpa is not None and loop is not None and self._clock() >= loop.due_s:
                self._look(obj, hpa, shadowed=loop.shadowed)
                loop.shadowed = False
                loop.due_s = self._clock() + self._period_s(obj)
        return min((loop.due_s for loop in loops.values()), default=None)

    def _loop(self, obj: Object, hpa: Object) -> _Loop:
        """The loop that goes on, or a new one, which looks at once.

        The conditions that the first look at a new ScaledObject sets are overwritten by what else
        KEDA writes at that moment: health shows at once, Ready with the second look (as seen with
        KEDA 2.20.2).
        """
        known = self._loops.get(key_of(obj))
        of = (str(metadata(hpa).get("uid")), int(metadata(obj).get("generation", 0)))
        if known is not None and known.of == of:
            return known
        fresh = find(conditions_of(obj), "Ready").get("status") == "Unknown"
        wait_s = self._period_s(obj) if self._warm else 0.0
        return _Loop(of, self._clock() + wait_s, shadowed=fresh)

    def _period_s(self, obj: Object) -> float:
        return float(obj["spec"].get("pollingInterval", POLLING_S)) * self._time_scale

    def _look(self, obj: Object, hpa: Object, *, shadowed: bool) -> None:
        namespace, name = key_of(obj)
        try:
            facts = [*self._of_triggers(obj), *_of_hpa(hpa)]
        except (SpecError, ApiError):
            return
        if shadowed:
            return
        present = self._store.get(SCALED_OBJECT, name, namespace)
        patch = {"status": {"conditions": updated(conditions_of(present), facts)}}
        self._store.patch(SCALED_OBJECT, name, namespace, patch, "status", actor=ACTOR)

    def _of_triggers(self, obj: Object) -> list[Condition]:
        target = ScaleTarget.of(self._store, key_of(obj)[0], obj["spec"]["scaleTargetRef"]["name"])
        active = failed = False
        for trigger in triggers(obj):
            try:
                active = self._metrics.ask(obj, trigger, target).active or active
            except TriggerError:
                failed = True
        if active:
            return [_PARTLY if failed else READY, _ACTIVE]
        return [_BLIND if failed and fallback(obj) is None else READY, _IDLE]


def _hpa_key(obj: Object) -> Key:
    return key_of(obj)[0], hpa_name(obj)


def _of_hpa(hpa: Object) -> list[Condition]:
    """HPAActive mirrors what the HPA says of itself, as soon as it says anything."""
    said = find((hpa.get("status") or {}).get("conditions") or [], "ScalingActive")
    if not said:
        return []
    if said["status"] == "True":
        return [Condition("HPAActive", "True", "HPAActive", "HPA is actively scaling")]
    if said["reason"] == "ScalingDisabled":
        return [Condition("HPAActive", "True", said["reason"], said["message"])]
    words = f"HPA is not actively scaling: {said['message']}"
    return [Condition("HPAActive", "False", said["reason"], words)]


_ACTIVE = Condition(
    "Active", "True", "ScalerActive", "Scaling is performed because triggers are active"
)
_IDLE = Condition(
    "Active", "False", "ScalerNotActive", "Scaling is not performed because triggers are not active"
)
_BLIND = Condition(
    "Ready", "False", "TriggerError", "Triggers defined in ScaledObject are not working correctly"
)
_PARTLY = Condition(
    "Ready",
    "Unknown",
    "PartialTriggerError",
    "Some triggers defined in ScaledObject are not working correctly",
)
