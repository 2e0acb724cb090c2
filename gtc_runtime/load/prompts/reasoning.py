"""Workload C, reasoning: a short question in, a long answer out. It strains decode."""

from __future__ import annotations

import random

from gtc_runtime.load.prompts.library import Library
from gtc_runtime.load.prompts.prompt import Prompt, TokenRatio
from gtc_spec.workloads import SingleShape


class Reasoning:
    """Makes short questions that want long answers."""

    def __init__(self, shape: SingleShape, library: Library, ratio: TokenRatio, seed: int) -> None:
        self._shape = shape
        self._library = library
        self._ratio = ratio
        self._random = random.Random(seed)

    def next(self) -> Prompt:
        """A new question."""
        answer = self._random.randint(*self._shape.output_tokens)
        opening = f"Problem {self._library.label()}."
        words_max = self._ratio.words(self._shape.prompt_tokens[1]) - len(opening.split())
        content = f"{opening} {self._library.question(words_max, answer).prompt}"
        words = len(content.split())
        # A model that stops early would take the strain off decode; nobody reads these answers.
        return Prompt(
            [{"role": "user", "content": content}],
            words,
            self._ratio.tokens(words),
            answer,
            exact=True,
        )
