"""Requests made before they are due.

Text for a long prompt takes milliseconds to put together, and a request that is due must not wait
for it. So the next one is made right after the one before was sent.
"""

from __future__ import annotations

from collections.abc import Callable

from gtc_runtime.load.prompt import Prompt, RequestWriter


class Prepared:
    """The next request of a workload.

    Args:
        make: Makes a prompt.
        writer: Writes the request.
    """

    def __init__(self, make: Callable[[], Prompt], writer: RequestWriter) -> None:
        self._make = make
        self._writer = writer
        self._next: tuple[Prompt, bytes] | None = None

    def take(self) -> tuple[Prompt, bytes]:
        """The prompt and the bytes of a request; made now if there was no time to prepare one."""
        prompt_and_bytes = self._next or self._made()
        self._next = None
        return prompt_and_bytes

    def prepare(self) -> None:
        """Have the next one ready."""
        if self._next is None:
            self._next = self._made()

    def _made(self) -> tuple[Prompt, bytes]:
        prompt = self._make()
        return prompt, self._writer.write(prompt)
