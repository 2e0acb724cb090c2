"""Makes the one view from the parts of the service, four times a second.

Everything here is arithmetic on what others have measured; nothing waits. It must not change
anything, and it must not turn "unknown" into 0.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from gtc_runtime.cluster.cluster import Cluster
from gtc_runtime.cluster.poller import ClusterState
from gtc_runtime.events import EventLog
from gtc_runtime.load.control import LoadControl
from gtc_runtime.load.figures.histogram import Histogram
from gtc_runtime.load.figures.slice_book import WindowStats
from gtc_runtime.load.figures.stats import Tally
from gtc_runtime.metrics.exporter import at_most
from gtc_runtime.scenario import machine
from gtc_runtime.scenario.conductor import Conductor
from gtc_runtime.telling.claims import Claims
from gtc_runtime.telling.freshness import judged, without
from gtc_runtime.telling.sentences import Sentences
from gtc_runtime.told import TwinView
from gtc_runtime.view import (
    BLANK_AFTER_S,
    STALE_AFTER_S,
    WINDOW_S,
    DemoView,
    Goals,
    KedaState,
    LoadView,
    PhaseView,
    PodView,
    PoolView,
    Quantiles,
    StripItem,
    WorkersView,
    WorkloadView,
)
from gtc_spec.cloud import bill
from gtc_spec.environment import Environment
from gtc_spec.pools import ROLES
from gtc_spec.serving import Slo

RATE_WINDOW_S = 5


class ViewBuilder:
    """Knows where each figure of the view comes from.

    Args:
        environment, cluster, load, conductor, events: The parts of the service.
        inside: Says what is known of the inside of the workers, and how old that is.
        clock: Monotonic seconds.
        corpus: Where the texts of the load come from, a few words.
        undo: Says what undoing would bring back, a few words or none.
        twin: Says what is predicted of a moment of the clock.
        until: Tells the end date, None without one, and how old that word of the cluster is.
            Default: the environment's.
    """

    def __init__(
        self,
        environment: Environment,
        cluster: Cluster,
        load: LoadControl,
        conductor: Conductor,
        events: EventLog,
        inside: Callable[[], tuple[WorkersView, float | None]],
        clock: Callable[[], float] = time.monotonic,
        corpus: str = "",
        undo: Callable[[], str] = str,
        until: Callable[[], tuple[datetime | None, float | None]] | None = None,
        twin: Callable[[float], TwinView] = lambda _: TwinView(),
    ) -> None:
        self._twin = twin
        self._until = until or (lambda: (environment.until, None))
        self._corpus, self._undo = corpus, undo
        self._inside = inside
        self._env, self._cluster, self._load = environment, cluster, load
        self._conductor, self._events, self._clock = conductor, events, clock
        self._started_s = clock()
        self._strip = tuple(_strip(environment))
        self._sentences = Sentences(environment)
        self._claims = Claims(environment, conductor, load, cluster.poller)
        slo = environment.slo
        self._goals = Goals(slo.ttft_p95_s * 1000, slo.itl_p95_s * 1000)

    def build(self) -> DemoView:
        """The view of this moment."""
        now_s, now = self._clock(), datetime.now(UTC)
        seen_s = self._seen_s(now_s)
        window = self._load.book.window(int(seen_s) - WINDOW_S, int(seen_s) + 1)
        state = self._cluster.poller.within(BLANK_AFTER_S)
        inside, inside_age_s = self._inside()
        until, until_age_s = self._until()
        keda_state: KedaState = state.keda.state if state is not None else "unknown"
        view = DemoView(
            environment=self._env.name,
            digest=self._env.digest,
            cluster=self._cluster.title,
            at=now.isoformat(timespec="milliseconds"),
            uptime_s=round(now_s - self._started_s, 1),
            mode=self._conductor.mode,
            holder=self._holder(),
            phase=self._phase(now_s),
            strip=self._strip,
            goals=self._goals,
            load=self._load_view(seen_s),
            workloads=self._workloads(window, seen_s),
            pools=tuple(pools(state)),
            pods=tuple(pods(state)),
            gpus_total=self._env.slots,
            keda=keda_state,
            keda_detail=state.keda.reason if state is not None else "",
            cluster_age_s=_rounded(self._cluster.poller.age_s),
            load_age_s=_rounded(self._load.age_s),
            events=self._events.newest(),
            workers=inside,
            workers_age_s=_rounded(inside_age_s),
            problem=self._problem(),
            usd_h=None if self._cluster.rehearsal else bill.bill(self._env, 0).usd_h,
            control=replace(self._conductor.control(keda_state), undo=self._undo()),
            claims=self._claims.see(now_s),
            ending=bill.warning(until, now),
            ending_age_s=_rounded(until_age_s),
            twin=self._twin(now_s),
        )
        return self._told(view)

    def _told(self, view: DemoView) -> DemoView:
        """No word rests on what is stale, although its figures are shown for a while."""
        sentence = self._sentences.choose(without(view, STALE_AFTER_S))
        return judged(replace(view, phase=replace(view.phase, sentence=sentence)))

    def _seen_s(self, now_s: float) -> float:
        """Until when the load process has told anything: what it has not told yet is not 0."""
        age_s = self._load.age_s
        late = self._load.snapshot is None and age_s is not None
        return now_s - age_s if late and age_s is not None else now_s

    def _phase(self, now_s: float) -> PhaseView:
        state, timeline = self._conductor.state, self._conductor.timeline
        if state.index is None:
            return PhaseView(cycle=state.cycle)
        segment = timeline.segments[state.index]
        return PhaseView(
            name=str(segment.phase.name),
            kind=segment.kind,
            index=state.index,
            elapsed_s=round(machine.elapsed_s(state, now_s), 1),
            ends_in_s=round(machine.left_s(timeline, state, now_s), 1),
            waiting_for_workers=state.gate_s is None,
            narration=segment.phase.narration,
            cycle=state.cycle,
        )

    def _load_view(self, now_s: float) -> LoadView:
        load, snapshot = self._load.load, self._load.within(BLANK_AFTER_S)
        rps = load.rps if self._load.running else self._load.chosen_rps
        mix: dict[str, int] = {} if load.mix is None else dict(load.mix.items())
        if snapshot is None:
            return LoadView(
                running=self._load.running,
                rps=rps,
                mix=mix,
                turns=self._load.turns,
                corpus=self._corpus,
            )
        recent = self._load.book.window(int(now_s) - RATE_WINDOW_S, int(now_s))["all"]
        gauges, quality = snapshot.gauges, snapshot.quality
        return LoadView(
            running=self._load.running,
            rps=rps,
            mix=mix,
            sent_rps=round((recent.due - recent.shed) / RATE_WINDOW_S, 2),
            in_flight=gauges.in_flight,
            waiting=gauges.waiting,
            streaming=gauges.streaming,
            conversations=gauges.conversations,
            turns=self._load.turns,
            output_tokens_s=round(recent.tokens / RATE_WINDOW_S, 1),
            slip_p99_ms=quality.slip_p99_ms,
            light=quality.light,
            light_reason=quality.reason,
            stamp_source=quality.stamp_source,
            stamp_reason=quality.stamp_reason,
            corpus=self._corpus,
            followups="the bundled list" if gauges.followups_notice else gauges.followups_model,
            dots=self._load.recent.dots,
            answer=snapshot.answer,
        )

    def _workloads(self, window: WindowStats, now_s: float) -> dict[str, WorkloadView]:
        totals, slo = self._load.book.totals(), self._env.slo
        length_s = now_s - window.start_s
        return {
            key: _workload(totals[key], tally, slo, length_s)
            for key, tally in window.by_key.items()
        }

    def _holder(self) -> str:
        lease = self._cluster.writer.lease
        return lease.holder if lease.held else lease.rival

    def _problem(self) -> str:
        poller = self._cluster.poller
        if poller.fresh is None:
            return poller.problem or "the cluster has not answered yet"
        if self._load.snapshot is None:
            return "the load process does not report"
        if self._conductor.problem:
            return self._conductor.problem
        keda = poller.fresh.keda
        if self._conductor.mode == "manual" and keda.state == "blind":
            return f"keda scales by nothing: {keda.blind}"
        return ""


def quantiles(histogram: Histogram, goal_s: float) -> Quantiles:
    """The quantiles of a histogram of seconds, in milliseconds, and its share inside the goal."""
    found = [histogram.quantile(q) for q in (0.5, 0.95, 0.99)]
    p50, p95, p99 = (None if value is None else round(value * 1000, 2) for value in found)
    in_goal = round(at_most(histogram, goal_s) / histogram.n, 4) if histogram.n else None
    return Quantiles(histogram.n, p50, p95, p99, in_goal)


def _workload(total: Tally, recent: Tally, slo: Slo, length_s: float) -> WorkloadView:
    some_ended = recent.answers > 0 or recent.open < recent.due
    return WorkloadView(
        due=total.due,
        ok=total.ok,
        shed=total.shed,
        failed=total.failed_total,
        failed_recent=recent.failed_total,
        ttft=quantiles(recent.ttft, slo.ttft_p95_s),
        itl=quantiles(recent.itl, slo.itl_p95_s),
        tpot=quantiles(recent.tpot, slo.itl_p95_s),
        good_rps=round(recent.good_answers / length_s, 3) if some_ended else None,
        goodput=_rounded(recent.good_share, 3),
    )


def pools(state: ClusterState | None) -> list[PoolView]:
    """Both pools as they were polled; unknown without a state."""
    if state is None:
        return [PoolView(role) for role in ROLES]
    return [
        PoolView(
            role,
            pool.desired,
            pool.ready,
            pool.pending,
            pool.draining,
            pool.reasons[0] if pool.reasons else "",
        )
        for role, pool in state.pools.items()
    ]


def pods(state: ClusterState | None) -> list[PodView]:
    """Every worker as it was polled."""
    pools = () if state is None else state.pools.values()
    return [pod for pool in pools for pod in pool.pods]


def _strip(environment: Environment) -> list[StripItem]:
    return [
        StripItem(
            str(phase.name),
            phase.duration_s + (phase.settle.duration_s if phase.settle else 0),
            str(phase.ratio),
            phase.narration,
        )
        for phase in environment.table.phases
    ]


def _rounded(value: float | None, digits: int = 2) -> float | None:
    return None if value is None else round(value, digits)
