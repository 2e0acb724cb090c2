"""Workload A, chat: conversations over a long context. From turn 2 on the KV cache pays."""

from __future__ import annotations

import random

from gtc_runtime.load.prompts.library import Library
from gtc_runtime.load.prompts.prompt import Message, Prompt, TokenRatio
from gtc_spec.workloads import ChatShape

_ROLE = (
    "You are the guide of this reference folder. Answer from its pages, in plain words, "
    "and say so when they do not cover a question."
)
_OPENING = "Which of these pages matter most when many people use the system at once, and why?"


class Conversation:
    """One conversation: its messages, how far it is and how long it will be.

    Args:
        messages: System message with the context, and the first question.
        words: Words of `messages`.
        prompt_tokens: Expected tokens of `messages`.
        turns: How many requests it will make.
        name: Its name in the log of requests.

    Attributes:
        turn: The turn that is next or under way, from 1.
        answer: Text of the latest answer.
        questions: What is asked in the turns to come; empty lets somebody make up questions.
        answer_tokens: Wanted length of the answer of each turn, where it is known before.
    """

    def __init__(
        self, messages: list[Message], words: int, prompt_tokens: int, turns: int, name: str
    ) -> None:
        self.name = name
        self.messages = messages
        self.words = words
        self.prompt_tokens = prompt_tokens
        self.turns = turns
        self.turn = 1
        self.answer = ""
        self.questions: list[str] = []
        self.answer_tokens: list[int | None] = []

    @property
    def last_turn(self) -> bool:
        """Whether no turn follows the present one."""
        return self.turn >= self.turns

    def answered(self, text: str, prompt_tokens: int, tokens: int) -> None:
        """The present turn was answered with `text`, which is not empty.

        Token counts are the server's, or ours.
        """
        self.answer = text
        self.prompt_tokens = prompt_tokens + tokens
        self.messages.append({"role": "assistant", "content": text})

    def ask(self, question: str, tokens: int) -> None:
        """Begin the next turn with `question`, about `tokens` tokens long."""
        self.turn += 1
        self.words = 0  # answers are part of the prompt now
        self.prompt_tokens += tokens
        self.messages.append({"role": "user", "content": question})


class Chat:
    """Begins conversations that share no prefix with each other."""

    def __init__(self, shape: ChatShape, library: Library, ratio: TokenRatio, seed: int) -> None:
        self._shape = shape
        self._library = library
        self._ratio = ratio
        self._random = random.Random(seed)

    def begin(self, number: int = 0) -> Conversation:
        """A new conversation with its context."""
        del number  # every one is new
        tokens = self._random.randint(*self._shape.context_tokens)
        words = self._ratio.words(tokens)
        label = self._library.label()
        opening = f"Folder {label}. {_ROLE}"
        context = self._library.text(words - len(opening.split()) - len(_OPENING.split()))
        messages = [
            {"role": "system", "content": f"{opening}\n\n{context}"},
            {"role": "user", "content": _OPENING},
        ]
        turns = self._random.randint(*self._shape.turns)
        return Conversation(messages, words, tokens, turns, f"folder {label}")

    def prompt(self, conversation: Conversation) -> Prompt:
        """The present turn of a conversation as a prompt."""
        reply = self._random.randint(*self._shape.reply_tokens)
        messages = list(conversation.messages)
        return Prompt(messages, conversation.words, conversation.prompt_tokens, reply)

    def think_s(self) -> float:
        """How long a person thinks before the next question, seconds."""
        return self._random.uniform(*self._shape.think_s)
