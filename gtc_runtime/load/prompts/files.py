"""Prompts and conversations from a file.

Rows of three forms, which may be mixed, one JSON object a line or one list of them:

* ``{"prompt": "…"}``
* ``{"messages": [{"role": …, "content": …}, …]}``: one request, as it is
* ``{"conversations": [{"from": "human", "value": …}, {"from": "gpt", "value": …}, …]}`` (ShareGPT):
  each message of a person is one turn. The answers of the server that is measured take the place of
  the recorded ones, so that what its cache holds is what it has said.

A row may name the length of its answers in ``max_tokens`` (or ``output_length``); recorded answers
say how long theirs shall be.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from gtc_runtime.load.prompts.chat import Conversation
from gtc_runtime.load.prompts.chosen import PromptFile
from gtc_runtime.load.prompts.prompt import Message, Prompt, TokenRatio
from gtc_runtime.load.prompts.rows import Row, rows
from gtc_runtime.load.prompts.written import drawn
from gtc_spec.errors import UsageError

ANSWER_TOKENS: Final = 256
"""Longest answer where neither the row nor the command says one."""
_PEOPLE: Final = {
    "system": "system", "human": "user", "user": "user", "gpt": "assistant",
    "chatgpt": "assistant", "bing": "assistant", "bard": "assistant", "assistant": "assistant",
}  # fmt: skip
"""Who speaks in recorded conversations, as a role."""
_FORMS: Final = 'a row has "prompt", "messages" or "conversations" (ShareGPT)'


@dataclass(frozen=True)
class Script:
    """One conversation as a file has it.

    Attributes:
        opening: Messages before the first question: none, or the system's.
        questions: What the person says, turn by turn; one at least.
        answer_tokens: Length of the answer to each, where the file knows it.
    """

    opening: tuple[Message, ...]
    questions: tuple[str, ...]
    answer_tokens: tuple[int | None, ...]


def read_scripts(path: Path, ratio: TokenRatio) -> list[Script]:
    """All rows of a file.

    Args:
        path: The file.
        ratio: Makes tokens of the words of recorded answers.

    Raises:
        UsageError: The file cannot be read, or a row has none of the forms.
    """
    found = [_script(place, row, ratio) for place, row in rows(path)]
    if scripts := [each for each in found if each is not None]:
        return scripts
    raise UsageError(f"nobody asks anything in {path}", _FORMS)


class FilePrompts:
    """Conversations of a file, of one turn or more.

    Args:
        chosen: File and answer lengths.
        ratio: Tokens per word.
        answer_max: Hard cap in tokens.
        think_s: Shortest and longest pause of a person between two turns.
        seed: Of answer lengths and pauses.
    """

    def __init__(
        self, chosen: PromptFile, ratio: TokenRatio, answer_max: int,
        think_s: tuple[float, float], seed: int,
    ) -> None:  # fmt: skip
        self._scripts = read_scripts(chosen.path, ratio)
        self._osl, self._ratio, self._answer_max = chosen.osl, ratio, answer_max
        self._think_s = think_s
        self._chance = random.Random(seed)

    def begin(self, number: int) -> Conversation:
        """The conversation of a row."""
        script = self._scripts[number % len(self._scripts)]
        messages = [*script.opening, {"role": "user", "content": script.questions[0]}]
        words = sum(len(message["content"].split()) for message in messages)
        conversation = Conversation(
            messages, words, self._ratio.tokens(words), len(script.questions), f"own {number}"
        )
        conversation.questions = list(script.questions[1:])
        conversation.answer_tokens = list(script.answer_tokens)
        return conversation

    def prompt(self, conversation: Conversation) -> Prompt:
        """The present turn of a conversation as a prompt."""
        asked = conversation.answer_tokens[conversation.turn - 1]
        reply = drawn(self._osl, self._chance, ANSWER_TOKENS if asked is None else asked)
        return Prompt(
            list(conversation.messages), conversation.words, conversation.prompt_tokens,
            min(max(1, reply), self._answer_max), exact=self._osl is not None,
        )  # fmt: skip

    def think_s(self) -> float:
        """How long a person thinks before the next question, seconds."""
        return self._chance.uniform(*self._think_s)


def _script(place: str, row: Row, ratio: TokenRatio) -> Script | None:
    """A row as a conversation; None for a recorded one in which nobody asks anything."""
    asked = row.get("max_tokens", row.get("output_length"))
    if asked is not None and (isinstance(asked, bool) or not isinstance(asked, int) or asked < 1):
        raise UsageError(f"{place}: the length of the answer is {asked!r}, allowed: tokens from 1")
    if isinstance(prompt := row.get("prompt"), str):
        return Script((), (prompt,), (asked,))
    if isinstance(given := row.get("messages"), list):
        messages = [_message(place, each, "role", "content") for each in given]
        return _one_request(place, messages, asked, ratio)
    if isinstance(given := row.get("conversations"), list):
        return _recorded([_message(place, each, "from", "value") for each in given], asked, ratio)
    raise UsageError(
        f"{place} is no prompt, it has: {', '.join(map(str, row)) or 'nothing'}", _FORMS
    )


def _one_request(
    place: str, messages: list[Message], asked: int | None, ratio: TokenRatio
) -> Script:
    """Messages as the API takes them; an answer at their end says how long it shall be."""
    if messages and messages[-1]["role"] == "assistant":
        asked = asked or _tokens(messages.pop(), ratio)
    if not messages or messages[-1]["role"] != "user":
        raise UsageError(f"{place}: nobody asks anything", _FORMS)
    return Script(tuple(messages[:-1]), (messages[-1]["content"],), (asked,))


def _recorded(messages: list[Message], asked: int | None, ratio: TokenRatio) -> Script | None:
    opening = tuple(each for each in messages[:1] if each["role"] == "system")
    questions: list[str] = []
    lengths: list[int | None] = []
    for message in messages:
        if message["role"] == "user":
            questions.append(message["content"])
            lengths.append(asked)
        elif message["role"] == "assistant" and lengths and asked is None:
            lengths[-1] = _tokens(message, ratio)
    return Script(opening, tuple(questions), tuple(lengths)) if questions else None


def _tokens(message: Message, ratio: TokenRatio) -> int:
    return max(1, ratio.tokens(len(message["content"].split())))


def _message(place: str, given: Any, who: str, what: str) -> Message:
    if not isinstance(given, dict) or not isinstance(given.get(what), str):
        raise UsageError(f"{place}: a message has no text in {what!r}", _FORMS)
    name = str(given.get(who))
    role = _PEOPLE.get(name, name if who == "role" else "")
    if not role:
        raise UsageError(f"{place}: {name!r} says something", f"known: {', '.join(_PEOPLE)}")
    return {"role": role, "content": given[what]}
