"""A prompt as the engine sends it, and how words become tokens without a tokenizer.

The engine ships without the model's tokenizer. It counts words, multiplies by a ratio, and corrects
the ratio from the prompt tokens that the server reports.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from gtc_runtime.load.asking.access import Access
from gtc_runtime.load.asking.dialect import Dialect
from gtc_runtime.load.asking.endpoint import Endpoint

Message = dict[str, str]
"""`role` and `content`."""

_WEIGHT = 0.1
"""How much one answer moves the ratio."""
_WORDS_MIN = 500
"""Shorter prompts are mostly chat template and say little about the ratio."""
_BOUNDS = (0.5, 4.0)


@dataclass(frozen=True)
class Prompt:
    """What to ask for.

    Attributes:
        messages: The conversation so far.
        words: Words of our own text in it; 0 when the answers of the model are part of it.
        prompt_tokens: Expected length in tokens.
        max_tokens: Length of the answer to ask for.
        exact: The answer should be `max_tokens` long whatever the model wants to say.
    """

    messages: list[Message]
    words: int
    prompt_tokens: int
    max_tokens: int
    exact: bool = False


class TokenRatio:
    """Tokens of one word, corrected by what the server counts.

    Args:
        tokens_per_word: The estimate to start with.
    """

    def __init__(self, tokens_per_word: float) -> None:
        self.tokens_per_word = tokens_per_word

    def words(self, tokens: int) -> int:
        """How many words make `tokens` tokens; at least one."""
        return max(1, round(tokens / self.tokens_per_word))

    def tokens(self, words: int) -> int:
        """How many tokens `words` words make."""
        return round(words * self.tokens_per_word)

    def learn(self, words: int, tokens: int) -> None:
        """The server counted `tokens` prompt tokens for `words` words of ours."""
        if words < _WORDS_MIN or tokens <= 0:
            return
        seen = min(_BOUNDS[1], max(_BOUNDS[0], tokens / words))
        self.tokens_per_word += _WEIGHT * (seen - self.tokens_per_word)


class RequestWriter:
    """Writes the bytes of a streaming chat completion request.

    Args:
        url: Address of the server.
        model: Served name.
        dialect: How the server wants to be asked.
        key: Bearer token; empty for none.
        access: Headers of one's own.
    """

    def __init__(
        self, url: str, model: str, dialect: Dialect, key: str = "", access: Access | None = None
    ) -> None:
        endpoint = Endpoint.of(url)
        headers = {
            "Host": endpoint.host,
            "Content-Type": "application/json",
            "Accept": "text/event-stream",
            "Accept-Encoding": "identity",
            "User-Agent": "gtc-load",
        } | ({"Authorization": f"Bearer {key}"} if key else {})
        lines = "".join(
            f"{name}: {value}\r\n" for name, value in (access or Access()).merged(headers).items()
        )
        start = f"POST {endpoint.path(dialect.part)} HTTP/1.1\r\n"
        self._head = f"{start}{lines}Content-Length: ".encode()
        self._model, self._dialect = model, dialect

    def write(self, prompt: Prompt) -> bytes:
        """The whole request."""
        asked = self._dialect.body(prompt.messages, prompt.max_tokens, prompt.exact)
        body = json.dumps({"model": self._model, **asked}, separators=(",", ":")).encode()
        return b"%b%d\r\n\r\n%b" % (self._head, len(body), body)
