"""Project Gutenberg: chapters of novels in the public domain."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from typing import Final

from gtc_runtime.corpus.sources.article import Article
from gtc_runtime.corpus.sources.client import MissingPageError, PoliteClient, SourceError

URL: Final = "https://www.gutenberg.org"
"""Its mirrors have the same paths. A few books at this pace are what a reader takes."""
BOOKS: Final = (1342, 84, 1661, 2701, 98, 345, 36, 1400, 120, 174, 768, 1260, 1184, 158, 161, 105)
"""Novels of the 19th century in English with numbered chapters; two runs of chapters each."""
LICENCE: Final = "public domain in the USA"
RUN_CHARACTERS: Final = 130_000
"""Longer than the longest document, so that it can be cut where a sentence ends."""
_CHAPTER_WORDS_MIN = 300
"""What is shorter is a line of the table of contents."""

_BODY = re.compile(
    r"^\*{3} ?START OF (?:THE|THIS) PROJECT GUTENBERG EBOOK.*?\*{3}$(.*?)"
    r"^\*{3} ?END OF (?:THE|THIS) PROJECT GUTENBERG EBOOK",
    re.MULTILINE | re.DOTALL,
)
_TITLE = re.compile(r"^Title: *(.+)$", re.MULTILINE)
_CHAPTER = re.compile(
    r"^[ \t]*(?:CHAPTER|Chapter|LETTER|Letter|STAVE|ADVENTURE)[ \t]+(?:[IVXLC]+|\d+|[A-Z]+)\b.*$",
    re.MULTILINE,
)
_ASIDE = re.compile(r"\[Illustration[^\]]*\]|\[Transcriber[^\]]*\]|^ *\*(?: *\*)+ *$", re.MULTILINE)


class Gutenberg:
    """Runs of chapters out of `BOOKS`."""

    name = "Project Gutenberg"
    interval_s = 2.0

    def __init__(self, url: str = URL, books: Sequence[int] | None = None) -> None:
        self._url, self._books = url.rstrip("/"), BOOKS if books is None else books

    async def articles(self, client: PoliteClient) -> AsyncIterator[Article]:
        """See `Source`."""
        for number in self._books:
            url = f"{self._url}/cache/epub/{number}/pg{number}.txt"
            try:
                page = await client.get(url, ("text/plain",))
            except MissingPageError:
                continue
            for at, (title, text) in enumerate(runs(page, url), 1):
                yield Article(f"gutenberg-{number}-{at}", title, text, url, LICENCE)


def runs(page: str, url: str) -> list[tuple[str, str]]:
    """Title and text of two runs of chapters of a book.

    Raises:
        SourceError: The page is not a book of Project Gutenberg.
    """
    page = page.replace("\r\n", "\n")
    body, title = _BODY.search(page), _TITLE.search(page)
    if body is None or title is None:
        raise SourceError(f"Project Gutenberg: {url} is not one of its books")
    chapters = _chapters(body[1])
    found = []
    for first in dict.fromkeys((0, len(chapters) // 2)):
        text = "\n\n".join(chapters[first:])
        if len(text) > RUN_CHARACTERS:
            text = text[:RUN_CHARACTERS].rpartition("\n\n")[0]
        if text:
            found.append((f"{title[1].strip()}, from chapter {first + 1}", text))
    return found


def _chapters(body: str) -> list[str]:
    """The chapters of a book, each with its heading, in flowing paragraphs."""
    starts = [found.start() for found in _CHAPTER.finditer(body)]
    pieces = [body[a:b] for a, b in zip(starts, [*starts[1:], len(body)], strict=True)]
    return [_flowing(each) for each in pieces if len(each.split()) >= _CHAPTER_WORDS_MIN]


def _flowing(text: str) -> str:
    """Paragraphs on one line each, without marks of the transcription."""
    plain = _ASIDE.sub("", text).replace("_", "")
    paragraphs = (" ".join(each.split()) for each in re.split(r"\n\s*\n", plain))
    return "\n\n".join(each for each in paragraphs if each)
