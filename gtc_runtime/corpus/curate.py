"""Builds a corpus: our own passages and prompts, and documents from the open web or composed.

It decides what is wanted and puts it together; sources fetch, `transfer` writes. A build that is
broken off leaves no corpus, and what it fetched is used again by the next one.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

from gtc_runtime.copies.directory import DirectoryStore
from gtc_runtime.copies.store import Store
from gtc_runtime.corpus import bundled, compose, manifest, sentences, transfer
from gtc_runtime.corpus.layout import (
    AMOUNTS,
    BUCKETS,
    PASSAGES,
    PROMPTS,
    BucketName,
    Size,
    documents_key,
)
from gtc_runtime.corpus.records import Document, Record
from gtc_runtime.corpus.sources import arxiv, gutenberg, sec
from gtc_runtime.corpus.sources.article import Article, Source
from gtc_runtime.corpus.sources.client import PoliteClient, SourceError
from gtc_runtime.corpus.tokens import TokenCounter
from gtc_spec.errors import UsageError

Say = Callable[[str], None]
Wanted = dict[BucketName, int]
Item = TypeVar("Item")

SHARES: Final[Mapping[str, Wanted]] = {
    "arxiv": {"short": 6, "medium": 4},
    "sec": {"medium": 4, "long": 8},
}
"""Documents of the full size by source; Project Gutenberg fills what is left."""
LAST_SOURCE: Final = "gutenberg"
ALIKE_MAX: Final = 0.2
"""Two documents that share more of their word groups are one document."""
AGENT: Final = "gtc-demo-corpus/1"


@dataclass(frozen=True)
class Order:
    """What to build.

    Attributes:
        out: Directory of the corpus.
        size: How many records.
        offline: Compose the documents from our passages.
        contact: Address that sites may write to; the SEC is left out without one.
        source_urls: Other places of sources, by name; mirrors, and servers of tests.
        interval_s: Time between requests; None for what each site asks for.
    """

    out: Path
    size: Size
    offline: bool = False
    contact: str = ""
    source_urls: Mapping[str, str] = field(default_factory=dict)
    interval_s: float | None = None


def is_built(order: Order) -> bool:
    """Whether the directory holds just such a corpus already, whole."""
    store = DirectoryStore(order.out)
    whole = order.out.is_dir() and holds(store, order.size)
    return whole and manifest.read(store).offline == order.offline


def holds(store: Store, size: Size) -> bool:
    """Whether a store holds a whole corpus of a size and nothing else.

    Raises:
        GtcError: The store does not answer.
    """
    return not manifest.problems(store) and manifest.read(store).size == size


async def build(order: Order, counter: TokenCounter, say: Say) -> None:
    """Build a corpus; what the directory held before is replaced at the end, in one step.

    Raises:
        UsageError: The directory holds something else, or a source is unknown.
        SourceError: A site does not answer or refuses.
        GtcError: The directory cannot be written.
    """
    transfer.refuse_foreign(order.out)
    unknown = sorted(set(order.source_urls) - {*SHARES, LAST_SOURCE})
    if unknown:
        known = ", ".join((*SHARES, LAST_SOURCE))
        raise UsageError(f"no source is called '{unknown[0]}', allowed: {known}")
    amounts = AMOUNTS[order.size]
    passages, prompts = bundled.passages(), bundled.prompts()
    documents = (
        compose.documents(passages, amounts.documents, counter)
        if order.offline
        else await _fetched(order, counter, say)
    )
    records: dict[str, Sequence[Record]] = {
        PASSAGES: [
            bundled.passage_record(each, counter)
            for each in _spread(passages, amounts.passages, lambda passage: passage.topic)
        ],
        **{documents_key(bucket): documents[bucket] for bucket in BUCKETS},
        PROMPTS: [
            bundled.prompt_record(each, counter)
            for each in _spread(prompts, amounts.prompts, lambda prompt: prompt["category"])
        ],
    }
    described = manifest.describe(
        records,
        size=order.size,
        offline=order.offline,
        token_counter=counter.name,
        token_counter_error=counter.error,
    )
    transfer.write(order.out, records, described)
    shutil.rmtree(_pages(order), ignore_errors=True)


async def _fetched(
    order: Order, counter: TokenCounter, say: Say
) -> dict[BucketName, list[Document]]:
    """The documents from the sites."""
    left = dict(AMOUNTS[order.size].documents)
    kept = _Kept()
    shares = SHARES if order.size == "full" else {}
    for name, share in shares.items():
        if name == "sec" and not order.contact:
            say("SEC EDGAR is left out: it wants to know who asks, set GTC_CONTACT")
            continue
        await _take(order, name, dict(share), kept, counter, say)
    rest = {bucket: left[bucket] - len(kept.documents[bucket]) for bucket in left}
    await _take(order, LAST_SOURCE, rest, kept, counter, say)
    for bucket, documents in kept.documents.items():
        if len(documents) < left[bucket]:
            raise SourceError(
                f"the sources have only {len(documents)} of {left[bucket]} {bucket} documents",
                "--offline composes documents without them",
            )
    return kept.documents


class _Kept:
    """Documents that were taken, none of them like another one."""

    def __init__(self) -> None:
        self.documents: dict[BucketName, list[Document]] = {bucket: [] for bucket in BUCKETS}
        self._seen: list[frozenset[int]] = []

    def add(self, bucket: BucketName, document: Document) -> bool:
        """Take a document unless it is like one that was taken."""
        own = sentences.shingles(document.text)
        if any(sentences.alike(own, other) > ALIKE_MAX for other in self._seen):
            return False
        self._seen.append(own)
        self.documents[bucket].append(document)
        return True


async def _take(
    order: Order,
    name: str,
    wanted: Wanted,
    kept: _Kept,
    counter: TokenCounter,
    say: Say,
) -> None:
    """Add documents of one source until nothing is wanted or the source has no more."""
    source = _source(name, order.source_urls.get(name))
    interval_s = source.interval_s if order.interval_s is None else order.interval_s
    agent = f"{AGENT} ({order.contact or 'corpus for a demo'})"
    async with PoliteClient(source.name, interval_s, agent, _pages(order)) as client:
        if not any(wanted.values()):
            return
        async for article in source.articles(client):
            found = fit(article, wanted, counter)
            if found is None or not kept.add(*found):
                continue
            bucket, document = found
            wanted[bucket] -= 1
            say(f"{source.name}: {document.title[:60]} ({document.token_count:,} tokens, {bucket})")
            if not any(wanted.values()):
                return


def fit(
    article: Article, wanted: Wanted, counter: TokenCounter
) -> tuple[BucketName, Document] | None:
    """An article cut to the longest bucket that it fills and that still wants documents."""
    tokens = counter.count(article.text)
    for bucket in sorted(wanted, key=lambda each: -BUCKETS[each].tokens):
        limits = BUCKETS[bucket]
        if wanted[bucket] <= 0 or tokens < limits.shortest_tokens:
            continue
        text = sentences.cut(article.text, limits.tokens, counter.count)
        count = counter.count(text)
        if limits.shortest_tokens <= count <= limits.longest_tokens:
            return bucket, Document(
                id=article.id,
                title=article.title,
                text=text,
                source=article.source,
                licence=article.licence,
                token_count=count,
                token_counter=counter.name,
            )
    return None


def _source(name: str, url: str | None) -> Source:
    if name == "arxiv":
        return arxiv.Arxiv(url or arxiv.API_URL, url or arxiv.URL)
    if name == "sec":
        return sec.Sec(url or sec.INDEX_URL, url or sec.URL)
    return gutenberg.Gutenberg(url or gutenberg.URL)


def _spread(items: Sequence[Item], amount: int | None, kind: Callable[[Item], Any]) -> list[Item]:
    """The first items of every kind in turn, `amount` in all; None takes everything."""
    if amount is None:
        return list(items)
    turns: dict[Any, int] = {}
    order: list[tuple[int, int]] = []
    for at, item in enumerate(items):
        turn = turns.get(kind(item), 0)
        turns[kind(item)] = turn + 1
        order.append((turn, at))
    return [items[at] for _, at in sorted(order)[:amount]]


def _pages(order: Order) -> Path:
    """Where fetched pages wait for a build that succeeds."""
    return order.out.with_name(f".{order.out.name}.pages")
