"""KEDA and the HorizontalPodAutoscaler in the twin: what they see late, and what they order.

The frontend's figures travel through a scrape and a window before the HPA reads them at its own
pace; its arithmetic is `gtc_spec.autoscaling.hpa`, the same that the rehearsal's controller uses.
It must not know phases or claims.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from gtc_runtime.load.figures.histogram import Histogram
from gtc_runtime.planning.serving.cluster import Cluster
from gtc_runtime.planning.serving.events import Events
from gtc_spec.autoscaling import hpa
from gtc_spec.autoscaling.quantities import milli
from gtc_spec.environment import Environment
from gtc_spec.manifests.scaled_object import BEHAVIOR
from gtc_spec.pools import ROLES, MetricType, Role, ScaleRule
from gtc_spec.telemetry.promql_syntax import WINDOW_S

DEAD_BAND = {"ttft_p95_ms": 0.4, "itl_p95_ms": 0.5}
"""Share of its threshold down to which a latency reads as the threshold, so that a recovery does
not scale in at once; as the query of its scaler says."""


@dataclass(frozen=True)
class KedaLag:
    """How late the autoscaler sees, and how it reads what it sees.

    Attributes:
        scrape_s: Prometheus looks at the frontend so often.
        window_s: Latencies are percentiles of so long.
        polling_s: KEDA asks Prometheus at most so often; 0 for each time that the HPA asks, which
            is its default.
        sync_s: The HPA looks so often.
        metric_type: How the HPA reads every trigger; None as the rule of each pool says.
    """

    scrape_s: float = 5.0
    window_s: float = float(WINDOW_S)
    polling_s: float = 0.0
    sync_s: float = hpa.SYNC_PERIOD_S
    metric_type: MetricType | None = None


class _Window:
    """Latencies of the last seconds, in slices of one scrape."""

    def __init__(self, length_s: float) -> None:
        self._length_s = length_s
        self._slices: deque[tuple[float, Histogram]] = deque()  # of one window
        self._new = Histogram()

    def add(self, seconds: float, weight: int = 1) -> None:
        self._new.add(seconds, weight)

    def p95_ms(self, now_s: float) -> float | None:
        """The percentile as the scrape of this moment shows it; None without traffic."""
        self._slices.append((now_s, self._new))
        self._new = Histogram()
        while self._slices[0][0] <= now_s - self._length_s:
            self._slices.popleft()
        whole = Histogram()
        for _, each in self._slices:
            whole.merge(each)
        p95_s = whole.quantile(0.95)
        return None if p95_s is None else p95_s * 1000


@dataclass
class _Scaler:
    """One ScaledObject and its HPA."""

    role: Role
    rule: ScaleRule
    history: hpa.History
    scraped: float = 0.0
    asked_s: float = -1e9
    told: float = 0.0


class Keda:
    """The autoscaler of both pools.

    Args:
        environment: Its scale rules.
        lag: How late it sees.
        events: The clock.
        cluster: Whose pools it sizes.
    """

    def __init__(
        self, environment: Environment, lag: KedaLag, events: Events, cluster: Cluster
    ) -> None:
        self._lag, self._events, self._cluster = lag, events, cluster
        rules = {role: environment.pools.of(role).scale for role in ROLES}
        self._scalers = [_Scaler(role, rules[role], hpa.History()) for role in ROLES]
        self._behavior = hpa.Behavior.parse(BEHAVIOR)
        self._ttft, self._itl = _Window(lag.window_s), _Window(lag.window_s)
        events.at(events.now_s + lag.scrape_s, self._scrape)
        events.at(events.now_s + lag.sync_s, self._sync)

    def first_token(self, ttft_s: float) -> None:
        """A first token has left."""
        self._ttft.add(ttft_s)

    def tokens(self, gap_s: float, number: int) -> None:
        """Later tokens have left."""
        self._itl.add(gap_s, number)

    def _scrape(self) -> None:
        now_s, waiting = self._events.now_s, self._cluster.waiting
        ttft, itl = self._ttft.p95_ms(now_s), self._itl.p95_ms(now_s)
        seen: dict[str, float | None] = {
            "queued_requests": waiting,
            "decode_streams": self._cluster.in_flight - waiting,
            "ttft_p95_ms": ttft,
            "itl_p95_ms": itl,
        }
        for scaler in self._scalers:
            scaler.scraped = _banded(scaler.rule, seen[scaler.rule.trigger] or 0.0)
        self._events.at(now_s + self._lag.scrape_s, self._scrape)

    def _sync(self) -> None:
        now_s = self._events.now_s
        for scaler in self._scalers:
            if now_s - scaler.asked_s >= self._lag.polling_s:
                scaler.asked_s, scaler.told = now_s, scaler.scraped
            self._size(scaler, now_s)
        self._events.at(now_s + self._lag.sync_s, self._sync)

    def _size(self, scaler: _Scaler, now_s: float) -> None:
        rule, role = scaler.rule, scaler.role
        desired, ready = self._cluster.desired[role], self._cluster.ready[role]
        scaler.history.begin(now_s, desired)
        if not rule.min <= desired <= rule.max:
            size = min(max(desired, rule.min), rule.max)  # its limits come first
        else:
            kind = self._lag.metric_type or rule.metric_type
            metric, target = milli(scaler.told), milli(rule.threshold)
            wanted = hpa.replicas_for(kind, metric, target, desired, ready, self._behavior)
            size = hpa.decide(
                now_s, desired, wanted, rule.min, rule.max, self._behavior, scaler.history
            ).replicas
        if size != desired:
            scaler.history.changed(now_s, desired, size)
            self._cluster.order({role: size})


def _banded(rule: ScaleRule, value: float) -> float:
    lowest = DEAD_BAND.get(rule.trigger)
    if lowest is None or value > rule.threshold or value < lowest * rule.threshold:
        return value
    return rule.threshold
