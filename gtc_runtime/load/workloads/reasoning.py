"""Workload C, reasoning: a short question in, a long answer out. It strains decode."""

from __future__ import annotations

import random

from gtc_runtime.load.library import Library
from gtc_runtime.load.prompt import Prompt, TokenRatio
from gtc_spec.serving import ReasoningShape


class Reasoning:
    """Makes short questions that want long answers."""

    def __init__(
        self, shape: ReasoningShape, library: Library, ratio: TokenRatio, seed: int
    ) -> None:
        self._shape = shape
        self._library = library
        self._ratio = ratio
        self._random = random.Random(seed)

    def next(self) -> Prompt:
        """A new question."""
        tokens = self._random.randint(*self._shape.prompt_tokens)
        words = self._ratio.words(tokens)
        opening = f"Problem {self._library.label()}."
        question = self._library.question(words - len(opening.split()))
        message = {"role": "user", "content": f"{opening} {question}"}
        answer = self._random.randint(*self._shape.output_tokens)
        # A model that stops early would take the strain off decode; nobody reads these answers.
        return Prompt([message], words, tokens, answer, exact=True)
