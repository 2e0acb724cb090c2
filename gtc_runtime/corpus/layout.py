"""Where things lie in a corpus, as the plan lays it out, and how long its documents are.

Keys are relative to the root of the corpus, which is a directory or a prefix in a bucket.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Size = Literal["dev", "full"]
BucketName = Literal["short", "medium", "long"]

MARKER: Final = ".curator-complete"
"""Written last; holds the sha256 of the manifest."""
MANIFEST: Final = "manifest.json"
PASSAGES: Final = "chat/passages.jsonl"
PROMPTS: Final = "reasoning/prompts.jsonl"


@dataclass(frozen=True)
class Bucket:
    """Documents of about one length.

    Attributes:
        tokens: What a document of it aims at.
    """

    tokens: int

    @property
    def shortest_tokens(self) -> int:
        """A shorter text does not belong here."""
        return round(self.tokens * 0.9)

    @property
    def longest_tokens(self) -> int:
        """A longer text is cut to this."""
        return round(self.tokens * 1.1)


BUCKETS: Final[dict[BucketName, Bucket]] = {
    "short": Bucket(4_000),
    "medium": Bucket(10_000),
    "long": Bucket(18_000),
}
"""The plan's three lengths."""


@dataclass(frozen=True)
class Amounts:
    """How many records a corpus has."""

    passages: int | None
    """None takes all there are."""
    prompts: int | None
    documents: dict[BucketName, int]


AMOUNTS: Final[dict[Size, Amounts]] = {
    "dev": Amounts(10, 20, {"short": 4, "medium": 3, "long": 3}),
    "full": Amounts(None, None, {"short": 12, "medium": 14, "long": 14}),
}
"""The plan's numbers: 10 + 10 + 20 for dev; 50-100 passages, 30-50 documents, 50-100 prompts."""


def documents_key(bucket: BucketName) -> str:
    """File with the documents of a bucket."""
    return f"summarization/{bucket}/docs.jsonl"


DATA_KEYS: Final = (PASSAGES, *map(documents_key, BUCKETS), PROMPTS)
KEYS: Final = (*DATA_KEYS, MANIFEST, MARKER)
"""Every file of a corpus, in the order in which they are written."""
