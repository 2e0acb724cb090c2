"""Single requests beside the statistics: at low rates each of them can be seen.

Pure arithmetic: times come from the caller. It must not know who shows them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Final, NamedTuple

from gtc_runtime.load.records import Key
from gtc_runtime.told import DotView

AT_ONCE_MAX: Final = 200
"""No snapshot carries more; those beyond are left out."""
RECENT_S: Final = 5.0
"""How long a request is shown as a recent one."""


class Single(NamedTuple):
    """A request whose first token has arrived."""

    due_s: float
    """CLOCK_MONOTONIC."""
    ttft_s: float
    key: Key


class RecentSingles:
    """The requests of the last seconds, as a view shows them. Lives in the parent.

    Attributes:
        dots: In the order in which they were reported.
    """

    def __init__(self) -> None:
        self.dots: tuple[DotView, ...] = ()
        self._until: deque[tuple[float, DotView]] = deque()

    def add(self, singles: Iterable[Single], now_s: float, now_epoch_s: float) -> None:
        """Take in what was reported, and forget what is no longer recent.

        Args:
            singles: May be none.
            now_s: CLOCK_MONOTONIC.
            now_epoch_s: The same moment, seconds since 1970.
        """
        before = len(self._until)
        for due_s, ttft_s, key in singles:
            at_ms = round((now_epoch_s - now_s + due_s) * 1000)
            dot = DotView(at_ms, round(ttft_s * 1000, 1), key)
            self._until.append((now_s + RECENT_S, dot))
        changed = len(self._until) > before
        while self._until and self._until[0][0] <= now_s:
            self._until.popleft()
            changed = True
        if changed:
            self.dots = tuple(dot for _, dot in self._until)

    def clear(self) -> None:
        """Forget all."""
        self._until.clear()
        self.dots = ()
