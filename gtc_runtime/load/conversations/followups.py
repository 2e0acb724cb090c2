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

from gtc_runtime.load.conversations import followup_models
from gtc_runtime.load.conversations.followup_guard import SpendGuard
from gtc_runtime.load.prompts.library import followup_questions
from gtc_spec import foreign_json, serving
from gtc_spec.errors import GtcError

QUESTION_MAX = 400
"""Longest follow-up question, characters."""
CONTEXT_MAX = 1500
"""Characters of the context and of the latest answer that the small model gets."""

log = logging.getLogger(__name__)


class FollowUps(Protocol):
    """Something that can ask the next question."""

    @property
    def notice(self) -> str:
        """Why the bundled list has to stand in at present; empty when it does not."""

    @property
    def model(self) -> str:
        """The model that writes the questions; empty while none does."""

    async def ask(self, context: str, last_answer: str) -> str:
        """A question about `context` that follows `last_answer`; one line, never empty.

        Raises:
            OSError, TimeoutError, ValueError: There is none; the caller uses the bundled list.
        """

    async def close(self) -> None:
        """Give back what it holds."""


class CannedFollowUps:
    """Goes round a list of questions that fit any context."""

    notice = ""
    model = ""

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
        model: Name of the model to ask. Default: the first known one that the server offers.
        key: Bearer token; empty for none.
        timeout_s: Limit of one question.
        guard: What a question may cost; None when it costs nothing.
    """

    def __init__(
        self,
        url: str,
        model: str = "",
        key: str = "",
        timeout_s: float = 4.0,
        guard: SpendGuard | None = None,
    ) -> None:
        self._url = url.rstrip("/").removesuffix("/v1") + "/v1/chat/completions"
        self._base, self._key, self._wanted = url, key, model
        self.model = model
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._timeout_s = timeout_s
        self._guard = guard
        self._session: Any = None
        import aiohttp  # costs 0.3 s, and most load processes never need it

        self._aiohttp = aiohttp

    async def ask(self, context: str, last_answer: str) -> str:
        """One question written by the model."""
        if self._guard is None:
            return clean(_content(await self._post(context, last_answer)))
        self._guard.permit()
        try:
            data = await self._post(context, last_answer)
            question = clean(_content(data))
        except _RefusedError as error:
            self._guard.refused(error.status, error.retry_after_s)
            raise
        except (OSError, TimeoutError, ValueError):
            self._guard.failed()
            raise
        self._guard.answered(_tokens(data, context, last_answer))
        return question

    @property
    def notice(self) -> str:
        """See `FollowUps`."""
        return "" if self._guard is None else self._guard.notice

    async def _post(self, context: str, last_answer: str) -> Any:
        aiohttp = self._aiohttp
        if self._session is None:
            limit = aiohttp.ClientTimeout(total=self._timeout_s)
            self._session = aiohttp.ClientSession(timeout=limit, headers=self._headers)
        self.model = self.model or await self._choose()
        body = {"model": self.model, "max_tokens": 60, "messages": _messages(context, last_answer)}
        try:
            async with self._session.post(self._url, json=body) as response:
                if response.status == 404:
                    self.model = self._wanted  # retired: look for another one next time
                if response.status >= 400:
                    raise _RefusedError(response.status, response.headers.get("Retry-After", ""))
                return await response.json(loads=foreign_json.read)
        except aiohttp.ClientError as error:
            raise OSError(f"no follow-up question: {type(error).__name__}") from error

    async def _choose(self) -> str:
        """The model to ask; one without a list of models is asked for the one we like best."""
        try:
            models = await followup_models.offered(self._base, self._key, self._timeout_s)
            return followup_models.choose(models, any_will_do=not self._key)
        except followup_models.ListRefusedError as error:
            if error.status == 404:
                return serving.FOLLOWUP_MODELS[0]
            raise _RefusedError(error.status, "") from None
        except GtcError as error:
            raise OSError(f"no follow-up question: {error.message}") from None

    async def close(self) -> None:
        """Close the session."""
        if self._session is not None:
            await self._session.close()
            self._session = None


class _RefusedError(OSError):
    """The server answered with an error; its words stay out: they may repeat the key."""

    def __init__(self, status: int, retry_after: str) -> None:
        super().__init__(f"no follow-up question: the server answered {status}")
        self.status = status
        self.retry_after_s = float(retry_after) if retry_after.isdecimal() else None


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
    about = f"Context:\n{context[:CONTEXT_MAX]}\n\nLatest answer:\n{last_answer[:CONTEXT_MAX]}"
    return [{"role": "system", "content": task}, {"role": "user", "content": about}]


def _content(data: Any) -> str:
    try:
        content = data["choices"][0]["message"]["content"]
    except (KeyError, IndexError, TypeError):
        raise ValueError("the follow-up answer is not a chat completion") from None
    if not isinstance(content, str):
        raise ValueError("the follow-up answer has no text")  # noqa: TRY004  # bad data, no bug
    return content


def _tokens(data: Any, context: str, last_answer: str) -> int:
    """Tokens of one exchange by the server's count; by a token for four characters without one."""
    usage = data.get("usage") if isinstance(data, dict) else None
    total = usage.get("total_tokens") if isinstance(usage, dict) else None
    if isinstance(total, int) and total > 0:
        return total
    return (min(len(context), CONTEXT_MAX) + min(len(last_answer), CONTEXT_MAX)) // 4 + 100
