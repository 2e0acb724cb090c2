"""Status conditions: the list of facts, one per type, that controllers keep in `status`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Json = dict[str, Any]


@dataclass(frozen=True)
class Condition:
    """One fact.

    Attributes:
        type: What it is about.
        status: Whether it holds.
        reason: One word for machines.
        message: One sentence for people.
    """

    type: str
    status: Literal["True", "False", "Unknown"]
    reason: str
    message: str


def updated(
    present: Iterable[Mapping[str, Any]], new: Iterable[Condition], at: str = ""
) -> list[Json]:
    """The list with some conditions set; the others and the order of all are kept.

    Args:
        present: Conditions as stored.
        new: Conditions to set.
        at: Time stamp for those of which the status changes; empty for kinds without (KEDA's).
    """
    by_type = {str(one["type"]): dict(one) for one in present}
    for condition in new:
        before = by_type.get(condition.type, {})
        now = {"type": condition.type, "status": condition.status}
        now |= {"reason": condition.reason, "message": condition.message}
        if at:
            same = before.get("status") == condition.status
            now["lastTransitionTime"] = before.get("lastTransitionTime", at) if same else at
        by_type[condition.type] = now
    return list(by_type.values())


def find(present: Iterable[Mapping[str, Any]], kind: str) -> Mapping[str, Any]:
    """The condition of a type; empty when it is not set."""
    return next((one for one in present if one.get("type") == kind), {})
