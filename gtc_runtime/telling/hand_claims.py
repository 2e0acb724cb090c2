"""Before and after while no show runs: what workers that KEDA or a hand has added did to a latency.

Judged against the goal, over the windows on screen. A claim is given up when the load changes
before its end, because nobody could say then which of both it was. It must not know who scales.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from gtc_runtime.load.demand.forms import Rate
from gtc_runtime.load.figures.slice_book import SliceBook
from gtc_runtime.telling.claim_words import Cause, Figures, chip, hand_text, name
from gtc_runtime.telling.recovery import Latency, Recovery, value_ms
from gtc_runtime.told import ClaimState, ClaimView
from gtc_runtime.view import WINDOW_S
from gtc_spec.phases import PhaseName
from gtc_spec.pools import ROLES, PDRatio, Role
from gtc_spec.serving import Slo

GIVE_UP_S: Final = 180.0
"""A latency that is not back so long after the workers were ready is not brought back by them."""
OF: Final[dict[Role, Latency]] = {
    "prefill": Latency("ttft", "p95", "all"),
    "decode": Latency("itl", "p95", "all"),
}
"""The latency that the workers of a pool are there for."""


@dataclass
class _Case:
    role: Role
    added: int
    ready_s: float
    before_ms: float
    recovery: Recovery
    state: ClaimState = "measuring"


class HandClaims:
    """Watches ready workers and load; the newest claim of each pool is kept.

    Args:
        slo: The goals.
    """

    def __init__(self, slo: Slo) -> None:
        self._goal_ms = {"ttft": slo.ttft_p95_s * 1000, "itl": slo.itl_p95_s * 1000}
        self._ready: PDRatio | None = None
        self._load: Rate | None = None
        self._cases: dict[Role, _Case] = {}

    def forget(self) -> None:
        """A show begins, or the statistics were zeroed."""
        self._ready, self._load, self._cases = None, None, {}

    def see(
        self, ready: PDRatio | None, load: Rate, book: SliceBook, now_s: float
    ) -> tuple[ClaimView, ...]:
        """What was measured by hand so far.

        Args:
            ready: Ready workers; None when nobody knows, then nothing has changed.
            load: What is sent.
            book: Statistics.
            now_s: Clock of the statistics.
        """
        if load != self._load:
            self._load = load
            over = {role: case for role, case in self._cases.items() if case.state != "measuring"}
            self._cases = over
        if ready is not None:
            before, self._ready = self._ready, ready
            if before is not None and load.rps > 0:
                for role in ROLES:
                    self._added(role, ready.of(role) - before.of(role), book, now_s)
        return tuple(self._view(case, book, now_s) for case in self._cases.values())

    def _added(self, role: Role, added: int, book: SliceBook, now_s: float) -> None:
        latency = OF[role]
        if added <= 0:
            return
        window = book.window(math.floor(now_s) - WINDOW_S, math.floor(now_s))
        before_ms = value_ms(window[latency.key], latency)
        running = self._cases.get(role)
        if running is not None and running.state == "measuring":
            added, before_ms = added + running.added, running.before_ms
        if before_ms is not None and before_ms > self._goal_ms[latency.measure]:
            self._cases.pop(role, None)  # the newest is the last
            self._cases[role] = _Case(role, added, now_s, before_ms, Recovery(latency, now_s))

    def _view(self, case: _Case, book: SliceBook, now_s: float) -> ClaimView:
        latency = OF[case.role]
        goal_ms = self._goal_ms[latency.measure]
        ready_for_s = now_s - case.ready_s
        if case.state == "measuring":
            case.recovery.look(book, math.floor(now_s) - 1, goal_ms)
            if case.recovery.after_s is not None:
                case.state = "held"
            elif ready_for_s > GIVE_UP_S:
                case.state = "failed"
        after_ms, back_s = case.recovery.value_ms, case.recovery.after_s
        cause = Cause(case.added, case.role, ready_for_s)
        told = Figures(
            name(latency.measure, latency.quantile), case.before_ms, after_ms, cause, back_s
        )
        return ClaimView(
            phase=str(PhaseName.IDLE),
            state=case.state,
            text=hand_text(case.state, told),
            chip=chip(told),
            claim=f"{latency.measure} {latency.quantile} back in goal",
            value=after_ms,
            limit=goal_ms,
            before_ms=case.before_ms,
            after_ms=after_ms,
            after_s=back_s,
            limit_ms=goal_ms,
            measure=latency.measure,
            quantile=latency.quantile,
        )
