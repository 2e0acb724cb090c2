"""The texts that come with the package: passages, prompts and follow-up questions.

They are what a corpus is curated from, and what the load engine uses when there is no corpus.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from gtc_runtime.corpus.reader import Corpus
from gtc_runtime.corpus.records import Passage, ReasoningPrompt
from gtc_runtime.corpus.tokens import TokenCounter, estimate
from gtc_spec.errors import GtcError


@dataclass(frozen=True)
class BundledPassage:
    """A passage as it was written."""

    id: str
    title: str
    topic: str
    text: str

    @property
    def whole(self) -> str:
        """Title and text, as a reader sees it."""
        return f"{self.title}: {self.text}"


def passages() -> tuple[BundledPassage, ...]:
    """All passages, in the order of the file."""
    return tuple(BundledPassage(**each) for each in _read("passages.json"))


def prompts() -> tuple[dict[str, Any], ...]:
    """All prompts: `id`, `category`, `prompt`, `expected_output_length`."""
    return tuple(_read("prompts.json"))


def followup_questions() -> list[str]:
    """Questions that can follow any answer."""
    return list(_read("followups.json"))


def passage_record(passage: BundledPassage, counter: TokenCounter) -> Passage:
    """A passage as the corpus keeps it."""
    return Passage(
        id=passage.id,
        text=passage.whole,
        topic=passage.topic,
        token_count=counter.count(passage.whole),
        token_counter=counter.name,
    )


def prompt_record(prompt: dict[str, Any], counter: TokenCounter) -> ReasoningPrompt:
    """A prompt as the corpus keeps it."""
    return ReasoningPrompt(
        **prompt,
        prompt_token_count=counter.count(prompt["prompt"]),
        token_counter=counter.name,
    )


@cache
def corpus() -> Corpus:
    """The bundled texts as a corpus without documents."""
    counter = estimate()
    return Corpus(
        passages=tuple(passage_record(each, counter) for each in passages()),
        documents={},
        prompts=tuple(prompt_record(each, counter) for each in prompts()),
    )


def _read(name: str) -> list[Any]:
    try:
        text = (resources.files("gtc_runtime.corpus") / name).read_text(encoding="utf-8")
        data: list[Any] = json.loads(text)
    except (OSError, ValueError) as error:
        raise GtcError(f"cannot read the bundled texts {name}: {error}", "reinstall") from None
    return data
