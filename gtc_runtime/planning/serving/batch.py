"""Sequences that decode together, and who may join them.

Admission reserves prompt and answer and nothing is ever evicted (TensorRT-LLM's default). This
module must not know when a step begins: it is told that steps have passed.
"""

from __future__ import annotations

import heapq
from typing import Protocol

from gtc_runtime.load.records import Key
from gtc_runtime.planning.hardware import Hardware
from gtc_runtime.planning.serving.requests import Request


class Listener(Protocol):
    """Who is told what the workers do."""

    def on_tokens(self, end_s: float, step_s: float, streams: dict[Key, int], steps: int) -> None:
        """So many streams of each key got a token in each of some equal steps, up to a moment.

        The dictionary is lent: it changes after the call.
        """

    def on_first(self, request: Request) -> None:
        """The first token of a request has left."""

    def on_done(self, request: Request) -> None:
        """The last token of a request has left."""


class Batch:
    """The sequences of one engine.

    Attributes:
        kv_tokens: KV tokens that its sequences hold.
        reserved_tokens: KV tokens that nobody else may have.
    """

    __slots__ = (
        *("_each_s", "_ends", "_fresh", "_listener", "_more_s", "_most", "_order", "_pool_tokens"),
        *("_profile", "_step", "_streams", "kv_tokens", "reserved_tokens"),
    )

    def __init__(self, hardware: Hardware, listener: Listener) -> None:
        self._profile, self._listener = hardware.profile, listener
        self._pool_tokens, self._most = hardware.pool_tokens, hardware.max_sequences
        self._more_s, self._each_s = hardware.decode_more_s, hardware.decode_us_per_stream / 1e6
        self._ends: list[tuple[int, int, Request]] = []  # the step after which each one is done
        self._fresh: list[Request] = []  # those whose first token the next step makes
        self._streams: dict[Key, int] = {}
        self._order = self._step = 0
        self.kv_tokens = self.reserved_tokens = 0

    def __len__(self) -> int:
        return len(self._ends)

    @property
    def has_fresh(self) -> bool:
        """Whether the next step makes somebody's first token."""
        return bool(self._fresh)

    @property
    def until_leave(self) -> int:
        """Steps until the next one is done; there must be one."""
        return self._ends[0][0] - self._step

    @property
    def step_s(self) -> float:
        """Seconds of the next step; there must be a sequence."""
        streams = len(self._ends)
        gpu_ms = self._profile.decode_step_ms(streams, self.kv_tokens)
        return gpu_ms / 1000 + self._more_s + streams * self._each_s

    def admits(self, request: Request) -> bool:
        """Whether there is room; a request that is larger than the pool runs alone."""
        if not self.reserved_tokens:
            return True
        needed = self.reserved_tokens + request.prompt_tokens + request.output_tokens
        return needed <= self._pool_tokens and len(self._ends) < self._most

    def reserve(self, request: Request) -> None:
        """Keep room for its prompt and answer."""
        self.reserved_tokens += request.prompt_tokens + request.output_tokens

    def join(self, request: Request, *, left: int, fresh: bool) -> None:
        """A sequence with room decodes from the next step on.

        Args:
            request: Whose.
            left: Tokens that are still to be made, at least one.
            fresh: Whether its next token is its first.
        """
        self._order += 1
        heapq.heappush(self._ends, (self._step + left, self._order, request))
        self.kv_tokens += request.prompt_tokens + request.output_tokens - left
        self._streams[request.key] = self._streams.get(request.key, 0) + 1
        if fresh:
            self._fresh.append(request)

    def advance(self, now_s: float, step_s: float, steps: int) -> None:
        """Some equal steps have ended: everybody has a token of each."""
        size = len(self._ends)
        self._step += steps
        self.kv_tokens += size * steps
        fresh, listener = self._fresh, self._listener
        if size > len(fresh):
            streams = self._streams
            if fresh:
                streams = dict(streams)
                for request in fresh:
                    streams[request.key] -= 1
            listener.on_tokens(now_s, step_s, streams, steps)
        if fresh:
            self._fresh = []
            for request in fresh:
                request.first_s = now_s
                listener.on_first(request)
        while self._ends and self._ends[0][0] <= self._step:
            _, _, request = heapq.heappop(self._ends)
            self.kv_tokens -= request.prompt_tokens + request.output_tokens
            self._streams[request.key] -= 1
            self.release(request, now_s)

    def release(self, request: Request, now_s: float) -> None:
        """A request with room is done."""
        self.reserved_tokens -= request.prompt_tokens + request.output_tokens
        request.done_s = now_s
        self._listener.on_done(request)
