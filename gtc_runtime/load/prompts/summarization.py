"""Workload B, summarization: a long document in, a short summary out. It strains prefill."""

from __future__ import annotations

import random

from gtc_runtime.load.prompts.library import Library
from gtc_runtime.load.prompts.prompt import Prompt, TokenRatio
from gtc_spec.workloads import SingleShape

_TASK = "Summarize the report above for an engineer in one paragraph of five sentences."


class Summarization:
    """Makes documents that share no prefix with each other."""

    def __init__(self, shape: SingleShape, library: Library, ratio: TokenRatio, seed: int) -> None:
        self._shape = shape
        self._library = library
        self._ratio = ratio
        self._random = random.Random(seed)

    def next(self) -> Prompt:
        """A new document with its task."""
        wanted = self._ratio.words(self._random.randint(*self._shape.prompt_tokens))
        opening = f"{self._library.label()} is the number of this report."
        body = self._library.document(wanted - len(opening.split()) - len(_TASK.split()))
        content = f"{opening}\n\n{body}\n\n{_TASK}"
        words = len(content.split())
        return Prompt(
            [{"role": "user", "content": content}],
            words,
            self._ratio.tokens(words),
            self._random.randint(*self._shape.output_tokens),
        )
