"""What a complete corpus consists of, and whether a store holds exactly that.

The manifest lists every data file with its size and hash; the marker holds the hash of the
manifest. So a file that was cut short, changed or forgotten is named, whichever file it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gtc_runtime.copies.manifest import marker_of, sha256
from gtc_runtime.copies.store import NotInStoreError, Store
from gtc_runtime.corpus.layout import DATA_KEYS, KEYS, MANIFEST, MARKER, Size
from gtc_runtime.corpus.records import Document, ReasoningPrompt, Record, to_jsonl
from gtc_spec.errors import GtcError

HINT = "gtc corpus build makes one, gtc corpus push uploads it"
OWN = "gtc-demo"
"""Source of the texts that come with the package."""
OWN_LICENCE = "as gtc-demo"


class CorpusError(GtcError):
    """A corpus is absent, incomplete or damaged."""


class TokenStatistics(BaseModel):
    """Token counts of the records of a file."""

    model_config = ConfigDict(frozen=True)

    least: int
    mean: int
    most: int
    total: int


class FileEntry(BaseModel):
    """One data file."""

    model_config = ConfigDict(frozen=True)

    name: str
    size: int = Field(ge=1)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    records: int = Field(ge=1)
    tokens: TokenStatistics
    sources: dict[str, int]
    """Records by where they come from."""
    licences: list[str]


class Manifest(BaseModel):
    """Everything about a corpus but its texts."""

    model_config = ConfigDict(frozen=True)

    format: Literal[1] = 1
    size: Size
    offline: bool
    """Documents were composed from our own passages."""
    built_at: str
    token_counter: str
    token_counter_error: str
    """How far the counter is off, as text; empty for the tokenizer of the served model."""
    files: list[FileEntry]

    def entry(self, key: str) -> FileEntry | None:
        """What is said about one file."""
        return next((each for each in self.files if each.name == key), None)

    def to_bytes(self) -> bytes:
        """The manifest as a file."""
        return self.model_dump_json(indent=1).encode() + b"\n"


def describe(
    records: Mapping[str, Sequence[Record]],
    *,
    size: Size,
    offline: bool,
    token_counter: str,
    token_counter_error: str,
) -> Manifest:
    """The manifest of a corpus whose files hold these records, by key."""
    return Manifest(
        size=size,
        offline=offline,
        built_at=datetime.now(UTC).isoformat(timespec="seconds"),
        token_counter=token_counter,
        token_counter_error=token_counter_error,
        files=[_entry(key, each) for key, each in records.items()],
    )


def head(store: Store) -> bytes:
    """The manifest of a complete corpus as it was written.

    Raises:
        CorpusError: There is no complete corpus, or its manifest is damaged.
    """
    try:
        marker = store.get(MARKER)
    except NotInStoreError:
        raise CorpusError(f"no complete corpus at {store.name}: no {MARKER}", HINT) from None
    try:
        data = store.get(MANIFEST)
    except NotInStoreError:
        raise CorpusError(f"{MARKER} without {MANIFEST} at {store.name}", HINT) from None
    if marker != marker_of(data):
        raise CorpusError(f"{MANIFEST} is not the one that {MARKER} names", HINT)
    return data


def read(store: Store) -> Manifest:
    """The manifest of a complete corpus.

    Raises:
        CorpusError: There is no complete corpus, or its manifest is damaged.
    """
    return parse(head(store))


def parse(data: bytes) -> Manifest:
    """The manifest in a file.

    Raises:
        CorpusError: It is none of ours.
    """
    try:
        return Manifest.model_validate_json(data)
    except ValidationError:
        raise CorpusError(f"{MANIFEST} is not a manifest of format 1", HINT) from None


def get_checked(store: Store, manifest: Manifest, key: str) -> bytes:
    """The content of a file, as the manifest says that it is.

    Raises:
        CorpusError: It is missing, damaged or not in the manifest.
    """
    entry = manifest.entry(key)
    if entry is None:
        raise CorpusError(f"{key} is not in {MANIFEST} of {store.name}", HINT)
    try:
        data = store.get(key)
    except NotInStoreError:
        raise CorpusError(f"{key} is missing", HINT) from None
    if len(data) != entry.size:
        raise CorpusError(f"{key} has {len(data)} bytes, expected {entry.size}", HINT)
    if sha256(data) != entry.sha256:
        raise CorpusError(f"{key} is damaged: its sha256 differs", HINT)
    return data


def problems(store: Store) -> list[str]:
    """One sentence for every file of a store that is wrong, missing or too much.

    Raises:
        UnreachableError: The store does not answer.
    """
    found = [f"{key} is not part of a corpus" for key in sorted(store.sizes().keys() - {*KEYS})]
    try:
        manifest = read(store)
    except CorpusError as error:
        return [error.message, *found]
    for key in DATA_KEYS:
        try:
            get_checked(store, manifest, key)
        except CorpusError as error:
            found.append(error.message)
    return found


def _entry(key: str, records: Sequence[Record]) -> FileEntry:
    data = to_jsonl(records)
    counts = [_tokens(record) for record in records]
    sources = Counter(record.source if isinstance(record, Document) else OWN for record in records)
    licences = {
        record.licence if isinstance(record, Document) else OWN_LICENCE for record in records
    }
    return FileEntry(
        name=key,
        size=len(data),
        sha256=sha256(data),
        records=len(records),
        tokens=TokenStatistics(
            least=min(counts),
            mean=round(sum(counts) / len(counts)),
            most=max(counts),
            total=sum(counts),
        ),
        sources=dict(sources),
        licences=sorted(licences),
    )


def _tokens(record: Record) -> int:
    return record.prompt_token_count if isinstance(record, ReasoningPrompt) else record.token_count
