"""The sizes of the models that `gpu` times, and which of their steps; imports Python's own only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Shape:
    """The sizes of a model and the steps to time.

    Attributes:
        profile: The packaged profile to compare with; empty for none.
        fp8: Whether weights and KV cache are FP8; else both are BF16.
        prefill: New and cached tokens.
        decode: Sequences and tokens of context each.
    """

    profile: str
    layers: int
    hidden: int
    heads: int
    kv_heads: int
    head: int
    ffn: int
    vocabulary: int
    fp8: bool
    prefill: tuple[tuple[int, int], ...]
    decode: tuple[tuple[int, int], ...]


_LENGTHS: Final = (64, 128, 512, 1024, 2048, 4096, 8192, 10240, 16384, 20480)
_PREFILL: Final = (*((new, 0) for new in _LENGTHS), (128, 16384), (2048, 4096), (2048, 16384))
_DECODE: Final = tuple(
    (batch, context)
    for context, largest in ((512, 256), (1024, 256), (4096, 128), (12288, 16))
    for batch in (1, 16, 64, 128, 192, 256)
    if batch <= largest
)
SHAPES: Final = {
    "8b": Shape(
        *("llama-3.1-8b.h200.bf16.vllm", 32, 4096, 32, 8, 128, 14336, 128256, False),
        *(_PREFILL, _DECODE),
    ),
    "70b": Shape(
        *("llama-3.1-70b.h200.fp8.vllm", 80, 8192, 64, 8, 128, 28672, 128256, True),
        *(_PREFILL, _DECODE),
    ),
    "tiny": Shape("", 2, 64, 4, 2, 16, 128, 256, False, ((8, 0), (8, 8)), ((1, 16), (2, 16))),
}
"""Models by name; ``tiny`` is of no use but to see that all of it runs, on a CPU too."""
