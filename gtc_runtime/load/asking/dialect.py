"""What a server takes of the API, and what it gives back.

Servers that call themselves compatible differ in the fields of a request that they refuse. The
default is what engines for inference take; `gtc load run` finds out about others before it sends.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Message = Mapping[str, str]


class Dialect(BaseModel):
    """How one server wants to be asked.

    Attributes:
        ignore_eos: It takes `ignore_eos`, so answers can be as long as they should be.
        usage: Token counts come with every frame (`running`), at the `end`, or are not asked for
            (`none`). Counts in every frame cost the client more, and are asked for when given.
        length_field: What the length of an answer is called.
        tokens_min: Fewest tokens that may be asked for.
        system: It takes messages of the system; without, they go in front of the first question.
        endpoint: Chat completions, or plain completions of one text.
        extra: More fields of every request; they replace ours of the same name.
        finish_reasons: Whole answers say why they ended; without, `[DONE]` has to do.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    ignore_eos: bool = True
    usage: Literal["running", "end", "none"] = "end"
    length_field: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    tokens_min: int = Field(default=1, ge=1)
    system: bool = True
    finish_reasons: bool = True
    endpoint: Literal["chat", "completions"] = "chat"
    extra: Mapping[str, Any] = {}

    @property
    def part(self) -> str:
        """Which part of the API is asked."""
        return "chat/completions" if self.endpoint == "chat" else "completions"

    def body(self, messages: Sequence[Message], max_tokens: int, exact: bool) -> dict[str, Any]:
        """A streamed request for a completion, but for the model.

        Args:
            messages: The conversation.
            max_tokens: Length of the answer to ask for.
            exact: The answer should be as long as that.
        """
        body: dict[str, Any] = {
            "stream": True,
            **self._said(messages),
            self.length_field: max(self.tokens_min, max_tokens) if max_tokens else 0,
        }
        if self.usage != "none":
            running = {"continuous_usage_stats": True} if self.usage == "running" else {}
            body["stream_options"] = {"include_usage": True} | running
        if exact and self.ignore_eos:
            body["ignore_eos"] = True
        return body | dict(self.extra)

    def _said(self, messages: Sequence[Message]) -> dict[str, Any]:
        if self.endpoint == "completions":
            return {"prompt": "\n\n".join(each["content"] for each in messages)}
        return {"messages": messages if self.system else _without_system(messages)}


def _without_system(messages: Sequence[Message]) -> list[Message]:
    """The same words with those of the system in front of the first other message."""
    system = [each["content"] for each in messages if each["role"] == "system"]
    others = [each for each in messages if each["role"] != "system"]
    if not system or not others:
        return list(messages)
    first = {**others[0], "content": "\n\n".join((*system, others[0]["content"]))}
    return [first, *others[1:]]
