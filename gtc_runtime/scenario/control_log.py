"""Who changes the number of workers, since when, and on whose command.

Modes are ordered here and their effect is seen in the cluster, a little later. It must not know
how a mode is changed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from gtc_runtime.actor import Actor
from gtc_runtime.told import ControlView, Scaler
from gtc_runtime.view import KedaState, Mode

TAKES_EFFECT_S: Final = 60.0
"""A change that is seen this long after a command was not its doing: KEDA answers within 30 s."""


def who_scales(mode: Mode, keda: KedaState) -> Scaler | None:
    """Who changes the number of workers now; None when it is not known."""
    if mode in ("auto", "starting", "stopping") or keda == "paused-by-us":
        return "SCENARIO"
    if keda in ("active", "blind"):
        return "KEDA"
    return "HUMAN" if keda in ("absent", "paused-by-other") else None


class ControlLog:
    """Remembers the last change.

    Args:
        clock: Monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._seen = ControlView()
        self._by, self._ordered_s = "", -math.inf

    def ordered(self, by: Actor) -> None:
        """A command that may change who scales is being carried out."""
        self._by, self._ordered_s = str(by), self._clock()

    def see(self, mode: Mode, keda: KedaState) -> ControlView:
        """Who scales now, since when and by whom; while that is not known, nothing of it is told.

        What was so before anybody looked has no beginning, and what nobody of ours has ordered
        has nobody that it is by.
        """
        scaler = who_scales(mode, keda)
        if scaler is None:
            return ControlView()
        if scaler != self._seen.scaler:
            ours = scaler != "HUMAN" and self._clock() - self._ordered_s <= TAKES_EFFECT_S
            known = ours or self._seen.scaler is not None
            since = datetime.now(UTC).isoformat(timespec="seconds") if known else ""
            self._seen = ControlView(scaler, since, self._by if ours else "")
            self._ordered_s = -math.inf
        return self._seen
