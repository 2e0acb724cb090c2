"""Requests made before they are due.

Text for a long prompt takes milliseconds to put together, and a request that is due must not wait
for it. So the next one is made right after the one before was sent; of a trace, whose requests may
come many at once, the next few.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from gtc_runtime.load.prompts.prompt import Prompt, RequestWriter

Made = tuple[Prompt, bytes]


class Prepared:
    """The next requests of a workload.

    Args:
        make: Makes the prompt of the slot with that number.
        writer: Writes the request.
        first: Number of the first slot.
        step: Distance between the numbers of two slots.
        ahead: How many are held ready.
        numbered: A request belongs to its number; else any will do.
    """

    def __init__(
        self,
        make: Callable[[int], Prompt],
        writer: RequestWriter,
        first: int = 0,
        step: int = 1,
        ahead: int = 1,
        numbered: bool = False,
    ) -> None:
        self._make = make
        self._writer = writer
        self._step = step
        self._ahead = ahead
        self._numbered = numbered
        self._next = first  # behind all that was taken or is ready
        self._ready: deque[tuple[int, Made]] = deque()
        self._refilling = False

    def take(self, number: int = 0) -> Made:
        """The prompt and the bytes of a request; made now if there was no time to prepare one."""
        while self._ready:
            prepared, made = self._ready.popleft()
            if prepared == number or not self._numbered:
                return made
        self._next = max(self._next, number + self._step)
        return self._made(number)

    def fill(self) -> None:
        """Make ready what there is room for."""
        while self._prepare():
            pass

    def refill(self, soon: Callable[..., object]) -> None:
        """Make ready what there is room for, one after the other.

        Args:
            soon: Calls a function later; what has arrived meanwhile comes first.
        """
        if not self._refilling:
            self._refilling = True
            soon(self._refill, soon)

    def _refill(self, soon: Callable[..., object]) -> None:
        if self._prepare():
            soon(self._refill, soon)
        else:
            self._refilling = False

    def _prepare(self) -> bool:
        """Make one more ready; whether there is room for another one."""
        if len(self._ready) < self._ahead:
            self._ready.append((self._next, self._made(self._next)))
            self._next += self._step
        return len(self._ready) < self._ahead

    def _made(self, number: int) -> Made:
        prompt = self._make(number)
        return prompt, self._writer.write(prompt)
