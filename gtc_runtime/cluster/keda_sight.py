"""Whether KEDA can see the metrics by which it scales: what a ScaledObject and its HPA say of that.

Where a fallback is defined KEDA calls a ScaledObject Ready whatever becomes of its triggers, and
feeds its HPA a made-up metric that the HPA takes for real. So neither ``Ready`` nor a reading of
the HPA proves anything; the failures that KEDA counts and its condition ``Fallback`` do (KEDA
2.20). Pure: objects in, words out. This module must not know pauses, nor who asks.
"""

from __future__ import annotations

from typing import Any

from gtc_runtime.cluster.api.errors import first_line
from gtc_runtime.cluster.api.kube import Json
from gtc_runtime.cluster.pools import condition

_INTACT = ("True", "Unknown")
"""Ready at a ScaledObject that works, or that KEDA has not looked at yet."""


def unread(scaled_object: Json) -> str:
    """Which triggers KEDA cannot read, how often it failed, and what it does meanwhile; one line.

    Empty when it says nothing of the kind, which is no proof before its first poll.
    """
    failing = "; ".join(_failing(scaled_object))
    if condition(scaled_object, "Fallback").get("status") == "True":
        return f"{failing or 'a trigger cannot be read'}: its fallback makes the metric up"
    if failing:
        return failing
    ready = condition(scaled_object, "Ready")
    partly = ready.get("reason") == "PartialTriggerError"
    if not ready or (ready.get("status") in _INTACT and not partly):
        return ""
    return first_line(str(ready.get("message") or ready.get("reason") or "not ready"))


def deaf(hpa: Json) -> str:
    """Why an HPA gets no metric, and since when; empty when it says nothing of the kind.

    It finds out where nobody else can: KEDA's operator, dead, says nothing new of itself.
    """
    active = condition(hpa, "ScalingActive")
    if active.get("status") != "False" or active.get("reason") == "ScalingDisabled":
        return ""
    since = active.get("lastTransitionTime")
    why = first_line(str(active.get("message") or active.get("reason") or "no reason given"))
    return f"{why} (since {since})" if since else why


def _failing(scaled_object: Json) -> list[str]:
    triggers = _mapping(scaled_object.get("spec")).get("triggers")
    told = []
    for metric, health in _mapping(_mapping(scaled_object.get("status")).get("health")).items():
        if _mapping(health).get("status") != "Failing":
            continue
        times = _mapping(health).get("numberOfFailures")
        told.append(f"{metric}{_place(metric, triggers)} failed {times} times in a row")
    return told


def _place(metric: str, triggers: Any) -> str:
    """Where a trigger is read, as KEDA names its metric: ``s0-prometheus`` is the first one's."""
    number = metric.partition("-")[0].removeprefix("s")
    try:
        address = triggers[int(number)]["metadata"]["serverAddress"]
    except (ValueError, TypeError, LookupError):
        return ""
    return f" at {address}"


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
