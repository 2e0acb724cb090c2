"""The one sentence of now, chosen by the figures of the view that it stands in.

Every phase has one for what is expected, seen, not seen yet, or settling. A sentence claims nothing
without its number, and only of the view that it is given: nothing else is looked at but the facts
of the show. A phase without a rule keeps its narration.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from gtc_runtime.formats import duration, rate, workers
from gtc_runtime.scenario import machine
from gtc_runtime.scenario.roster import grown
from gtc_runtime.telling import seen
from gtc_runtime.telling.seen import Seen
from gtc_runtime.told import SentenceView
from gtc_runtime.view import STALE_AFTER_S, DemoView, Mode
from gtc_spec.environment import Environment
from gtc_spec.phases import PhaseName, Segment, phase_title
from gtc_spec.pools import Role

NEWS_S: Final = 12.0
"""So long an order is what is told."""

MODES: Final[dict[Mode, SentenceView]] = {
    "unknown": SentenceView("Who drives the demo is not known yet."),
    "read-only": SentenceView("Another panel drives the demo; this one only shows."),
    "starting": SentenceView("The scenario takes over; KEDA is being paused.", "expected"),
    "stopping": SentenceView("The show ends; KEDA gets the workers back.", "settling"),
}
SILENT: Final = SentenceView("No figures now: the load client does not report.")
UNTRUSTED: Final = SentenceView("The load client is late: do not trust latencies now.")


class Sentences:
    """Chooses for the show of one environment.

    Args:
        environment: Facts and the phase table.
    """

    def __init__(self, environment: Environment) -> None:
        self._timeline = environment.timeline
        self._start = duration(environment.worker_start_s)
        self._cache_share = environment.story.kv_turn2_share_max or 1.0
        self._quantile = environment.story.itl_quantile
        self._rules: dict[PhaseName, Callable[[Seen, Segment], SentenceView | None]] = {
            PhaseName.BALANCED: lambda now, _: seen.goals(now),
            PhaseName.KV_CACHE_DEMO: lambda now, _: seen.cache(now, self._cache_share),
            PhaseName.PREFILL_STRESS: lambda now, _: seen.queue(now),
            PhaseName.PREFILL_RECOVERY: lambda now, _: seen.recovery(
                now, self._added("prefill", now, "p95")
            ),
            PhaseName.DECODE_STRESS: lambda now, _: seen.streams(now, self._quantile),
            PhaseName.DECODE_RECOVERY: lambda now, _: seen.recovery(
                now, self._added("decode", now, self._quantile)
            ),
            PhaseName.FULL_LOAD: lambda now, _: seen.goals(now),
            PhaseName.COOLDOWN: _fading,
        }

    def choose(self, view: DemoView) -> SentenceView:
        """The sentence of a view, whose own is not looked at."""
        if view.mode in MODES:
            return MODES[view.mode]
        now = Seen(view)
        if view.phase.index is None or view.phase.index >= len(self._timeline.segments):
            return self._by_hand(now)
        segment = self._timeline.segments[view.phase.index]
        rule = self._rules.get(segment.phase.name)
        found = (
            _unsaid(view)
            or self._settling(now, segment)
            or _starting(now)
            or self._ordered(now)
            or (rule and rule(now, segment))
        )
        return found or SentenceView(view.phase.narration)

    def _added(self, role: Role, now: Seen, quantile: str) -> seen.Added:
        place = now.view.phase.index or 0
        segments = self._timeline.segments
        before = segments[max(0, place - 1)].ratio.of(role)
        return seen.Added(role, before, segments[place].ratio.of(role), quantile)

    def _ordered(self, now: Seen) -> SentenceView | None:
        """What was ordered a moment ago and is not there yet."""
        desired, ready = now.ratio("desired"), now.ratio("ready")
        if desired is None or ready is None or not _is_news(now.view):
            return None
        more = grown(ready, desired)
        if not more:
            return None
        state = machine.State(index=now.view.phase.index)
        ahead = machine.ahead_of(self._timeline, state, desired)
        what = f"Ordered ahead for {ahead}: {more}" if ahead else f"Ordered: {more}"
        long = f"{what}, about {self._start} to start."
        return SentenceView(long if len(long.split()) <= seen.WORDS else f"{what}.", "expected")

    def _settling(self, now: Seen, segment: Segment) -> SentenceView | None:
        if segment.kind != "settle":
            return None
        for pool in now.view.pools:
            if pool.draining:
                going = workers(pool.draining, pool.role)
                return SentenceView(f"Settling: {going} draining, {now.open}.", "settling")
        place = (now.view.phase.index or 0) + 1
        following = self._timeline.segments[place % len(self._timeline.segments)]
        title = phase_title(following.phase.name)
        return SentenceView(f"Settling before {title}: {now.open}.", "settling")

    def _by_hand(self, now: Seen) -> SentenceView:
        view = now.view
        if _silent(view):
            return SILENT
        if not view.load.running:
            if view.load.in_flight:
                return SentenceView(f"Load is off; {now.open}.", "settling")
            return SentenceView(
                "No load runs; KEDA scales the workers."
                if view.keda == "active"
                else "No load runs."
            )
        return _unsaid(view) or _keda_starts(now) or seen.goals(now, "By hand, ")


def _unsaid(view: DemoView) -> SentenceView | None:
    """Why nothing may be said of requests and latencies."""
    if _silent(view):
        return SILENT
    return UNTRUSTED if view.load.light == "red" else None


def _silent(view: DemoView) -> bool:
    """Whether nobody knows what requests do now."""
    age_s = view.load_age_s
    return view.load.in_flight is None or age_s is None or age_s > STALE_AFTER_S


def _starting(now: Seen) -> SentenceView | None:
    """The gate of a phase is closed, and somebody is missing."""
    if not now.view.phase.waiting_for_workers:
        return None
    for pool in now.view.pools:
        if pool.desired and pool.ready is not None and pool.ready < pool.desired:
            have = f"{pool.ready} of {workers(pool.desired, pool.role)}"
            return SentenceView(f"Workers are starting: {have} ready.", "expected")
    return None


def _fading(now: Seen, segment: Segment) -> SentenceView | None:
    if segment.ramp_to_rps >= segment.rps:
        return seen.goals(now)
    return SentenceView(
        f"Load fades out: {rate(now.view.load.rps)} requests/s, {now.open}.", "holds"
    )


def _keda_starts(now: Seen) -> SentenceView | None:
    desired, ready = now.ratio("desired"), now.ratio("ready")
    if now.view.keda != "active" or desired is None or ready is None:
        return None
    more = grown(ready, desired)
    if not more:
        return None
    slow: seen.Measure = "itl" if desired.prefill <= ready.prefill else "ttft"
    figure = now.figure(slow, "p95")
    told = f"; {figure}, goal {now.goal(slow)}" if figure else ""
    text = f"KEDA starts {more}{told}."
    short = f"KEDA starts {more}."
    return SentenceView(text if len(text.split()) <= seen.WORDS else short, "expected")


def _is_news(view: DemoView) -> bool:
    """Whether workers were ordered within the last seconds."""
    newest = next((each for each in reversed(view.events[-6:]) if each.kind == "scale"), None)
    if newest is None:
        return False
    at, now = datetime.fromisoformat(newest.at), datetime.fromisoformat(view.at)
    return (now - at).total_seconds() <= NEWS_S
