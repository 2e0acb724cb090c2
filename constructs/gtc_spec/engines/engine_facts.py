"""What the workers of one deployment have to provide for, whatever engine computes it.

Plain numbers. This module must not know an engine or an environment.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gtc_spec.arguments import checked
from gtc_spec.errors import UsageError

KvType = Literal["fp8", "auto"]
"""Type of the entries of a KV pool; ``auto`` is that of the model."""


@checked
@dataclass(frozen=True, kw_only=True)
class EngineFacts:
    """What the workers of one deployment have to provide for.

    Attributes:
        prompt_tokens_max: Longest prompt, tokens.
        answer_tokens_max: Longest answer, tokens. Both together must not be more than the model
            was made for: vLLM and SGLang refuse to start then.
        gpus_per_worker: GPUs that one engine spans. Default: 1.
        kv_fraction: Share of the GPU memory for the KV pool, above 0 and below 1: TensorRT-LLM
            counts what the weights leave, vLLM and SGLang the whole, weights included. Default:
            None leaves it to the engine, or accepts any in an engine file.
        kv_dtype: Type of the KV pool, ``fp8`` or ``auto``. Default: None leaves it to the engine,
            or accepts any in an engine file.

    Raises:
        UsageError: A number is out of range.
    """

    prompt_tokens_max: int
    answer_tokens_max: int
    gpus_per_worker: int = 1
    kv_fraction: float | None = None
    kv_dtype: KvType | None = None

    def __post_init__(self) -> None:
        least = min(self.prompt_tokens_max, self.answer_tokens_max, self.gpus_per_worker)
        if least < 1:
            raise UsageError(f"engine_facts: got {least} tokens or gpus, allowed: at least 1")
        if self.kv_fraction is not None and not 0 < self.kv_fraction < 1:
            raise UsageError(
                f"engine_facts: kv_fraction is {self.kv_fraction:g}, allowed: above 0 and below 1"
            )

    @property
    def tokens_max(self) -> int:
        """Longest prompt plus longest answer."""
        return self.prompt_tokens_max + self.answer_tokens_max
