"""The arithmetic of Kubernetes' HorizontalPodAutoscaler: pure functions, no cluster, no clock.

Rules are those of the controller manager (replica_calculator.go and horizontal.go, autoscaling/v2)
for external metrics, the only kind that KEDA makes. Times are seconds on any clock, passed in.
Metric values are milli-units, as quantities travel between KEDA and the controller.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from gtc_spec.autoscaling.quantities import milli_of

SYNC_PERIOD_S = 15.0
"""Pace of the controller (--horizontal-pod-autoscaler-sync-period)."""

TOLERANCE = 0.1
"""A ratio this close to 1 changes nothing (--horizontal-pod-autoscaler-tolerance)."""

DOWN_WINDOW_S = 300.0
"""Default scale-down stabilisation (--horizontal-pod-autoscaler-downscale-stabilization)."""

MetricType = Literal["Value", "AverageValue"]


@dataclass(frozen=True)
class Policy:
    """How many pods may come or go within a period.

    Attributes:
        kind: Pods counts pods, Percent a share of those at the start of the period.
        value: Pods or per cent.
        period_s: Length of the period.
    """

    kind: Literal["Pods", "Percent"]
    value: int
    period_s: float


@dataclass(frozen=True)
class Rules:
    """One direction of a `behavior`.

    Attributes:
        window_s: How far back recommendations are considered.
        policies: Speed limits.
        select: Which limit binds: the one that allows most, least, or none at all.
        tolerance: Deviation of the ratio from 1 below which nothing is done.
    """

    window_s: float
    policies: tuple[Policy, ...]
    select: Literal["Max", "Min", "Disabled"] = "Max"
    tolerance: float = TOLERANCE


@dataclass(frozen=True)
class Behavior:
    """Both directions, with every default filled in."""

    up: Rules
    down: Rules

    @classmethod
    def parse(cls, spec: Mapping[str, Any] | None, time_scale: float = 1.0) -> Behavior:
        """Read `spec.behavior` of an HPA; what is absent gets the API's default.

        Args:
            spec: The field, None for a HPA without it. (A real controller then limits scale-up to
                max(2 x, 4) pods at once, which the default policies allow as well.)
            time_scale: Multiplies every window and period.
        """
        given = spec or {}
        quarter = 15.0 * time_scale
        up = Rules(0.0, (Policy("Pods", 4, quarter), Policy("Percent", 100, quarter)))
        down = Rules(DOWN_WINDOW_S * time_scale, (Policy("Percent", 100, quarter),))
        return cls(
            up=_rules(given.get("scaleUp"), up, time_scale),
            down=_rules(given.get("scaleDown"), down, time_scale),
        )


def _rules(given: Mapping[str, Any] | None, default: Rules, time_scale: float) -> Rules:
    given = given or {}
    window = given.get("stabilizationWindowSeconds")
    policies = given.get("policies")
    return Rules(
        window_s=default.window_s if window is None else window * time_scale,
        policies=default.policies
        if not policies
        else tuple(
            Policy(one["type"], one["value"], one["periodSeconds"] * time_scale) for one in policies
        ),
        select=given.get("selectPolicy") or default.select,
        tolerance=default.tolerance
        if given.get("tolerance") is None
        else milli_of(str(given["tolerance"])) / 1000,
    )


def replicas_for(
    kind: MetricType, metric: int, target: int, current: int, ready: int, behavior: Behavior
) -> int:
    """How many pods one metric asks for.

    Args:
        kind: AverageValue divides the metric by the target and ignores the present size; Value
            scales the ready pods by the ratio.
        metric: The metric, milli-units.
        target: Its target, milli-units, above 0.
        current: Desired pods now, above 0.
        ready: Ready pods now.
        behavior: For its tolerances.
    """
    ratio = metric / target if kind == "Value" else metric / (target * current)
    if 1 - behavior.down.tolerance <= ratio <= 1 + behavior.up.tolerance:
        return current
    if kind == "Value":
        return math.ceil(ratio * ready)
    return math.ceil(metric / target)


@dataclass(frozen=True)
class Reason:
    """Why a limit applied or did not, in the controller's words."""

    reason: str
    message: str


@dataclass(frozen=True)
class Decision:
    """What the controller does in one sync.

    Attributes:
        replicas: The new size; equal to the present one when nothing is to be done.
        stabilized: Why the AbleToScale condition says what it says.
        limited: The reason of the ScalingLimited condition.
        is_limited: Whether a limit cut the recommendation.
    """

    replicas: int
    stabilized: Reason
    limited: Reason
    is_limited: bool


