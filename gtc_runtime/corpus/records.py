"""The three kinds of records of a corpus, one JSON object a line, with the plan's field names.

Every record says in `token_counter` who counted its tokens, see `gtc_runtime.corpus.tokens`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

DOCUMENT_TOKENS_MAX = 24_000
"""A longer document fits no request: `prompt_tokens_max` of every environment is this."""


def _plain(text: str) -> str:
    if not text.strip():
        raise ValueError("is empty")
    if "\0" in text:
        raise ValueError("holds a NUL character")
    if any("\ud800" <= sign <= "\udfff" for sign in text):
        raise ValueError("holds half a character")
    return text


Text = Annotated[str, AfterValidator(_plain)]
Tokens = Annotated[int, Field(ge=1, le=DOCUMENT_TOKENS_MAX)]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True)

    id: Text


class Passage(_Record):
    """A text that chat contexts are combined from, 250 to 500 tokens."""

    text: Text
    topic: Text
    token_count: Tokens
    token_counter: str = ""


class Document(_Record):
    """A long text to summarize."""

    title: Text
    text: Text
    source: Text
    licence: Text
    token_count: Tokens
    token_counter: str = ""


class ReasoningPrompt(_Record):
    """A short question that wants a long answer."""

    prompt: Text
    category: Text
    expected_output_length: Tokens
    """Tokens that an answer is likely to need."""
    prompt_token_count: Tokens
    token_counter: str = ""


Record = Passage | Document | ReasoningPrompt


def to_jsonl(records: Iterable[Record]) -> bytes:
    """The records as a file."""
    return "".join(f"{record.model_dump_json()}\n" for record in records).encode()
