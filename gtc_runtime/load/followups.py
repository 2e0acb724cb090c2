"""Where the next question of a conversation comes from.

The live demo asks a small model on Serverless Inference, the rehearsal asks a small server of its
own, and when neither answers in time the question comes from a bundled list: a conversation never
waits for its questions.
"""

from __future__ import annotations

import itertools
import logging
import unicodedata
from collections.abc import Sequence
from typing import Any, Protocol

from gtc_runtime.load.library import followup_questions

QUESTION_MAX = 400
"""Longest follow-up question, characters."""

log = logging.getLogger(__name__)


class FollowUps(Protocol):
    """Something that can ask the next question."""

    async def ask(self, context: str, last_answer: str) -> str:
        """A question about `context` that follows `last_answer`; one line, never empty.

        Raises:
            OSError, TimeoutError, ValueError: There is none; the caller uses the bundled list.
        """

    async def close(self) -> None:
        """Give back what it holds."""


class CannedFollowUps:
    """Goes round a list of questions that fit any context."""

    def __init__(self, questions: Sequence[str] | None = None) -> None:
        self._questions = itertools.cycle(questions or followup_questions())

    async def ask(self, context: str, last_answer: str) -> str:
        """The next question of the list, whatever the conversation is about."""
        del context, last_answer
        return next(self._questions)

    async def close(self) -> None:
        """Nothing to give back."""


class HttpFollowUps:
    """Asks an OpenAI-compatible chat completion server.

    Args:
        url: Base address, with or without `/v1`.
        model: Name of the model to ask.
        key: Bearer token; empty for none.
        timeout_s: Limit of one question.
    """

    def __init__(
        self, url: str, model: str = "followups", key: str = "", timeout_s: float = 4.0
    ) -> None:
        self._url = url.rstrip("/").removesuffix("/v1") + "/v1/chat/completions"
        self._model = model
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._timeout_s = timeout_s
        self._session: Any = None
        import aiohttp  # costs 0.3 s, and most load processes never need it

        self._aiohttp = aiohttp

    async def ask(self, context: str, last_answer: str) -> str:
        """One question written by the model."""
        aiohttp = self._aiohttp
        if self._session is None:
            limit = aiohttp.ClientTimeout(total=self._timeout_s)
            self._session = aiohttp.ClientSession(timeout=limit, headers=self._headers)
        body = {"model": self._model, "max_tokens": 60, "messages": _messages(context, last_answer)}
        try:
            async with self._session.post(self._url, json=body) as response:
                response.raise_for_status()
                data = await response.json()
        except aiohttp.ClientError as error:
            raise OSError(f"no follow-up question: {error}") from error
        return clean(_content(data))

    async def close(self) -> None:
        """Close the session."""
        if self._session is not None:
            await self._session.close()
            self._session = None


def clean(question: str) -> str:
    """A question on one line, without control characters, at most QUESTION_MAX characters.

    Raises:
        ValueError: Nothing is left.
    """
    plain = "".join(
        " " if unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Zl", "Zp") else sign
        for sign in question[: QUESTION_MAX * 4]
    )
    line = " ".join(plain.split())[:QUESTION_MAX].strip()
    if not line:
        raise ValueError("the follow-up question is empty")
    return line


def _messages(context: str, last_answer: str) -> list[dict[str, str]]:
    task = "Write the one short question that a curious reader asks next. Only the question."
    about = f"Context:\n{context[:1500]}\n\nLatest answer:\n{last_answer[:1500]}"
    return [{"role": "system", "content": task}, {"role": "user", "content": about}]


def _content(data: Any) -> str:
    try:
        content = data["choices"][0]["message"]["content"]
    except (KeyError, IndexError, TypeError):
        raise ValueError("the follow-up answer is not a chat completion") from None
    if not isinstance(content, str):
        raise ValueError("the follow-up answer has no text")  # noqa: TRY004  # bad data, no bug
    return content
