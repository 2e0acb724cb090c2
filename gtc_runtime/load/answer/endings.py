"""Which finish reasons mean that an answer is whole.

The list is short on purpose: a word that is not on it ended the answer for another reason than the
model or the length asked for, and what came is not what a person asked for. `content_filter` is
such a word: somebody cut the answer. Words are those that servers send: OpenAI's, the engines' own
(vLLM, SGLang, TensorRT-LLM, TGI, llama.cpp) and those of providers behind compatible addresses.
"""

from __future__ import annotations

from typing import Final

_BY_ITSELF: Final = ("stop", "eos", "eos_token", "stop_sequence", "end_turn", "complete")
_AT_THE_LIMIT: Final = ("length", "max_tokens", "model_length", "max_length")
_BY_A_CALL: Final = ("tool_calls", "tool_use", "function_call")

WHOLE: Final = frozenset((*_BY_ITSELF, *_AT_THE_LIMIT, *_BY_A_CALL))
"""Finish reasons of a whole answer, in lower case."""


def is_whole(reason: str) -> bool:
    """Whether an answer with this finish reason is whole."""
    return reason.lower() in WHOLE
