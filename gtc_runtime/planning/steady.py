"""What a topology does under a constant load: figures of one run after its warm-up.

Pure arithmetic on a virtual clock. It must not know phases, claims or prices.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from gtc_runtime.load.figures.histogram import Histogram
from gtc_runtime.load.records import Key
from gtc_runtime.load.settings import RequestGoals
from gtc_runtime.planning.demand import Demand
from gtc_runtime.planning.hardware import Hardware
from gtc_runtime.planning.serving.cluster import Cluster
from gtc_runtime.planning.serving.events import Events
from gtc_runtime.planning.serving.requests import Request
from gtc_runtime.planning.topology import Topology
from gtc_spec.environment import Environment
from gtc_spec.pools import Mode
from gtc_spec.workloads import WorkloadMix

TAIL_S = 60.0
"""So long after the window its open requests may still end, under the same load; longer where one
of them can still be good."""
LOOK_S = 1.0
"""How often the queue is looked at, and `LOOKS` times in a window that is longer than so many."""
LOOKS = 1000


@dataclass(frozen=True)
class Load:
    """A constant load.

    Attributes:
        rps: Requests a second, follow-up questions of chats included.
        mix: Shares of the workloads.
        arrivals: How requests are spread in time.
    """

    rps: float
    mix: WorkloadMix
    arrivals: Literal["paced", "poisson"] = "poisson"


@dataclass(frozen=True)
class Quantiles:
    """One measure, seconds.

    Attributes:
        n: Samples.
    """

    p50: float
    p95: float
    p99: float
    mean: float
    n: int

    @classmethod
    def of(cls, found: Histogram) -> Quantiles | None:
        """Of a histogram; None when it is empty."""
        p50, p95, p99 = (found.quantile(q) for q in (0.5, 0.95, 0.99))
        if p50 is None or p95 is None or p99 is None:
            return None
        return cls(p50, p95, p99, found.sum_s / found.n, found.n)


@dataclass(frozen=True)
class Latencies:
    """What requests of one kind saw; None where there was nothing to see.

    Attributes:
        ttft_s: From due to the first token, of requests due in the window.
        itl_s: Gaps between tokens that left in the window.
        tpot_s: Mean gap of each request due in the window that has ended.
        good_share: Share (0..1) of the requests due in the window that met both goals; None without
            goals or requests.
    """

    ttft_s: Quantiles | None
    itl_s: Quantiles | None
    tpot_s: Quantiles | None
    good_share: float | None


@dataclass(frozen=True)
class Steady:
    """The figures of one run.

    Attributes:
        ttft_s, itl_s, tpot_s, good_share: Over all requests, see `Latencies`.
        by_key: The same by statistics key (chat's first and later turns, the other workloads).
        good_rps: Good requests a second; None without goals.
        requests_rps: Requests due a second.
        output_tokens_s, prompt_tokens_s: Tokens made and asked a second; tokens of prompts that
            were found in a cache count as asked.
        busy: Share (0..1) of its GPUs' time in which a pool computes; only pools that exist.
        backlog_growth_s: Seconds of queue gained a second of load; above 0.02 the load is above
            what the topology can do.
    """

    ttft_s: Quantiles | None
    itl_s: Quantiles | None
    tpot_s: Quantiles | None
    by_key: Mapping[Key, Latencies]
    good_share: float | None
    good_rps: float | None
    requests_rps: float
    output_tokens_s: float
    prompt_tokens_s: float
    busy: Mapping[Mode, float]
    backlog_growth_s: float


def steady(
    environment: Environment,
    hardware: Hardware,
    topology: Topology,
    load: Load,
    *,
    seconds: float = 240.0,
    warm_up_s: float = 60.0,
    seed: int = 1,
    ttft_goal_s: float | None = None,
    itl_goal_s: float | None = None,
) -> Steady:
    """Play a constant load.

    Args:
        environment: Shapes of the workloads.
        hardware: GPUs and network.
        topology: The workers; all are ready from the beginning, with empty caches.
        load: What is asked of them.
        seconds: Length of the window that the figures are of.
        warm_up_s: Load before it.
        seed: Equal seeds give equal runs.
        ttft_goal_s: Longest time to the first token of a good request.
        itl_goal_s: Longest mean time between its tokens; without both goals none is judged.
    """
    goals = None
    if ttft_goal_s is not None and itl_goal_s is not None:
        goals = RequestGoals(ttft_s=ttft_goal_s, itl_s=itl_goal_s)
    return _Run(environment, hardware, topology, warm_up_s, seed).play(load, seconds, goals)


class _Run:
    """One run: the workers, the load, and what is counted in the window."""

    def __init__(
        self,
        environment: Environment,
        hardware: Hardware,
        topology: Topology,
        warm_up_s: float,
        seed: int,
    ) -> None:
        self._events = Events()
        self._topology = topology
        self._cluster = Cluster(hardware, topology, self._events, self)
        self._demand = Demand(environment.workloads, seed, self._events, self._send)
        self._from_s = self._until_s = warm_up_s
        self._requests: list[Request] = []
        self._open = self._firsts = 0
        self._itl: dict[Key, Histogram] = {}

    def play(self, load: Load, seconds: float, goals: RequestGoals | None) -> Steady:
        """Warm up, count, and let open requests end."""
        events, cluster = self._events, self._cluster
        self._until_s += seconds
        self._demand.set(load.rps, load.mix, load.arrivals)
        events.run(self._from_s)
        before = cluster.gpu_seconds()
        queue = [cluster.waiting]
        look_s = max(LOOK_S, seconds / LOOKS)
        while events.now_s < self._until_s:
            events.run(min(events.now_s + look_s, self._until_s))
            queue.append(cluster.waiting)
        after = cluster.gpu_seconds()
        firsts = self._firsts
        last_s = self._last_s(goals)
        while self._open and events.now_s < last_s:
            events.run(events.now_s + LOOK_S)
        busy: dict[Mode, float] = {
            mode: min(1.0, (after[mode][0] - before[mode][0]) / (after[mode][1] - before[mode][1]))
            for mode in before
            if after[mode][1] > before[mode][1]
        }
        return self._figures(seconds, goals, busy, _growth(queue, seconds, firsts))

    def _last_s(self, goals: RequestGoals | None) -> float:
        """When no open request can be good any more: its first token and each other in time."""
        ends = [self._until_s + TAIL_S]
        if goals is not None:
            ends += [
                each.due_s + goals.ttft_s + each.output_tokens * goals.itl_s
                for each in self._requests
                if each.done_s < 0
            ]
        return max(ends)

    def _figures(
        self,
        seconds: float,
        goals: RequestGoals | None,
        busy: Mapping[Mode, float],
        growth: float,
    ) -> Steady:
        asked = self._requests
        keys = sorted({request.key for request in asked} | set(self._itl))
        by_key = {
            key: _latencies(
                [each for each in asked if each.key == key], self._itl.get(key, Histogram()), goals
            )
            for key in keys
        }
        itl = Histogram()
        for each in self._itl.values():
            itl.merge(each)
        whole = _latencies(asked, itl, goals)
        share, rps = whole.good_share, len(asked) / seconds
        return Steady(
            whole.ttft_s,
            whole.itl_s,
            whole.tpot_s,
            by_key,
            share,
            None if share is None else share * rps,
            rps,
            (itl.n + self._firsts) / seconds,
            sum(each.prompt_tokens for each in asked) / seconds,
            busy,
            growth,
        )

    def _in_window(self, at_s: float) -> bool:
        return self._from_s <= at_s < self._until_s

    # -- what happens to requests ---------------------------------------------------------------

    def _send(self, request: Request) -> None:
        if self._in_window(request.due_s):
            self._requests.append(request)
            self._open += 1
        self._cluster.send(request)

    def on_tokens(self, end_s: float, step_s: float, streams: dict[Key, int], steps: int) -> None:
        """Tokens of some steps."""
        if not self._in_window(end_s):
            return
        for key, each in streams.items():
            if each:
                found = self._itl.get(key)
                if found is None:
                    found = self._itl[key] = Histogram()
                found.add(step_s, each * steps)

    def on_first(self, request: Request) -> None:
        """The first token of a request."""
        self._firsts += self._in_window(request.first_s)

    def on_done(self, request: Request) -> None:
        """The end of a request."""
        self._open -= self._in_window(request.due_s)
        self._demand.done(request)


def _latencies(asked: Iterable[Request], itl: Histogram, goals: RequestGoals | None) -> Latencies:
    requests = list(asked)
    ended = [each for each in requests if each.done_s >= 0]
    ttft = Histogram(each.ttft_s for each in requests if each.first_s >= 0)
    tpot = Histogram(each.tpot_s for each in ended if each.tpot_s is not None)
    good = None
    if goals is not None and requests:
        met = sum(goals.met_by(each.ttft_s, each.tpot_s) for each in ended)
        good = met / len(requests)
    return Latencies(Quantiles.of(ttft), Quantiles.of(itl), Quantiles.of(tpot), good)


def _growth(queue: list[int], seconds: float, firsts: int) -> float:
    """Seconds of queue gained a second: what the last third waits more than the first one."""
    third = max(1, len(queue) // 3)
    more = sum(queue[-third:]) / third - sum(queue[:third]) / third
    apart_s = max(LOOK_S, seconds * 2 / 3)
    return more / apart_s / max(firsts / seconds, 1e-3)
