"""A recording as a demo: the pages draw it like a live one, and every command is refused.

Times stay as they were recorded. At its end it begins again: a screen in a booth does not go still.
It must not know pages.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from itertools import takewhile
from typing import Final, NoReturn

from gtc_panel.bridge import WINDOW_S
from gtc_runtime.actor import Actor
from gtc_runtime.recording.reader import Recording
from gtc_runtime.told import SafeReport
from gtc_runtime.view import DemoView
from gtc_spec.environment import Environment
from gtc_spec.errors import GtcError, UsageError
from gtc_spec.workloads import WorkloadMix

SPEEDS: Final = (0.1, 60.0)
_END_S: Final = 3.0
"""How long the last view stays, seconds of the viewer."""


class Replay:
    """Plays a recording; a `PanelPort`.

    Args:
        recording: What is played.
        speed: Seconds of the recording in one second, within `SPEEDS`.
        from_s: Where it begins, and begins again.
        until_s: Where it ends; None plays all of it.
        clock: Seconds of the viewer.

    Raises:
        UsageError: Speed or start lie outside.
    """

    def __init__(
        self,
        recording: Recording,
        *,
        speed: float = 1.0,
        from_s: float = 0.0,
        until_s: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        slowest, fastest = SPEEDS
        if not slowest <= speed <= fastest:
            raise UsageError(f"speed {speed:g}, allowed: {slowest:g} to {fastest:g}")
        if not 0 <= from_s <= recording.length_s:
            raise UsageError(f"start at {from_s:g} s, allowed: 0 to {recording.length_s:.0f} s")
        self.environment: Environment = recording.environment
        self._recording, self._speed, self._from_s = recording, speed, from_s
        self._length_s = (recording.length_s if until_s is None else until_s) - from_s
        self._clock, self._start_s = clock, clock()
        self._told_s = math.inf

    @property
    def position_s(self) -> float:
        """The second of the recording that is shown now."""
        elapsed_s = (self._clock() - self._start_s) * self._speed
        round_s = self._length_s + _END_S * self._speed
        return self._from_s + min(self._length_s, elapsed_s % round_s)

    def view(self) -> DemoView:
        """What was shown at that second."""
        return self._recording.view(self.position_s)

    def news(self) -> list[DemoView]:
        """What was shown since it was asked last, also when the recording began again meanwhile."""
        now_s, told_s = self.position_s, self._told_s
        self._told_s = now_s
        begin_s = self._from_s if now_s < told_s else math.nextafter(told_s, math.inf)
        lines = self._recording.views(max(begin_s, now_s - WINDOW_S))
        found = [view for _, view in takewhile(lambda line: line[0] <= now_s, lines)]
        return found or [self._recording.view(now_s)]

    @property
    def ready(self) -> bool:
        """It needs nothing."""
        return True

    def past(self) -> Iterator[DemoView]:
        """What was shown in the minutes before the start, for the charts."""
        for at_s, view in self._recording.views(max(0.0, self._from_s - WINDOW_S)):
            if at_s >= self._from_s:
                return
            yield view

    # -- commands -------------------------------------------------------------------------------

    async def start_load(self, *, by: Actor) -> None:  # noqa: D102
        self._refuse(by)

    async def stop_load(self, *, by: Actor) -> None:  # noqa: D102
        self._refuse(by)

    async def set_load(self, rps: float | None, mix: WorkloadMix | None, *, by: Actor) -> None:  # noqa: ARG002, D102
        self._refuse(by)

    async def auto(self, *, take_over: bool = False, by: Actor) -> None:  # noqa: ARG002, D102
        self._refuse(by)

    async def manual(self, *, by: Actor) -> None:  # noqa: D102
        self._refuse(by)

    async def reset(self, *, by: Actor) -> None:  # noqa: D102
        self._refuse(by)

    async def safe(self, *, by: Actor) -> SafeReport:  # noqa: D102
        self._refuse(by)

    async def hold(self, on: bool, *, by: Actor) -> None:  # noqa: ARG002, D102
        self._refuse(by)

    async def extend(self, *, by: Actor) -> None:  # noqa: D102
        self._refuse(by)

    async def next_phase(self, *, by: Actor) -> None:  # noqa: D102
        self._refuse(by)

    async def undo(self, *, by: Actor) -> None:  # noqa: D102
        self._refuse(by)

    async def resume_show(self, *, by: Actor) -> None:  # noqa: D102
        self._refuse(by)

    async def start_again(self, *, by: Actor) -> None:  # noqa: D102
        self._refuse(by)

    def _refuse(self, _by: Actor) -> NoReturn:
        raise GtcError(
            f"this is a recording of {self._recording.header.started}: it takes no commands",
            "go back to live, or gtc rehearse plays the demo",
        )
