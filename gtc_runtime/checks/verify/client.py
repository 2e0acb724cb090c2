"""Real requests, one answer awaited at a time: the load engine's connections without its schedule.

Times and token counts mean the same as those of the load, because the same code takes them. It must
not know what an answer is to prove.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from gtc_runtime.load.asking.dialect import Dialect
from gtc_runtime.load.figures.quality import QualityMeter
from gtc_runtime.load.figures.recorder import SliceRecorder
from gtc_runtime.load.prompts.library import Library
from gtc_runtime.load.prompts.makers import Makers
from gtc_runtime.load.prompts.prompt import Prompt, RequestWriter, TokenRatio
from gtc_runtime.load.records import Outcome, RequestRecord
from gtc_runtime.load.settings import Timeouts, check_url
from gtc_runtime.load.wire.asyncio_transport import Transport
from gtc_runtime.load.wire.exchange import Exchange
from gtc_runtime.load.wire.transports import transport_for
from gtc_spec.environment import Environment
from gtc_spec.workloads import Workload

ANSWER_S = 90.0
"""Longest wait for a whole answer; 20k tokens behind a queue of ten prefill in 30 s."""


@dataclass(frozen=True)
class Answer:
    """A request that has ended.

    Attributes:
        record: Its times and counts.
        text: What was answered; empty unless it was to be kept.
        cached_tokens: Prompt tokens from the KV cache by the server's usage; None if it is silent.
    """

    record: RequestRecord
    text: str = ""
    cached_tokens: int | None = None

    @property
    def ok(self) -> bool:
        """Whether it ended well and said something."""
        return self.record.outcome is Outcome.OK and self.record.ttft_s is not None

    @property
    def problem(self) -> str:
        """Class and words of the failure."""
        outcome = self.record.outcome
        if outcome is Outcome.OK:
            return "an answer without a single token"
        return f"{outcome}: {self.record.detail}" if self.record.detail else str(outcome)


class Client:
    """Sends requests of every workload and waits for each.

    Args:
        environment: Lengths, limits and the served name.
        url: Base address of the frontend.
        seed: Equal seeds send equal texts; another one finds no text of before in a cache.
    """

    def __init__(self, environment: Environment, url: str, seed: int) -> None:
        self._transport: Transport = transport_for(url, Timeouts())
        now_s = time.monotonic()
        self._meter = QualityMeter(
            self._transport.stamp_source, now_s, self._transport.stamp_reason
        )
        self._recorder = SliceRecorder()
        self._writer = RequestWriter(url, environment.model.served_name, Dialect())
        ratio = TokenRatio(environment.load.tokens_per_word)
        library = Library.open(None, seed)
        self._makers = Makers(environment.workloads, environment.load, library, ratio, seed)
        self.chat = self._makers.chat
        self.ratio = ratio

    def start(self) -> None:
        """Begin; needs a running loop."""
        self._transport.start(self._meter)

    async def close(self) -> None:
        """Close all connections; answers that are still awaited are lost."""
        await self._transport.close()

    def prompt(self, workload: Workload, max_tokens: int) -> Prompt:
        """A new prompt of a workload with an answer of at most that many tokens."""
        return short(self._makers.prompt(workload), max_tokens)

    async def ask(
        self,
        workload: Workload,
        prompt: Prompt,
        *,
        turn: int = 1,
        keep_text: bool = False,
        deadline_s: float = ANSWER_S,
    ) -> Answer:
        """Send one request and wait for its end.

        A cancelled wait closes the connection, so that the server stops answering too.
        """
        record = RequestRecord(workload, turn, time.monotonic())
        record.prompt_tokens, record.max_tokens = prompt.prompt_tokens, prompt.max_tokens
        over = asyncio.Event()
        exchange = Exchange(
            record,
            self._writer.write(prompt),
            self._recorder,
            self._meter,
            lambda _: over.set(),
            keep_text,
        )
        self._recorder.due(record)
        self._transport.send(exchange)
        try:
            async with asyncio.timeout(deadline_s):
                await over.wait()
        except TimeoutError:
            exchange.give_up(Outcome.TIMEOUT, f"not over after {deadline_s:g} s")
        finally:
            if not over.is_set():
                exchange.give_up(Outcome.CANCELLED)
            if record.outcome is not Outcome.OK:
                self._transport.abandon(exchange)
        events = exchange.response.events
        return Answer(record, events.text() if keep_text else "", _cached(events.usage()))


@contextlib.asynccontextmanager
async def connected(environment: Environment, url: str, seed: int) -> AsyncIterator[Client]:
    """A client while the context lasts.

    Raises:
        UsageError: The address is not one of an HTTP server.
    """
    check_url(url)
    client = Client(environment, url, seed)
    client.start()
    try:
        yield client
    finally:
        await client.close()


def short(prompt: Prompt, max_tokens: int) -> Prompt:
    """The same prompt with a shorter answer; its length is exact, so that runs compare."""
    return Prompt(
        prompt.messages,
        prompt.words,
        prompt.prompt_tokens,
        min(prompt.max_tokens, max_tokens),
        exact=True,
    )


def problems(answers: Sequence[Answer]) -> list[str]:
    """What went wrong, each once, the first one first."""
    return list(dict.fromkeys(answer.problem for answer in answers if not answer.ok))


def ttfts_s(answers: Sequence[Answer]) -> list[float]:
    """Service TTFT of the answers that ended well, seconds."""
    return [each.record.ttft_s for each in answers if each.ok and each.record.ttft_s is not None]


def _cached(usage: dict[str, Any]) -> int | None:
    details = usage.get("prompt_tokens_details")
    found = details.get("cached_tokens") if isinstance(details, dict) else None
    return found if isinstance(found, int) else None
