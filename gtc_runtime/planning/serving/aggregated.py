"""One aggregated worker: chunks of prompts and decoding streams share every engine step.

While a prompt is prefilled every stream waits for its chunk: that is what makes the tail of the
inter-token latency in aggregated serving.
"""

from __future__ import annotations

from gtc_runtime.planning.hardware import Hardware
from gtc_runtime.planning.serving.batch import Batch, Listener
from gtc_runtime.planning.serving.blocks import PrefixCache
from gtc_runtime.planning.serving.decode import MAX_STEPS, Stretch
from gtc_runtime.planning.serving.events import Events
from gtc_runtime.planning.serving.meter import Meter
from gtc_runtime.planning.serving.prompts import Chunk, PromptQueue, step_s
from gtc_runtime.planning.serving.requests import Request


class AggregatedWorker:
    """An engine that does both.

    Args:
        hardware: What it runs on.
        events: The clock.
        meter: Where its computing is noted.
        listener: Told of tokens.

    Attributes:
        turn: When the router took it last, counted in its choices.
    """

    def __init__(
        self, hardware: Hardware, events: Events, meter: Meter, listener: Listener
    ) -> None:
        self._hardware, self._events, self._meter = hardware, events, meter
        self._listener = listener
        self._batch = Batch(hardware, listener)
        self._prompts = PromptQueue()
        self._chunks: list[Chunk] = []
        self._ahead: list[Chunk] = []
        self._cache = PrefixCache(hardware.pool_tokens, hardware.block_tokens)
        self._stretch = Stretch(events, self._boundary)
        self.turn = 0

    @property
    def idle(self) -> bool:
        """Nothing runs and nothing waits."""
        return not (self._batch or self._prompts or self._chunks or self._ahead)

    def cost(self, request: Request) -> float:
        """Tokens to prefill before its first token, and KV tokens that decode beside it."""
        to_prefill = self._prompts.pending_tokens + request.prompt_tokens - self._hit(request)
        return to_prefill + self._batch.reserved_tokens

    def add(self, request: Request) -> None:
        """Take a request."""
        request.routed_s = self._events.now_s
        request.cached_tokens = self._hit(request)
        self._prompts.add(request)
        self._stretch.cut()

    def _hit(self, request: Request) -> int:
        return self._cache.tokens_of(request.owner) if request.conversation else 0

    def _boundary(self, steps: int, each_s: float) -> None:
        now_s, batch = self._events.now_s, self._batch
        self._meter.busy_s += steps * each_s
        if steps and batch:
            batch.advance(now_s, each_s, steps)
        self._end_chunks(now_s)
        filled = self._hardware.schedules_ahead and (batch or self._ahead)
        self._chunks, self._ahead = self._ahead if filled else self._cut(), []
        for request, _, before, _ in self._chunks:
            if before == request.cached_tokens:
                request.begun_s = now_s
        if self._hardware.schedules_ahead and (self._chunks or batch):
            self._ahead = self._cut()
        if self._chunks:
            steps, each_s = 1, self._mixed_s()
        elif batch:
            steps = 1 if self._ahead else min(MAX_STEPS, batch.until_leave)
            each_s = batch.step_s
        else:
            return
        self._stretch.begin(steps, each_s)

    def _cut(self) -> list[Chunk]:
        """The chunks of the next step."""
        room, chunks = self._hardware.step_tokens - len(self._batch), list[Chunk]()
        while room > 0 and (request := self._prompts.next) is not None:
            if not self._prompts.begun:
                if not self._batch.admits(request):
                    break
                self._batch.reserve(request)
                self._prompts.found(self._hit(request))
            chunk = self._prompts.cut(room)
            chunks.append(chunk)
            room -= chunk.tokens
        return chunks

    def _mixed_s(self) -> float:
        streams = len(self._batch)
        prefill_s = step_s(self._hardware, self._chunks, streams)
        if not streams:
            return prefill_s
        kv_ms = self._hardware.profile.decode_fit.ms_per_kv_token * self._batch.kv_tokens
        return max(self._batch.step_s, prefill_s + kv_ms / 1000)

    def _end_chunks(self, now_s: float) -> None:
        chunks, self._chunks = self._chunks, []
        self._prompts.computed(chunks)
        for chunk in chunks:
            if chunk.last:
                self._answer(chunk.request, now_s)

    def _answer(self, request: Request, now_s: float) -> None:
        """The step that ends a prefill makes the first token."""
        request.prefilled_s = request.handed_s = request.arrived_s = now_s
        request.admitted_s = request.first_s = now_s
        self._cache.put(request.owner, request.prompt_tokens + request.output_tokens)
        self._listener.on_first(request)
        if request.output_tokens > 1:
            self._batch.join(request, left=request.output_tokens - 1, fresh=False)
        else:
            self._batch.release(request, now_s)
