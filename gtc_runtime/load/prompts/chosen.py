"""Which prompts were chosen; part of what a load process is told."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

BLOCK_TOKENS = 512
"""Tokens that a hash id of a Mooncake trace stands for: "the block size is 512" of the published
traces (Qin et al., Mooncake, FAST '25, section 4)."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Length(_Frozen):
    """Lengths in tokens, spread normally and at least one.

    Attributes:
        mean, stddev: Of the normal distribution.
    """

    mean: float = Field(ge=1)
    stddev: float = Field(default=0.0, ge=0)

    def draw(self, chance: random.Random) -> int:
        """One length."""
        return max(1, round(chance.gauss(self.mean, self.stddev) if self.stddev else self.mean))


class Wording(_Frozen):
    """How to write a text whose length in tokens is known.

    Attributes:
        words: Words that are one token each behind a space; the first one stands before all.
        overhead_tokens: Tokens of a prompt that consists of the first word alone.
        exact: The server has counted that it is so; else it is assumed.
    """

    words: tuple[str, ...] = Field(min_length=2)
    overhead_tokens: int = Field(default=1, ge=1)
    exact: bool = False

    def count(self, tokens: int) -> int:
        """How many words follow the first one in a prompt of so many tokens."""
        return max(0, tokens - self.overhead_tokens)

    def tokens(self, count: int) -> int:
        """How many tokens a prompt with so many words behind the first one has."""
        return self.overhead_tokens + count


class Synthetic(_Frozen):
    """Prompts of random words; no two share more of a prefix than chance gives them."""

    kind: Literal["synthetic"] = "synthetic"
    isl: Length
    osl: Length
    wording: Wording


class PromptFile(_Frozen):
    """Prompts and conversations of a file, in its order, from the start again at its end.

    Attributes:
        path: See `files`.
        osl: Length of the answers; None takes that of the row, else the environment's.
    """

    kind: Literal["file"] = "file"
    path: Path
    osl: Length | None = None


class TraceFile(_Frozen):
    """Prompts of a trace in Mooncake's form, see `trace`."""

    kind: Literal["trace"] = "trace"
    path: Path
    block_tokens: int = Field(default=BLOCK_TOKENS, ge=1)
    wording: Wording


Chosen = Synthetic | PromptFile | TraceFile
