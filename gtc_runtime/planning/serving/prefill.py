"""One prefill worker: steps of packed chunks, a prefix cache, and an end of the link."""

from __future__ import annotations

from collections.abc import Callable

from gtc_runtime.planning.hardware import Hardware
from gtc_runtime.planning.serving.blocks import PrefixCache
from gtc_runtime.planning.serving.events import Events
from gtc_runtime.planning.serving.free_blocks import FreeBlocks
from gtc_runtime.planning.serving.meter import Meter
from gtc_runtime.planning.serving.prompts import Chunk, PromptQueue, step_s
from gtc_runtime.planning.serving.requests import Request


class PrefillWorker:
    """A prefill engine.

    Args:
        hardware: What it runs on.
        events: The clock.
        meter: Where its computing is noted.
        on_prefilled: Called with the worker and a request whose last chunk has ended.

    Attributes:
        link_free_s: When its end of the link is free.
        free_blocks: Its pool.
        turn: When the router took it last, counted in its choices.
    """

    def __init__(
        self,
        hardware: Hardware,
        events: Events,
        meter: Meter,
        on_prefilled: Callable[[PrefillWorker, Request], None],
    ) -> None:
        self._hardware, self._events, self._meter = hardware, events, meter
        self._on_prefilled = on_prefilled
        self._prompts = PromptQueue()
        self._step: list[Chunk] = []
        self._ahead: list[Chunk] = []
        self._cache = PrefixCache(hardware.pool_tokens, hardware.block_tokens)
        pool = hardware.pool_tokens // hardware.block_tokens
        self.free_blocks = FreeBlocks(pool, fresh=hardware.fresh_pool)
        self.link_free_s = 0.0
        self.turn = 0

    @property
    def idle(self) -> bool:
        """Nothing waits and nothing runs."""
        return not self._step and not self._prompts

    def cost(self, request: Request) -> float:
        """Tokens that it would compute before this one's first token: what the router compares."""
        return self._prompts.pending_tokens + request.prompt_tokens - self._hit(request)

    def add(self, request: Request) -> None:
        """Take a request."""
        request.routed_s = self._events.now_s
        request.cached_tokens = self._hit(request)
        self._prompts.add(request)
        if not self._step:
            self._begin()

    def _hit(self, request: Request) -> int:
        return self._cache.tokens_of(request.owner) if request.conversation else 0

    def _begin(self) -> None:
        self._step, self._ahead = self._ahead or self._cut(), []
        if not self._step:
            return
        now_s = self._events.now_s
        for request, _, before, _ in self._step:
            if before == request.cached_tokens:
                request.begun_s = now_s
        if self._hardware.schedules_ahead:
            self._ahead = self._cut()
        seconds = step_s(self._hardware, self._step)
        self._meter.busy_s += seconds
        self._events.at(now_s + seconds, self._end)

    def _cut(self) -> list[Chunk]:
        """What the next step computes."""
        room, prompts, chunks = self._hardware.step_tokens, self._prompts, list[Chunk]()
        while room > 0 and (request := prompts.next) is not None:
            if not prompts.begun:
                prompts.found(self._hit(request))
            chunk = prompts.cut(room)
            chunks.append(chunk)
            room -= chunk.tokens
        return chunks

    def _end(self) -> None:
        step, self._step = self._step, []
        self._prompts.computed(step)
        ended = [chunk.request for chunk in step if chunk.last]
        for request in ended:
            request.prefilled_s = self._events.now_s
            self._cache.put(request.owner, request.prompt_tokens)
        self._begin()
        for request in ended:
            self._on_prefilled(self, request)
