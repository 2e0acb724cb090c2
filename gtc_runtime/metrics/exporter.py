"""Our own `/metrics`: what the client measured and where the show stands, for Prometheus.

The latencies repeat the frontend's bucket bounds, so that both sides of a dashboard mean the same
by p95. A figure that is not known has no sample, never 0.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from itertools import accumulate
from typing import get_args

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from gtc_runtime.load.figures.histogram import FLOOR_S, GROWTH, Histogram
from gtc_runtime.load.figures.snapshot import Snapshot
from gtc_runtime.load.figures.stats import Tally
from gtc_runtime.load.records import Key, Outcome
from gtc_runtime.view import DemoView, Mode
from gtc_spec import versions
from gtc_spec.environment import Environment
from gtc_spec.phases import PhaseName
from gtc_spec.pools import ROLES, Role, ScaleRule
from gtc_spec.telemetry import metrics as catalogue
from gtc_spec.telemetry.buckets import ITL_BUCKETS, TTFT_BUCKETS
from gtc_spec.workloads import STATS, WORKLOADS

SLIP_BOUNDS_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
"""From what nobody notices to what spoils a run."""

Labels = tuple[str, ...]
"""Values of the labels that the catalogue names for a metric, in its order."""

_TURNS: dict[Key, Labels] = {stat.key: (stat.workload, stat.turn) for stat in STATS}


class Cumulative:
    """A Prometheus histogram that is fed with whole load histograms.

    Args:
        bounds_s: Finite upper bounds in ascending order, seconds.
    """

    def __init__(self, bounds_s: Sequence[float]) -> None:
        self._bounds_s = tuple(bounds_s)
        self._counts = [0] * (len(self._bounds_s) + 1)
        self._seen_s = 0.0
        self.sum_s = 0.0

    def observe(self, seen: Histogram) -> None:
        """Add the counts of a load histogram; each of its 1 % bins counts by its middle.

        A gap that is shared by more tokens later is moved to shorter bins, which lets no cumulative
        count fall; the sum of middles could fall by a hair, and Prometheus would see a restart.
        """
        for index, count in seen.buckets.items():
            self._counts[bisect_left(self._bounds_s, _middle_s(index))] += count
        self._seen_s += seen.sum_s
        self.sum_s = max(self.sum_s, self._seen_s)

    @property
    def buckets(self) -> list[tuple[str, float]]:
        """Upper bounds as Prometheus writes them with cumulative counts, +Inf last."""
        bounds = [*map(str, self._bounds_s), "+Inf"]
        return list(zip(bounds, map(float, accumulate(self._counts)), strict=True))


def at_most(seen: Histogram, limit_s: float) -> int:
    """How many latencies of a load histogram are at or below a limit; a bin by its middle."""
    return sum(count for index, count in seen.buckets.items() if _middle_s(index) <= limit_s)


@cache
def _middle_s(index: int) -> float:
    return float(FLOOR_S * GROWTH ** (index + 0.5))


class Exporter(Collector):
    """Collects everything that we expose.

    Args:
        environment: Goals and limits, and the labels of `gtc_build_info`.
    """

    def __init__(self, environment: Environment) -> None:
        self._env = environment
        slo = environment.slo
        self._goals_s = {"ttft": slo.ttft_p95_s, "itl": slo.itl_p95_s}
        self._within: dict[Labels, int] = {(measure,): 0 for measure in self._goals_s}
        self._tokens: dict[Labels, int] = {(each,): 0 for each in WORKLOADS}
        self._build = (versions.GTC, environment.name, environment.digest)
        self._view: DemoView | None = None
        self._ttft = {key: Cumulative(TTFT_BUCKETS.upper_bounds_s) for key in _TURNS}
        self._itl: dict[str, Cumulative] = {
            each: Cumulative(ITL_BUCKETS.upper_bounds_s) for each in WORKLOADS
        }
        self._slip = Cumulative(SLIP_BOUNDS_S)
        # every series exists from the start, or its first increment would be lost to rate()
        self._requests: dict[Labels, int] = {
            (each, str(end)): 0 for each in WORKLOADS for end in Outcome
        }
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)

    def update(self, view: DemoView) -> None:
        """Take the gauges from a view; the newest one is what is exposed."""
        self._view = view

    def add(self, snapshot: Snapshot) -> None:
        """Add what is new in a report of the load process; each report exactly once."""
        for tallies in snapshot.slices.values():
            for key, tally in tallies.items():
                self._add(key, tally)

    def render(self) -> tuple[bytes, str]:
        """The body of `/metrics` and its content type."""
        return generate_latest(self._registry), CONTENT_TYPE_LATEST

    def _add(self, key: Key, tally: Tally) -> None:
        workload = _TURNS[key][0]
        self._ttft[key].observe(tally.ttft)
        self._itl[workload].observe(tally.itl)
        self._slip.observe(tally.slip)
        self._tokens[workload,] += tally.tokens
        for measure, seen in (("ttft", tally.ttft), ("itl", tally.itl)):
            self._within[measure,] += at_most(seen, self._goals_s[measure])
        ended = {str(Outcome.OK): tally.ok, str(Outcome.SHED): tally.shed, **tally.failed}
        for outcome, count in ended.items():
            self._requests[workload, outcome] = self._requests.get((workload, outcome), 0) + count

    def collect(self) -> Iterator[Metric]:
        """Everything as metric families (called by the registry)."""
        yield from self._measured()
        yield _gauge(catalogue.BUILD_INFO, {self._build: 1})
        yield _gauge(catalogue.GOAL, {(each,): goal for each, goal in self._goals_s.items()})
        rules = {role: self._env.pools.of(role).scale for role in ROLES}
        yield _gauge(catalogue.POOL_MAX, {(role,): rule.max for role, rule in rules.items()})
        if self._view is not None:
            yield from _shown(self._view)
            yield _gauge(catalogue.SCALER_LIMIT, dict(_limits(self._view, rules)))

    def _measured(self) -> Iterator[Metric]:
        ttft: dict[Labels, Cumulative] = {_TURNS[key]: one for key, one in self._ttft.items()}
        yield _histogram(catalogue.CLIENT_TTFT, ttft)
        yield _histogram(catalogue.CLIENT_ITL, {(each,): one for each, one in self._itl.items()})
        yield _histogram(catalogue.CLIENT_SLIP, {(): self._slip})
        yield _counter(catalogue.CLIENT_REQUESTS, self._requests)
        yield _counter(catalogue.CLIENT_TOKENS, self._tokens)
        yield _counter(catalogue.CLIENT_WITHIN_GOAL, self._within)


def _shown(view: DemoView) -> Iterator[Metric]:
    """What a view says, leaving out what it does not know."""
    yield _gauge(catalogue.MODE, {(mode,): mode == view.mode for mode in get_args(Mode)})
    phases: dict[Labels, float] = {(str(name),): name == view.phase.name for name in PhaseName}
    yield _gauge(catalogue.SCENARIO_PHASE, phases)
    number = list(PhaseName).index(PhaseName[view.phase.name])
    yield _gauge(catalogue.SCENARIO_PHASE_NUMBER, {(): number})
    if view.phase.ends_in_s is not None:
        end = datetime.fromisoformat(view.at).timestamp() + view.phase.ends_in_s
        yield _gauge(catalogue.SCENARIO_PHASE_END, {(): end})
    if view.load.in_flight is not None:
        yield _gauge(catalogue.CLIENT_IN_FLIGHT, {("all",): view.load.in_flight})
    workers: dict[Labels, float] = {
        (pool.role, state): value
        for pool in view.pools
        for state, value in _states(pool.desired, pool.ready, pool.pending)
    }
    yield _gauge(catalogue.POOL_WORKERS, workers)
    restarts: dict[Labels, int] = {(task,): each for task, each in view.process.restarts.items()}
    yield _counter(catalogue.TASK_RESTARTS, restarts)
    if view.process.loop_lag_s is not None:
        yield _gauge(catalogue.LOOP_LAG, {(): view.process.loop_lag_s})
    if view.keda not in ("absent", "unknown"):
        paused = view.keda.startswith("paused")
        yield _gauge(catalogue.SCALER_PAUSED, {(pool.role,): paused for pool in view.pools})


def _limits(view: DemoView, rules: Mapping[Role, ScaleRule]) -> Iterator[tuple[Labels, float]]:
    """Totals are divided by the workers, so that their limit grows with the pool."""
    for pool in view.pools:
        rule = rules[pool.role]
        if rule.metric_type == "Value":
            yield (pool.role,), rule.threshold
        elif pool.desired is not None:
            yield (pool.role,), rule.threshold * pool.desired


def _states(desired: int | None, ready: int | None, pending: int | None) -> list[tuple[str, int]]:
    states = {"desired": desired, "ready": ready, "pending": pending}
    return [(state, value) for state, value in states.items() if value is not None]


def _counter(metric: catalogue.Metric, counts: Mapping[Labels, int]) -> Metric:
    family = CounterMetricFamily(metric.name, metric.meaning, labels=metric.labels)
    for labels, count in counts.items():
        family.add_metric(labels, count)
    return family


def _gauge(metric: catalogue.Metric, values: dict[Labels, float]) -> Metric:
    family = GaugeMetricFamily(metric.name, metric.meaning, labels=metric.labels)
    for labels, value in values.items():
        family.add_metric(labels, float(value))
    return family


def _histogram(metric: catalogue.Metric, series: dict[Labels, Cumulative]) -> Metric:
    family = HistogramMetricFamily(metric.name, metric.meaning, labels=metric.labels)
    for labels, one in series.items():
        family.add_metric(labels, one.buckets, one.sum_s)
    return family
