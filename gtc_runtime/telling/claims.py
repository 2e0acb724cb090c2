"""All claims of the one view, looked at once a second at most: of the cycle, then by hand."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Final, TypeVar

from gtc_runtime.cluster.poller import Poller
from gtc_runtime.load.control import LoadControl
from gtc_runtime.scenario.conductor import Conductor
from gtc_runtime.telling.cycle_claims import CycleClaims
from gtc_runtime.telling.hand_claims import HandClaims
from gtc_runtime.told import ClaimView
from gtc_spec.environment import Environment

_Found = TypeVar("_Found")

EVERY_S: Final = 1.0
"""Statistics have slices of a second; looking more often finds nothing new."""
SHARE: Final = 0.01
"""Of a core that looking may take: a phase that is held grows, and so does a look at it."""


class Pace:
    """Says when to look again, by what looks cost: what the last two have both cost at least.

    One dear look says nothing of the next: the garbage collector runs in it, and takes half a
    second in a process of some age, for which the claims would stand still for a minute.

    Args:
        spent_s: Processor time so far, in seconds.
    """

    def __init__(self, spent_s: Callable[[], float] = time.thread_time) -> None:
        self._spent_s = spent_s
        self._next_s, self._cost_s = -math.inf, 0.0

    def due(self, now_s: float) -> bool:
        """Whether it is time."""
        return now_s >= self._next_s

    def look(self, now_s: float, look: Callable[[], _Found]) -> _Found:
        """Look now; the next time is a whole second."""
        before_s = self._spent_s()
        found = look()
        last_s, self._cost_s = self._cost_s, self._spent_s() - before_s
        wait_s = math.ceil(min(last_s, self._cost_s) / SHARE)
        self._next_s = math.floor(now_s) + max(EVERY_S, wait_s)
        return found


class Claims:
    """Keeps what it has found until it looks again.

    Args:
        environment: Whose story, and whose goals.
        conductor, load, poller: What to look at.
    """

    def __init__(
        self, environment: Environment, conductor: Conductor, load: LoadControl, poller: Poller
    ) -> None:
        self._conductor, self._load, self._poller = conductor, load, poller
        self._of_cycle, self._by_hand = CycleClaims(environment), HandClaims(environment.slo)
        self._log = conductor.log
        self._pace = Pace()
        self._found: tuple[ClaimView, ...] = ()

    def see(self, now_s: float) -> tuple[ClaimView, ...]:
        """The claims of now, a second old or, of a phase that is held, some."""
        if self._pace.due(now_s) or self._conductor.log is not self._log:
            self._found = self._pace.look(now_s, lambda: self._look(now_s))
        return self._found

    def _look(self, now_s: float) -> tuple[ClaimView, ...]:
        lead, book = self._conductor, self._load.book
        begun, self._log = lead.log is not self._log, lead.log
        of_cycle = self._of_cycle.see(lead.log, book, now_s, running=lead.state.index is not None)
        if begun or lead.mode != "manual":
            self._by_hand.forget()
        if lead.mode != "manual":
            return of_cycle
        fresh = self._poller.fresh
        ready = None if fresh is None else fresh.ready
        return of_cycle + self._by_hand.see(ready, self._load.load, book, now_s)
