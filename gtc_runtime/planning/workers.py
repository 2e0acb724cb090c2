"""Simulated workers of the planner: a FIFO prefill engine and a batching decode engine.

Step times come from the packaged profile. A decode worker advances many equal steps at once and is
interrupted at a step boundary, which makes a quarter of an hour take half a second of Python.
Laws: prefill FIFO without packing, decode admission reserves prompt plus answer and never evicts
(TensorRT-LLM's default), the first token leaves after the first decode step.
This module must not know phases, rates or pools.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from gtc_runtime.load.records import Key
from gtc_spec.profiles.profile import Profile

MAX_STEPS = 16
"""Steps that share one duration; in 16 steps the KV cache grows by under 1 % of a step time."""


@dataclass(eq=False)
class Request:
    """One request on its way through the cluster; times in seconds of the simulation."""

    key: Key
    due_s: float
    prompt_tokens: int
    output_tokens: int
    conversation: Conversation | None = None
    cached_tokens: int = 0


@dataclass(eq=False)
class Conversation:
    """A chat: its turns so far and where its prefix is cached."""

    turns_left: int
    prompt_tokens: int
    holder: PrefillWorker | None = None
    cached_tokens: int = 0
    turn: int = 1


class PrefillWorker:
    """One prefill engine: requests one after the other."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self.queue: deque[Request] = deque()
        self.current: Request | None = None
        self.draining = False
        self.link_free_s = 0.0

    @property
    def pending_tokens(self) -> int:
        """Uncached tokens that wait or run here; what the router compares."""
        waiting = sum(request.prompt_tokens - request.cached_tokens for request in self.queue)
        now = self.current
        return waiting + (now.prompt_tokens - now.cached_tokens if now else 0)

    @property
    def idle(self) -> bool:
        """Nothing waits and nothing runs."""
        return self.current is None and not self.queue

    def next_s(self) -> float | None:
        """Take the next request; its duration in seconds, or None when there is none."""
        if self.current is not None or not self.queue:
            return None
        self.current = self.queue.popleft()
        new = max(1, self.current.prompt_tokens - self.current.cached_tokens)
        return self._profile.prefill_ms(new, self.current.cached_tokens) / 1000

    def finish(self) -> Request:
        """Give back the request that is done."""
        assert self.current is not None  # noqa: S101 - only called for a running request
        done, self.current = self.current, None
        return done


@dataclass(order=True)
class _Running:
    ends_at_step: int
    order: int
    request: Request = field(compare=False)
    reserved_tokens: int = field(compare=False, default=0)


class DecodeWorker:
    """One decode engine with continuous batching.

    Args:
        profile: Step times.
        pool_tokens: KV tokens that fit.
        on_tokens: Called with (end time, step seconds, tokens, workload keys) per stretch of steps.
        on_first: Called with (request, time) when its first token leaves.
        on_done: Called with (request, time) when its last token has left.
    """

    def __init__(
        self,
        profile: Profile,
        pool_tokens: int,
        on_tokens: Callable[[float, float, dict[Key, int], int], None],
        on_first: Callable[[Request, float], None],
        on_done: Callable[[Request, float], None],
    ) -> None:
        self._profile = profile
        self._pool_tokens = pool_tokens
        self._on_tokens, self._on_first, self._on_done = on_tokens, on_first, on_done
        self._running: list[_Running] = []
        self._fresh: list[Request] = []
        self._waiting: deque[Request] = deque()
        self._keys: dict[Key, int] = {}
        self._kv_tokens = 0
        self._reserved_tokens = 0
        self._step = 0
        self._order = 0
        self._began_s = 0.0
        self._step_s = 0.0
        self._steps = 0
        self.version = 0
        self.draining = False
        self.link_free_s = 0.0

    @property
    def load_tokens(self) -> int:
        """KV tokens held or asked for; what the router compares."""
        return self._reserved_tokens + sum(r.prompt_tokens for r in self._waiting)

    @property
    def streams(self) -> int:
        """Sequences that run or wait here."""
        return len(self._running) + len(self._waiting)

    def add(self, request: Request) -> None:
        """Queue a request whose KV cache has arrived."""
        self._waiting.append(request)

    def interrupt_s(self, now_s: float) -> float | None:
        """When the current step ends, so that waiting requests can join; None when idle."""
        if not self._steps:
            return None
        done = min(self._steps, int((now_s - self._began_s) / self._step_s) + 1)
        self._steps = done
        return self._began_s + done * self._step_s

    def boundary(self, now_s: float) -> float | None:
        """A stretch ends: book its tokens, let requests leave and join, plan the next stretch.

        Returns:
            When the next stretch ends, or None when the worker is idle now.
        """
        if self._steps:
            self._book(now_s)
        self._admit()
        self._steps = 0
        if not self._running:
            return None
        batch = len(self._running)
        self._step_s = self._profile.decode_step_ms(batch, self._kv_tokens) / 1000
        until_leave = self._running[0].ends_at_step - self._step
        self._steps = 1 if self._fresh else max(1, min(MAX_STEPS, until_leave))
        self._began_s = now_s
        self.version += 1
        return now_s + self._steps * self._step_s

    def _book(self, now_s: float) -> None:
        batch = len(self._running)
        self._step += self._steps
        self._kv_tokens += batch * self._steps
        if len(self._fresh) < batch:
            counts = dict(self._keys)
            for request in self._fresh:
                counts[request.key] -= 1
            self._on_tokens(now_s, self._step_s, counts, self._steps)
        for request in self._fresh:
            self._on_first(request, now_s)
        self._fresh.clear()
        while self._running and self._running[0].ends_at_step <= self._step:
            done = heapq.heappop(self._running)
            request = done.request
            self._reserved_tokens -= done.reserved_tokens
            self._kv_tokens -= request.prompt_tokens + request.output_tokens
            self._keys[request.key] -= 1
            self._on_done(request, now_s)

    def _admit(self) -> None:
        while self._waiting:
            request = self._waiting[0]
            needed = request.prompt_tokens + request.output_tokens
            if self._running and self._reserved_tokens + needed > self._pool_tokens:
                return
            self._waiting.popleft()
            self._order += 1
            heapq.heappush(
                self._running,
                _Running(self._step + request.output_tokens, self._order, request, needed),
            )
            self._reserved_tokens += needed
            self._kv_tokens += request.prompt_tokens
            self._keys[request.key] = self._keys.get(request.key, 0) + 1
            self._fresh.append(request)
