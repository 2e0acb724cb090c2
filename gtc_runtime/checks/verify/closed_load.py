"""A fixed number of requests, always open: each answer is followed by the next request.

Unlike the load of the show it cannot pile up a queue that outlasts the proof.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

from gtc_runtime.checks.verify.client import Answer, Client
from gtc_spec.workloads import Workload

PAUSE_S = 1.0
"""After a failed answer, so that a frontend that refuses is not flooded."""


class ClosedLoad:
    """Open requests and what became of those that have ended.

    Attributes:
        answers: In the order of their end.
    """

    def __init__(self, client: Client, workload: Workload, max_tokens: int) -> None:
        self._client, self._workload, self._max_tokens = client, workload, max_tokens
        self.answers: list[Answer] = []

    def sent_between(self, start_s: float, end_s: float) -> list[Answer]:
        """Answers that ended well, of requests sent in a stretch of monotonic time."""
        return [
            each for each in self.answers
            if each.ok and start_s <= (each.record.send_s or 0.0) < end_s
        ]  # fmt: skip

    async def keep_one(self) -> None:
        """One request after the other, for ever."""
        while True:
            prompt = self._client.prompt(self._workload, self._max_tokens)
            answer = await self._client.ask(self._workload, prompt)
            self.answers.append(answer)
            if not answer.ok:
                await asyncio.sleep(PAUSE_S)


@contextlib.asynccontextmanager
async def kept_open(
    client: Client, workload: Workload, max_tokens: int, requests: int
) -> AsyncIterator[ClosedLoad]:
    """Keep that many requests open while the context lasts; they are cut at its end."""
    load = ClosedLoad(client, workload, max_tokens)
    tasks = [
        asyncio.create_task(load.keep_one(), name=f"closed load {number}")
        for number in range(requests)
    ]
    try:
        yield load
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def now_s() -> float:
    """The clock of `RequestRecord`."""
    return time.monotonic()
