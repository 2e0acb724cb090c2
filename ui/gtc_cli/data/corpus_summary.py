"""What `gtc corpus show` prints: files with their figures, and the beginnings of some texts."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from gtc_runtime.copies.store import Store
from gtc_runtime.corpus import manifest
from gtc_runtime.corpus.reader import Corpus, read_corpus

WIDTH = 96


def summary(store: Store, samples: int) -> Iterator[str]:
    """The corpus in a store as lines for a person.

    Args:
        store: Where it is.
        samples: How many texts of each kind to quote.
    """
    listed, corpus = manifest.read(store), read_corpus(store)
    documents = "composed offline" if listed.offline else "fetched"
    yield f"{listed.size} corpus at {store.name}, built {listed.built_at}, documents {documents}"
    error = f" ({listed.token_counter_error})" if listed.token_counter_error else ""
    yield f"tokens counted by {listed.token_counter}{error}"
    for each in listed.files:
        yield (
            f"  {each.name:31} {each.records:4} records  {each.size:9,} bytes  tokens "
            f"{each.tokens.least:,} / {each.tokens.mean:,} / {each.tokens.most:,}"
        )
        yield f"  {'':31} {', '.join(each.licences)}"
    yield from (f"skipped {problem}" for problem in corpus.problems)
    yield from _samples(corpus, samples)


def _samples(corpus: Corpus, samples: int) -> Iterator[str]:
    for passage in corpus.passages[:samples]:
        yield from _quote(f"passage {passage.id}, {passage.topic}", passage.text)
    for bucket, documents in corpus.documents.items():
        for document in documents[:samples]:
            yield from _quote(f"{bucket} document {document.title}", document.text)
    for prompt in corpus.prompts[:samples]:
        yield from _quote(f"prompt {prompt.id}, {prompt.category}", prompt.prompt)


def _quote(title: str, text: str) -> Iterator[str]:
    yield f"{title}:"
    short = textwrap.shorten(text, 4 * WIDTH, placeholder=" …")
    yield textwrap.indent(textwrap.fill(short, WIDTH), "  ")
