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
        prompt_tokens_max: Longest prompt, tokens. Default: as the engine has it: vLLM and SGLang
            take what the model was made for, and a pool must have room for one sequence of it; an
            engine file is to take 24,000, or as much as its ``max_seq_len`` has room for.
        answer_tokens_max: Longest answer, tokens; said with ``prompt_tokens_max``. Both together
            must not be more than the model was made for: vLLM and SGLang refuse to start then.
            Default: likewise.
        gpus_per_worker: GPUs that one engine spans. Default: 1.
        kv_fraction: Share of the GPU memory for the KV pool, above 0 and below 1: TensorRT-LLM
            counts what the weights leave, vLLM and SGLang the whole, weights included. Default:
            None leaves it to the engine, or accepts any in an engine file.
        kv_dtype: Type of the KV pool, ``fp8`` or ``auto``. Default: None leaves it to the engine,
            or accepts any in an engine file.
        decode_batch_min: Fewest requests that a decode worker must take into one batch, by its
            engine file. Default: any.

    Raises:
        UsageError: A number is out of range, or one of the lengths is missing.
    """

    prompt_tokens_max: int | None = None
    answer_tokens_max: int | None = None
    gpus_per_worker: int = 1
    kv_fraction: float | None = None
    kv_dtype: KvType | None = None
    decode_batch_min: int | None = None

    def __post_init__(self) -> None:
        lengths = (self.prompt_tokens_max, self.answer_tokens_max)
        if None in lengths and lengths != (None, None):
            raise UsageError(
                f"engine_facts: got prompt_tokens_max={lengths[0]} and answer_tokens_max="
                f"{lengths[1]}, allowed: both or neither"
            )
        counted = (*lengths, self.gpus_per_worker, self.decode_batch_min)
        least = min(each for each in counted if each is not None)
        if least < 1:
            raise UsageError(
                f"engine_facts: got {least} tokens, gpus or requests, allowed: at least 1"
            )
        if self.kv_fraction is not None and not 0 < self.kv_fraction < 1:
            raise UsageError(
                f"engine_facts: kv_fraction is {self.kv_fraction:g}, allowed: above 0 and below 1"
            )

    @property
    def tokens_max(self) -> int | None:
        """Longest prompt plus longest answer; None where nobody has said them."""
        if self.prompt_tokens_max is None or self.answer_tokens_max is None:
            return None
        return self.prompt_tokens_max + self.answer_tokens_max
