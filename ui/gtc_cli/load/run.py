"""One run of the load: what was asked for, and its figures while it goes on and afterwards.

Nothing is sent, drawn or written here.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from gtc_cli.load.probe.probe import ProbeResult
from gtc_runtime.load.demand.forms import Demand, Rate, Replay
from gtc_runtime.load.figures.slice_book import SliceBook, WindowStats
from gtc_runtime.load.figures.snapshot import Light, Quality, Snapshot
from gtc_runtime.load.figures.stats import Tally
from gtc_runtime.load.prompts.chosen import Chosen
from gtc_runtime.load.settings import LoadSettings
from gtc_runtime.load.shard import worst

DRAIN_S = 120.0
"""Longest wait for open requests at the end; 2,000 tokens at 33 ms take 66 s."""
LONGEST_S = 86_400.0
"""Statistics of single seconds are kept so long: 4 KB each at 700 requests a second, 350 MB of a
day, and no more after it."""
DRAWN_S = 4.0
"""Statistics that arrived so lately are not packed yet: a run is looked at twice a second at most,
and its memory must not grow while it goes on."""
_LIGHTS: tuple[Light, ...] = ("green", "amber", "red")


@dataclass(frozen=True)
class Plan:
    """What to run.

    Attributes:
        settings: What the load process is told.
        demand: The load.
        duration_s: How long requests are sent and measured; infinite where only their number or a
            trace ends them.
        warmup_s: How long requests are sent before that and not measured, the ramp left out.
    """

    settings: LoadSettings
    demand: Demand
    duration_s: float
    warmup_s: float = 0.0

    @property
    def lead_s(self) -> float:
        """Seconds of load that are not measured."""
        ramp_s = 0.0 if isinstance(self.demand, Replay) else self.demand.ramp_s
        return ramp_s + self.warmup_s

    @property
    def offered_rps(self) -> float | None:
        """The rate that was asked for; None in a closed loop and for a trace."""
        return self.demand.rps if isinstance(self.demand, Rate) else None


class Run:
    """A run and its figures, while it goes on and afterwards. Times are monotonic seconds.

    Args:
        plan: What is run.
        clock: Monotonic seconds, the clock of the statistics.

    Attributes:
        book: All statistics.
        newest: The latest snapshot; None before the first.
        began_s: When sending began; None before.
        load_ended_s: When sending ended; None before.
        target: What the server said about itself; None before it was asked.
        own: Prompts of one's own, as they were sent; None before, and for the workloads.
        interrupted: Whether it was ended early by hand.
        problem: Why the figures are not those of a whole run; empty when they are.
    """

    def __init__(self, plan: Plan, clock: Callable[[], float] = time.monotonic) -> None:
        self.plan, self.clock = plan, clock
        lasts_s = min(plan.lead_s + plan.duration_s, LONGEST_S)
        self.book = SliceBook(horizon_s=int(lasts_s + DRAIN_S) + 60, drawn_s=DRAWN_S)
        self.newest: Snapshot | None = None
        self.began_s: float | None = None
        self.load_ended_s: float | None = None
        self.target: ProbeResult | None = None
        self.own: Chosen | None = None
        self.interrupted = False
        self.problem = ""
        self.started = datetime.now(UTC)
        self.wall_minus_monotonic_s = time.time() - time.monotonic()
        self._lights: Counter[Light] = Counter()
        self._worst: Quality | None = None

    @property
    def elapsed_s(self) -> float:
        """How long requests have been sent."""
        if self.began_s is None:
            return 0.0
        return (self.load_ended_s or self.clock()) - self.began_s

    @property
    def measured_from_s(self) -> float | None:
        """From when on requests that are due count; None before the load began.

        Behind a ramp or a warm-up that is a whole second, for statistics are kept by seconds.
        """
        if self.began_s is None or not self.plan.lead_s:
            return self.began_s
        return float(math.ceil(self.began_s + self.plan.lead_s))

    @property
    def measures(self) -> bool:
        """Whether what is due now counts."""
        begin_s = self.measured_from_s
        return begin_s is not None and self.clock() >= begin_s

    @property
    def left_s(self) -> float:
        """How long requests are still to be sent."""
        return (self.measured_from_s or 0.0) + self.plan.duration_s - self.clock()

    @property
    def measured_length_s(self) -> float:
        """How long the measured part of the load was."""
        if self.measured_from_s is None:
            return 0.0
        return max(0.0, (self.load_ended_s or self.clock()) - self.measured_from_s)

    def figures(self) -> Mapping[str, Tally]:
        """What was due and what arrived since the measuring began, by key."""
        begin_s = self.measured_from_s
        if begin_s is None or self.newest is None:
            return self.book.window(0, 0).by_key
        return self.book.window(begin_s, max(begin_s, self.newest.at_s) + 1).by_key

    def window(self) -> WindowStats | None:
        """What was due and arrived in the whole seconds of measured load; None without one."""
        if self.measured_from_s is None:
            return None
        begin_s, end_s = math.ceil(self.measured_from_s), math.floor(self.load_ended_s or 0.0)
        return self.book.window(begin_s, end_s) if end_s > begin_s else None

    @property
    def in_flight(self) -> int:
        """Open requests, by the newest snapshot."""
        return self.newest.gauges.in_flight if self.newest is not None else 0

    @property
    def all_sent(self) -> bool:
        """Whether as many requests were due as were asked for."""
        if (wanted := self.plan.demand.requests) is None:
            return False
        seen = self.figures() if self.plan.lead_s else self.book.totals()  # much the cheaper one
        return seen["all"].due >= wanted

    def end_load(self) -> None:
        """No more requests are sent; where their number ended it, since the last one was due."""
        last_s = self.newest.gauges.last_due_s if self.newest is not None else 0.0
        self.load_ended_s = last_s if self.all_sent and last_s else self.clock()

    def take(self, snapshot: Snapshot) -> None:
        """Take in a snapshot of the load process."""
        self.newest = snapshot
        self.book.add(snapshot)
        if self.began_s is not None:
            self._lights[snapshot.quality.light] += 1
            before = () if self._worst is None else (self._worst,)
            self._worst = worst((*before, snapshot.quality))

    def light_shares(self) -> dict[Light, float]:
        """Share of the run (0..1) that each light was on."""
        seen = self._lights.total()
        return {light: self._lights[light] / seen if seen else 0.0 for light in _LIGHTS}

    def worst_quality(self) -> Quality:
        """The worst light with its words, and the worst of each figure of the run."""
        return self._worst or Quality()
