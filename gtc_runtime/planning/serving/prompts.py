"""Prompts that wait for their prefill, and the engine steps that they are cut into.

A step holds up to a number of tokens, packed in the order of arrival: the last chunk of one prompt
shares its step with the first one of the next. This module must not know workers or pools.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from gtc_runtime.planning.hardware import Hardware
from gtc_runtime.planning.serving.requests import Request


class Chunk(NamedTuple):
    """Part of a prompt that one step computes.

    Attributes:
        request: Whose.
        tokens: Tokens to compute.
        before: Tokens of the prompt before them, cached or computed.
        last: Whether the prompt is done with it.
    """

    request: Request
    tokens: int
    before: int
    last: bool


class PromptQueue:
    """Prompts in the order of arrival.

    Attributes:
        pending_tokens: Tokens that wait or run; what the router compares.
    """

    __slots__ = ("_done", "_prompts", "pending_tokens")

    def __init__(self) -> None:
        self._prompts: deque[Request] = deque()  # requests of one simulation
        self._done = 0  # tokens of the first one that were computed
        self.pending_tokens = 0

    def __len__(self) -> int:
        return len(self._prompts)

    def add(self, request: Request) -> None:
        """A prompt arrives; its cached tokens are known."""
        self._prompts.append(request)
        self.pending_tokens += request.new_tokens

    @property
    def next(self) -> Request | None:
        """Whose chunk comes next; None when nothing waits."""
        return self._prompts[0] if self._prompts else None

    @property
    def begun(self) -> bool:
        """Whether the next one was begun in an earlier step."""
        return self._done > 0

    def found(self, cached_tokens: int) -> None:
        """The next one, not begun yet, finds so many tokens in the cache after all."""
        request = self._prompts[0]
        self.pending_tokens -= request.new_tokens
        request.cached_tokens = cached_tokens
        self.pending_tokens += request.new_tokens

    def cut(self, most_tokens: int) -> Chunk:
        """Cut the next chunk off; it stays pending until `computed`."""
        request = self._prompts[0]
        left = request.new_tokens - self._done
        tokens = min(left, most_tokens)
        before = request.cached_tokens + self._done
        if tokens == left:
            self._prompts.popleft()
            self._done = 0
        else:
            self._done += tokens
        return Chunk(request, tokens, before, tokens == left)

    def computed(self, chunks: list[Chunk]) -> None:
        """A step has ended."""
        self.pending_tokens -= sum(chunk.tokens for chunk in chunks)


def step_s(hardware: Hardware, chunks: list[Chunk], more_tokens: int = 0) -> float:
    """Seconds of one step.

    All tokens pay for the weights together, and each chunk for attention to what its own prompt
    has before it.

    Args:
        hardware: Whose.
        chunks: What the step computes, at least one.
        more_tokens: Tokens of streams that decode in the same step; their attention is not in it.
    """
    own_tokens = sum(chunk.tokens for chunk in chunks)
    gpu_ms = _gpu_ms(hardware, chunks, own_tokens + more_tokens)
    more_s = 0.0 if more_tokens else hardware.step_more_s  # made ready while streams decode
    return gpu_ms / 1000 + own_tokens * hardware.step_us_per_token / 1e6 + more_s


def _gpu_ms(hardware: Hardware, chunks: list[Chunk], total: int) -> float:
    profile = hardware.profile
    if len(chunks) == 1 and chunks[0].tokens == total:
        before = chunks[0].before if hardware.prefix_attention else 0
        return profile.prefill_ms(total, before)
    together_ms = profile.prefill_ms(total)
    if not hardware.prefix_attention:
        return together_ms
    attention = sum(tokens * (before + tokens / 2) for _, tokens, before, _ in chunks)
    ms_more = profile.prefill_fit.ms_per_token_x_context * (attention - total * total / 2)
    return max(together_ms + ms_more, profile.prefill_fit.floor_ms)
