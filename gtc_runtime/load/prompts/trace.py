"""Traces in Mooncake's form: when requests came, how long they were, and what they had in common.

A line is ``{"timestamp": ms, "input_length": tokens, "output_length": tokens, "hash_ids": [...]}``.
An id stands for a block of 512 tokens and for all blocks before it: rows that begin with the same
ids begin with the same text here, so that a server can use its cache as the traced one did. Tokens
beyond the blocks of a row belong to that row alone. The older names ``input_tokens``,
``output_tokens`` and ``created_time`` are read as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from gtc_runtime.load.prompts.chosen import TraceFile
from gtc_runtime.load.prompts.prompt import Prompt
from gtc_runtime.load.prompts.rows import Row, rows
from gtc_runtime.load.prompts.written import Blocks, written_prompt
from gtc_spec.errors import UsageError

_NAMES: Final = {
    "timestamp": ("timestamp", "created_time"),
    "input_length": ("input_length", "input_tokens"),
    "output_length": ("output_length", "output_tokens"),
}


@dataclass(frozen=True, slots=True)
class Traced:
    """One row.

    Attributes:
        at_s: When it came, from the beginning of the trace.
        prompt_tokens, answer_tokens: Its lengths.
        blocks: Its hash ids.
    """

    at_s: float
    prompt_tokens: int
    answer_tokens: int
    blocks: tuple[int | str, ...]


def read_trace(path: Path) -> list[Traced]:
    """The rows of a trace in the order of their times, the first at 0.

    Raises:
        UsageError: The file cannot be read, or a row is not of the form.
    """
    found = sorted((_traced(place, row) for place, row in rows(path)), key=lambda row: row.at_s)
    begin_s = found[0].at_s
    return [
        Traced(row.at_s - begin_s, row.prompt_tokens, row.answer_tokens, row.blocks)
        for row in found
    ]


def _traced(place: str, row: Row) -> Traced:
    at_ms, prompt, answer = (_number(place, row, name) for name in _NAMES)
    blocks = row.get("hash_ids") or []
    if not isinstance(blocks, list) or not all(isinstance(each, int | str) for each in blocks):
        raise UsageError(f"{place}: hash_ids is not a list of ids", "like [0, 1, 2]")
    return Traced(at_ms / 1000, max(1, round(prompt)), max(1, round(answer)), tuple(blocks))


def _number(place: str, row: Row, name: str) -> float:
    value: Any = next((row[each] for each in _NAMES[name] if each in row), None)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e15:
        raise UsageError(
            f"{place}: {name} is {value!r}, allowed: a number from 0",
            'a row is {"timestamp": ms, "input_length": n, "output_length": n, "hash_ids": [...]}',
        )
    return float(value)


class TracePrompts:
    """The prompts of a trace.

    Args:
        chosen: File, words and size of blocks.
        prompt_max, answer_max: Hard caps in tokens.
    """

    def __init__(self, chosen: TraceFile, prompt_max: int, answer_max: int) -> None:
        self._rows = read_trace(chosen.path)
        self._wording, self._block_tokens = chosen.wording, chosen.block_tokens
        self._blocks = Blocks(chosen.wording, chosen.block_tokens)
        self._prompt_max, self._answer_max = prompt_max, answer_max

    @property
    def offsets_s(self) -> Sequence[float]:
        """When each row is due, from the beginning."""
        return [row.at_s for row in self._rows]

    def prompt(self, number: int) -> Prompt:
        """The prompt of a row."""
        row = self._rows[number % len(self._rows)]
        words = self._wording.count(min(row.prompt_tokens, self._prompt_max))
        parts, left = [self._wording.words[0]], words
        for block in self._named(row, number, words):
            text = self._blocks.text(block)
            parts.append(text if left >= self._block_tokens else " ".join(text.split(" ")[:left]))
            left -= self._block_tokens
        tokens = self._wording.tokens(words)
        return written_prompt(" ".join(parts), tokens, min(row.answer_tokens, self._answer_max))

    def _named(self, row: Traced, number: int, words: int) -> list[int | str]:
        """The names of as many blocks as the words fill."""
        wanted = -(-words // self._block_tokens)
        own = (f"of row {number}, {each}" for each in range(len(row.blocks), wanted))
        return [*row.blocks[:wanted], *own]
