"""What a prefill and a decode step cost beyond the tables: two closed forms, pure arithmetic."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Positive = Annotated[float, Field(gt=0)]


class Frozen(BaseModel):
    """A part of a profile: whatever it does not know is refused, and nothing changes it."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class PrefillFit(Frozen):
    """Closed form of one prefill: ``max(floor, t0 + a n + b n (p + n / 2))`` milliseconds.

    ``n`` are new tokens and ``p`` cached ones; ``b`` is the attention to everything before.
    """

    t0_ms: float
    floor_ms: Positive
    ms_per_token: Positive
    ms_per_token_x_context: Positive

    def ms(self, new_tokens: float, cached_tokens: float) -> float:
        """Milliseconds for ``new_tokens`` behind ``cached_tokens``."""
        attention = new_tokens * (cached_tokens + new_tokens / 2)
        linear = self.t0_ms + self.ms_per_token * new_tokens
        return max(self.floor_ms, linear + self.ms_per_token_x_context * attention)


class DecodeFit(Frozen):
    """Closed form of one decode step: ``t0 + a B + b max(0, B - 128) + c B context`` ms."""

    t0_ms: Positive
    ms_per_seq: Positive
    ms_per_seq_over_128: Positive
    ms_per_kv_token: Positive

    def ms(self, batch: float, context_tokens: float) -> float:
        """Milliseconds for one step of ``batch`` sequences of ``context_tokens`` each."""
        many = self.ms_per_seq_over_128 * max(0.0, batch - 128)
        return (
            self.t0_ms
            + self.ms_per_seq * batch
            + many
            + (self.ms_per_kv_token * batch * context_tokens)
        )
