"""The texts that prompts are made of, cut up once so that a long prompt costs little.

Prompts stay different although texts are few: passages come in a fresh random order each time, and
every prompt begins with a line of its own, because servers share cached prefixes.
"""

from __future__ import annotations

import logging
import random
from bisect import bisect_right
from itertools import accumulate
from pathlib import Path

from gtc_runtime.copies.directory import DirectoryStore
from gtc_runtime.corpus import bundled
from gtc_runtime.corpus.reader import Corpus, read_corpus
from gtc_runtime.corpus.records import ReasoningPrompt
from gtc_runtime.corpus.sentences import sentences
from gtc_spec.errors import GtcError

_LOOK_AT = 6
"""Questions that are compared for one answer length: enough for a fit, few enough to vary."""

log = logging.getLogger(__name__)


class Document:
    """A long text that can be cut after any sentence.

    Attributes:
        words: Of the whole text.
    """

    def __init__(self, text: str) -> None:
        self._sentences = sentences(text)
        self._words = list(accumulate(len(each.split()) for each in self._sentences))
        self.words = self._words[-1] if self._words else 0

    def beginning(self, words: int) -> str:
        """As many whole sentences as have at most `words` words, at least one."""
        whole = max(1, bisect_right(self._words, words))
        return "".join(self._sentences[:whole]).rstrip()


class Library:
    """Draws texts of a wanted length.

    Args:
        corpus: Where they come from; without documents these are composed of passages.
        seed: Equal seeds draw equal texts.
    """

    def __init__(self, corpus: Corpus, seed: int) -> None:
        self._passages = [tuple(passage.text.split()) for passage in corpus.passages]
        self._buckets = [
            [Document(each.text) for each in documents]
            for documents in corpus.documents.values()
            if documents
        ]
        # In order of their length: a request takes one of those that are short enough.
        counted = sorted((len(each.prompt.split()), at) for at, each in enumerate(corpus.prompts))
        self._prompt_words = [words for words, _ in counted]
        self._prompts = [corpus.prompts[at] for _, at in counted]
        self._random = random.Random(seed)

    @classmethod
    def bundled(cls, seed: int) -> Library:
        """The texts that come with the package."""
        return cls(bundled.corpus(), seed)

    @classmethod
    def open(cls, directory: Path | None, seed: int) -> Library:
        """The corpus in a directory; the bundled texts without one, or when it is not fit."""
        if directory is None:
            return cls.bundled(seed)
        try:
            return cls(read_corpus(DirectoryStore(directory)), seed)
        except GtcError as error:
            log.warning("the bundled texts are used: %s", error.message)
            return cls.bundled(seed)

    def label(self) -> str:
        """Eight hex digits that no other prompt has."""
        return f"{self._random.getrandbits(32):08x}"

    def text(self, words: int) -> str:
        """Exactly `words` words of passages in random order."""
        pieces: list[str] = []
        left = words
        while left > 0:
            order = self._random.sample(self._passages, len(self._passages))
            for passage in order:
                taken = passage[:left]
                pieces.append(" ".join(taken))
                left -= len(taken)
                if left <= 0:
                    break
        return "\n\n".join(pieces)

    def document(self, words: int) -> str:
        """About `words` words, never more: the beginning of a document that is long enough.

        It comes from the bucket of the shortest such documents. Where none is as long, further
        documents follow; without any document it is made of passages.
        """
        if not self._buckets:
            return self.text(words)
        for documents in self._buckets:
            fitting = [document for document in documents if document.words >= words]
            if fitting:
                return self._random.choice(fitting).beginning(words)
        return self._several(words)

    def _several(self, words: int) -> str:
        longest = self._buckets[-1]
        parts: list[str] = []
        for document in self._random.sample(longest, len(longest)):
            parts.append(document.beginning(words))
            words -= len(parts[-1].split())
            if words <= _SHORTEST_PART:
                break
        return "\n\n".join(parts)

    def question(self, words_max: int, answer_tokens: int) -> ReasoningPrompt:
        """A question of at most `words_max` words that wants about `answer_tokens` tokens."""
        fitting = max(1, bisect_right(self._prompt_words, words_max))
        few = self._random.sample(range(fitting), min(_LOOK_AT, fitting))
        return min(
            (self._prompts[at] for at in few),
            key=lambda each: abs(each.expected_output_length - answer_tokens),
        )


_SHORTEST_PART = 60
"""Words that are not worth another document."""


def followup_questions() -> list[str]:
    """The bundled questions that can follow any answer."""
    return bundled.followup_questions()
