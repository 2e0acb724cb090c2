"""Which prompts one worker still holds in its KV blocks."""

from __future__ import annotations

from collections import OrderedDict


class PrefixCache:
    """Whole blocks of prompts that one worker holds; what was used least recently goes first.

    Of a prompt the end goes before the beginning, as engines free them, so that what is left is
    still a prefix.

    Args:
        pool_tokens: KV tokens of the worker.
        block_tokens: Tokens of a block; only whole blocks hit.
    """

    __slots__ = ("_block", "_blocks", "_held", "_most")

    def __init__(self, pool_tokens: int, block_tokens: int) -> None:
        self._block = block_tokens
        self._most = pool_tokens // block_tokens
        self._held: OrderedDict[object, int] = OrderedDict()
        self._blocks = 0

    def tokens_of(self, owner: object) -> int:
        """Tokens at the beginning of the owner's prompt that are held."""
        return self._held.get(owner, 0) * self._block

    def put(self, owner: object, tokens: int) -> None:
        """Hold the whole blocks of a prompt, at the cost of what was used least recently."""
        blocks = min(tokens // self._block, self._most)
        self._blocks += blocks - self._held.pop(owner, 0)
        self._held[owner] = blocks
        while self._blocks > self._most:
            oldest, held = next(iter(self._held.items()))
            gone = min(held, self._blocks - self._most)
            self._blocks -= gone
            if gone == held:
                del self._held[oldest]
            else:
                self._held[oldest] = held - gone