@dataclass
class History:
    """What one HPA remembers: recommendations and changes of size, as (time, pods)."""

    recommendations: list[tuple[float, int]] = field(default_factory=list)
    added: list[tuple[float, int]] = field(default_factory=list)
    removed: list[tuple[float, int]] = field(default_factory=list)

    def begin(self, now_s: float, current: int) -> None:
        """Record the size at the first sync, so that a new HPA does not shrink at once."""
        if not self.recommendations:
            self.recommendations.append((now_s, current))

    def changed(self, now_s: float, before: int, after: int) -> None:
        """Record that the size was changed."""
        events = self.added if after > before else self.removed
        events.append((now_s, abs(after - before)))

    def forget(self, now_s: float, behavior: Behavior) -> None:
        """Drop what no window or period reaches any more."""
        window = max(behavior.up.window_s, behavior.down.window_s)
        policies = (*behavior.up.policies, *behavior.down.policies)
        period = max((policy.period_s for policy in policies), default=0.0)
        # the newest recommendation stays: it tells a HPA that has run from a new one
        self.recommendations = [
            one for one in self.recommendations[:-1] if now_s - one[0] < window
        ] + self.recommendations[-1:]
        self.added = [one for one in self.added if now_s - one[0] < period]
        self.removed = [one for one in self.removed if now_s - one[0] < period]


def decide(
    now_s: float,
    current: int,
    recommended: int,
    least: int,
    most: int,
    behavior: Behavior,
    history: History,
) -> Decision:
    """Turn what the metrics recommend into the next size; it is added to the history.

    Args:
        now_s: Time of this sync.
        current: Present size, within the limits.
        recommended: What the metrics ask for.
        least: minReplicas.
        most: maxReplicas.
        behavior: Windows and speed limits.
        history: The HPA's memory.
    """
    steady = _stabilized(now_s, current, recommended, behavior, history)
    history.recommendations.append((now_s, recommended))
    history.forget(now_s, behavior)
    allowed, reason = _limited(now_s, current, steady, least, most, behavior, history)
    return Decision(
        replicas=allowed,
        stabilized=_why_stabilized(current, recommended, steady),
        limited=reason if allowed != steady else _WITHIN,
        is_limited=allowed != steady,
    )


def _stabilized(
    now_s: float, current: int, recommended: int, behavior: Behavior, history: History
) -> int:
    """The size nearest to the present one that all recommendations of the windows allow."""
    recent_up = [n for at, n in history.recommendations if at > now_s - behavior.up.window_s]
    recent_down = [n for at, n in history.recommendations if at > now_s - behavior.down.window_s]
    lowest = min([recommended, *recent_up])
    highest = max([recommended, *recent_down])
    return min(max(current, lowest), highest)


def _why_stabilized(current: int, recommended: int, steady: int) -> Reason:
    if steady == recommended:
        return Reason("ReadyForNewScale", "recommended size matches current size")
    if recommended > current:
        words = "recent recommendations were lower than current one, applying the lowest"
        return Reason("ScaleUpStabilized", f"{words} recent recommendation")
    words = "recent recommendations were higher than current one, applying the highest"
    return Reason("ScaleDownStabilized", f"{words} recent recommendation")


_WITHIN = Reason("DesiredWithinRange", "the desired count is within the acceptable range")


def _limited(
    now_s: float,
    current: int,
    steady: int,
    least: int,
    most: int,
    behavior: Behavior,
    history: History,
) -> tuple[int, Reason]:
    if steady > current:
        fastest = max(current, speed_limit(now_s, current, behavior.up, history, up=True))
        if most > fastest:
            return min(steady, fastest), _FASTER["increasing"]
        words = "the desired replica count is more than the maximum replica count"
        return min(steady, most), Reason("TooManyReplicas", words)
    if steady < current:
        slowest = min(current, speed_limit(now_s, current, behavior.down, history, up=False))
        if least < slowest:
            return max(steady, slowest), _FASTER["decreasing"]
        words = "the desired replica count is less than the minimum replica count"
        return max(steady, least), Reason("TooFewReplicas", words)
    return current, _WITHIN


_FASTER = {
    "increasing": Reason(
        "ScaleUpLimit",
        "the desired replica count is increasing faster than the maximum scale rate",
    ),
    "decreasing": Reason(
        "ScaleDownLimit",
        "the desired replica count is decreasing faster than the maximum scale rate",
    ),
}


def speed_limit(now_s: float, current: int, rules: Rules, history: History, *, up: bool) -> int:
    """The most (up) or fewest (down) pods that the policies allow now."""
    if rules.select == "Disabled" or not rules.policies:
        return current
    proposals = [_proposal(now_s, current, policy, history, up=up) for policy in rules.policies]
    widest = up == (rules.select == "Max")
    return max(proposals) if widest else min(proposals)


def _proposal(now_s: float, current: int, policy: Policy, history: History, *, up: bool) -> int:
    since = now_s - policy.period_s
    added = sum(pods for at, pods in history.added if at > since)
    removed = sum(pods for at, pods in history.removed if at > since)
    at_start = current - added + removed
    if policy.kind == "Pods":
        return at_start + policy.value if up else at_start - policy.value
    if up:
        # rounded up, or a small pool could never grow by a small share
        return math.ceil(at_start * (1 + policy.value / 100))
    return int(at_start * (1 - policy.value / 100))
