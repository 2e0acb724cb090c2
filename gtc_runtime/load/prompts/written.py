"""Texts whose length in tokens is known without a tokenizer: common words, one token each."""

from __future__ import annotations

import random
from collections import Counter
from functools import lru_cache

from gtc_runtime.corpus import bundled
from gtc_runtime.load.prompts.chosen import Length, Synthetic, Wording
from gtc_runtime.load.prompts.prompt import Prompt

COMMON_WORDS = 400
"""Words to write with: two texts of 16 of them are equal once in 10^41."""
_LETTERS_MAX = 7
_BLOCKS_KEPT = 4_096
"""Blocks of a trace that are kept written, about 12 MB."""


def common_words(most: int = COMMON_WORDS) -> tuple[str, ...]:
    """The most frequent short words of the bundled texts, which every vocabulary has whole."""
    counted = Counter(
        word
        for passage in bundled.passages()
        for word in passage.text.split()
        if word.isascii() and word.isalpha() and word.islower() and len(word) <= _LETTERS_MAX
    )
    return tuple(word for word, _ in counted.most_common(most))


class SyntheticPrompts:
    """Prompts of random words.

    Args:
        chosen: Lengths and words.
        prompt_max, answer_max: Hard caps in tokens.
        seed: Equal seeds make equal prompts.
    """

    def __init__(self, chosen: Synthetic, prompt_max: int, answer_max: int, seed: int) -> None:
        self._chosen = chosen
        self._prompt_max, self._answer_max = prompt_max, answer_max
        self._chance = random.Random(seed)

    def prompt(self, number: int) -> Prompt:
        """The next prompt."""
        del number  # every one is new
        wording = self._chosen.wording
        words = wording.count(min(self._chosen.isl.draw(self._chance), self._prompt_max))
        text = " ".join((wording.words[0], *self._chance.choices(wording.words, k=words)))
        answer = min(self._chosen.osl.draw(self._chance), self._answer_max)
        return written_prompt(text, wording.tokens(words), answer)


class Blocks:
    """The text of each hash id: always the same, and unlike that of any other.

    Args:
        wording: The words.
        block_tokens: Tokens of a block.
    """

    def __init__(self, wording: Wording, block_tokens: int) -> None:
        self._words, self._tokens = wording.words, block_tokens
        self.text = lru_cache(_BLOCKS_KEPT)(self._text)

    def _text(self, name: int | str) -> str:
        return " ".join(random.Random(f"block {name}").choices(self._words, k=self._tokens))


def written_prompt(text: str, tokens: int, answer_tokens: int) -> Prompt:
    """A prompt of one message whose answer has to have its length."""
    messages = [{"role": "user", "content": text}]
    return Prompt(messages, 0, tokens, answer_tokens, exact=True)


def drawn(length: Length | None, chance: random.Random, otherwise: int) -> int:
    """A length that was chosen, or another one."""
    return otherwise if length is None else length.draw(chance)
