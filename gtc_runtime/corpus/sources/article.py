"""What a source yields, and what it is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from gtc_runtime.corpus.sources.client import PoliteClient


@dataclass(frozen=True)
class Article:
    """A long text, ready to be cut.

    Attributes:
        id: Unique over all sources.
        text: Paragraphs with empty lines between them.
        source: Address that it was fetched from.
        licence: Under which it may be used, a few words.
    """

    id: str
    title: str
    text: str
    source: str
    licence: str


class Source(Protocol):
    """A site with texts."""

    @property
    def name(self) -> str:
        """What the site is called in sentences."""

    @property
    def interval_s(self) -> float:
        """Shortest time between two requests that the site asks for."""

    def articles(self, client: PoliteClient) -> AsyncIterator[Article]:
        """Articles one after the other, each fetched when it is asked for.

        Raises:
            SourceError: The site does not answer, refuses, or answers something else.
        """
