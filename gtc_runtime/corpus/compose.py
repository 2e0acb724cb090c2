"""Documents made of our own passages, for corpora that are built without a network.

Every document has a theme, begins with passages of it and takes others in an order of its own, so
that no passage comes twice in a document and no two documents begin alike.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from gtc_runtime.corpus import sentences
from gtc_runtime.corpus.bundled import BundledPassage
from gtc_runtime.corpus.layout import BUCKETS, BucketName
from gtc_runtime.corpus.manifest import OWN, OWN_LICENCE
from gtc_runtime.corpus.records import Document
from gtc_runtime.corpus.tokens import TokenCounter
from gtc_spec.errors import GtcError

_SEED = 20260316
"""Equal passages make equal documents."""


def documents(
    passages: Sequence[BundledPassage],
    wanted: dict[BucketName, int],
    counter: TokenCounter,
) -> dict[BucketName, list[Document]]:
    """As many documents of each bucket as are wanted.

    Raises:
        GtcError: All passages together are shorter than a document.
    """
    shuffled = random.Random(_SEED).sample(passages, len(passages))
    topics = sorted({passage.topic for passage in passages})
    made: dict[BucketName, list[Document]] = {}
    number = 0
    for bucket, amount in wanted.items():
        made[bucket] = []
        for _ in range(amount):
            topic, turn = topics[number % len(topics)], number // len(topics)
            number += 1
            order = _order(shuffled, topic, turn)
            made[bucket].append(_document(bucket, number, topic, order, counter))
    return made


def _order(passages: Sequence[BundledPassage], topic: str, turn: int) -> list[BundledPassage]:
    """The passages of a topic, begun with another one each turn, then all others, shuffled."""
    own = [passage for passage in passages if passage.topic == topic]
    others = [passage for passage in passages if passage.topic != topic]
    first = turn % len(own)
    chance = random.Random(f"{_SEED} {topic} {turn}")
    rest = own[:first] + own[first + 1 :]
    return [own[first], *chance.sample(rest, len(rest)), *chance.sample(others, len(others))]


def _document(
    bucket: BucketName,
    number: int,
    topic: str,
    order: Sequence[BundledPassage],
    counter: TokenCounter,
) -> Document:
    limit = BUCKETS[bucket].tokens
    title = f"Reader {number}: {topic}"
    parts, left = [title], limit - counter.count(title)
    for passage in order:
        part = f"{passage.title}\n\n{passage.text}"
        cost = counter.count(part) + 1
        if cost > left:
            part = sentences.cut(part, left, counter.count)
            left = 0
        left -= cost
        if part.strip() != passage.title:
            parts.append(part)
        if left <= 0:
            break
    text = "\n\n".join(parts)
    tokens = counter.count(text)
    if tokens < BUCKETS[bucket].shortest_tokens:
        raise GtcError(
            f"the passages have {tokens} tokens in all, a {bucket} document needs {limit}",
            "build without --offline",
        )
    return Document(
        id=f"composed-{bucket}-{number:02}",
        title=title,
        text=text,
        source=OWN,
        licence=OWN_LICENCE,
        token_count=tokens,
        token_counter=counter.name,
    )
