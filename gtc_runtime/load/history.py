"""What rate and mix were before the presenter changed them, so that a change can be taken back.

A drag is one step: changes of one giver that follow each other closely belong together. It must
not know how load is set.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from gtc_runtime.actor import Actor
from gtc_spec.workloads import WorkloadMix

STEPS: Final = 10
ONE_STEP_S: Final = 1.0
"""Changes that follow each other within this time, by the same giver, are one step."""


@dataclass(frozen=True)
class Setting:
    """A rate and a mix that were chosen."""

    rps: float
    mix: WorkloadMix | None

    def __str__(self) -> str:
        """``0.8 rps, 40/30/30``."""
        return f"{self.rps:g} rps" + (f", {self.mix}" if self.mix is not None else "")


class LoadHistory:
    """The last steps, newest last.

    Args:
        clock: Monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._before: deque[Setting] = deque(maxlen=STEPS)
        self._by: Actor | None = None
        self._changed_s = -math.inf

    def changed(self, before: Setting, by: Actor) -> None:
        """A setting was changed; ``before`` is what it was."""
        now_s = self._clock()
        newest = self._before[-1] if self._before else None
        goes_on = newest and by == self._by and now_s - self._changed_s <= ONE_STEP_S
        if not goes_on and newest != before:  # an equal one: the last step has led nowhere
            self._before.append(before)
        self._by, self._changed_s = by, now_s

    def settled(self) -> Actor | None:
        """Who gave a step that has come to rest; None when none has since this was asked last."""
        if self._by is None or self._clock() - self._changed_s <= ONE_STEP_S:
            return None
        by, self._by = self._by, None
        return by

    def back(self, now: Setting) -> Setting | None:
        """What the setting was before the newest step that made it another one than ``now``."""
        return next((before for before in reversed(self._before) if before != now), None)

    def take_back(self, now: Setting) -> Setting | None:
        """The same, and the step is forgotten, with those after it that led nowhere."""
        before = self.back(now)
        if before is not None:
            while self._before.pop() == now:
                pass
            self._by = None
        return before

    def clear(self) -> None:
        """Forget every step."""
        self._before.clear()
        self._by = None
