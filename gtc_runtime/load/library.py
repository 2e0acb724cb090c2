"""The texts that prompts are made of, cut into words once so that a long prompt costs little.

The bundled set is small. Prompts stay different all the same: passages come in a fresh random order
each time, and every prompt begins with a line of its own, because servers share cached prefixes.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

from gtc_spec.errors import GtcError


@dataclass(frozen=True)
class Passage:
    """A titled text, cut into words; the title comes first and counts."""

    title: str
    words: tuple[str, ...]

    @classmethod
    def cut(cls, title: str, text: str) -> Passage:
        """Cut a title and its text into words."""
        return cls(title, (*f"{title}:".split(), *text.split()))


class Library:
    """Draws texts of a wanted length.

    Args:
        passages: Texts to combine into contexts and documents.
        questions: Short reasoning questions.
        requests: Sentences that can follow any question and make it longer.
        seed: Equal seeds draw equal texts.
    """

    def __init__(
        self,
        passages: Sequence[Passage],
        questions: Sequence[str],
        requests: Sequence[str],
        seed: int,
    ) -> None:
        self._passages = list(passages)
        self._questions = [question.split() for question in questions]
        self._requests = [request.split() for request in requests]
        self._random = random.Random(seed)

    @classmethod
    def bundled(cls, seed: int) -> Library:
        """The texts that come with the package."""
        texts = _read("passages.json")["passages"]
        prompts = _read("prompts.json")
        passages = [Passage.cut(each["title"], each["text"]) for each in texts]
        return cls(passages, prompts["questions"], prompts["requests"], seed)

    def label(self) -> str:
        """Eight hex digits that no other prompt has."""
        return f"{self._random.getrandbits(32):08x}"

    def text(self, words: int) -> str:
        """Exactly `words` words of titled passages in random order."""
        pieces: list[str] = []
        left = words
        while left > 0:
            order = self._random.sample(self._passages, len(self._passages))
            for passage in order:
                taken = passage.words[:left]
                pieces.append(" ".join(taken))
                left -= len(taken)
                if left <= 0:
                    break
        return "\n\n".join(pieces)

    def question(self, words: int) -> str:
        """A question of about `words` words: the longest that fits, made longer by requests."""
        fitting = [q for q in self._questions if len(q) <= words] or [min(self._questions, key=len)]
        near = sorted(fitting, key=len)[-8:]
        parts = [" ".join(self._random.choice(near))]
        left = words - len(parts[0].split())
        for request in self._random.sample(self._requests, len(self._requests)):
            if len(request) <= left:
                parts.append(" ".join(request))
                left -= len(request)
        return " ".join(parts)


def followup_questions() -> list[str]:
    """The bundled questions that can follow any answer."""
    questions: list[str] = _read("prompts.json")["followups"]
    return questions


def _read(name: str) -> dict[str, Any]:
    try:
        text = (resources.files("gtc_runtime.load") / "texts" / name).read_text(encoding="utf-8")
        data: dict[str, Any] = json.loads(text)
    except (OSError, ValueError) as error:
        raise GtcError(f"cannot read the bundled texts {name}: {error}", "reinstall") from None
    return data
