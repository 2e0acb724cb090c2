"""The virtual clock: things to do in the order of their time."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable


class Events:
    """What is still to happen; equal times in the order in which they were said.

    Attributes:
        now_s: Seconds since the beginning.
    """

    __slots__ = ("_heap", "_order", "now_s")

    def __init__(self) -> None:
        self.now_s = 0.0
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._order = 0

    def at(self, when_s: float, event: Callable[[], None]) -> None:
        """Do something later."""
        self._order += 1
        heapq.heappush(self._heap, (when_s, self._order, event))

    def run(self, until_s: float = math.inf) -> None:
        """Let everything happen that is due up to a moment, and what follows from it until then."""
        heap = self._heap
        while heap and heap[0][0] <= until_s:
            self.now_s, _, event = heapq.heappop(heap)
            event()
        if until_s < math.inf:
            self.now_s = until_s
