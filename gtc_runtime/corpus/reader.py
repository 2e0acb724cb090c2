"""Reads a corpus and is strict about it: a bad line is skipped and named, a bad file is refused.

It must not know where a store keeps its files, nor what the texts are used for.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from pydantic import ValidationError

from gtc_runtime.copies.store import Store
from gtc_runtime.corpus import manifest
from gtc_runtime.corpus.layout import BUCKETS, PASSAGES, PROMPTS, BucketName, documents_key
from gtc_runtime.corpus.records import Document, Passage, ReasoningPrompt

BAD_SHARE_MAX = 0.01
"""A file with a larger share of bad lines is refused."""
LINE_BYTES_MAX = 2**20
"""A document of 24,000 tokens has about 150 kB."""
_BOM = b"\xef\xbb\xbf"

AnyRecord = TypeVar("AnyRecord", Passage, Document, ReasoningPrompt)


@dataclass(frozen=True)
class Corpus:
    """Everything that the workloads draw from.

    Attributes:
        passages: For chat contexts.
        documents: To summarize, by bucket; empty where documents are composed from passages.
        prompts: For reasoning.
        problems: Lines that were skipped, such as ``docs.jsonl:17: missing field 'text'``.
    """

    passages: tuple[Passage, ...]
    documents: dict[BucketName, tuple[Document, ...]]
    prompts: tuple[ReasoningPrompt, ...]
    problems: tuple[str, ...] = ()


def read_corpus(store: Store) -> Corpus:
    """Read a whole corpus.

    Raises:
        CorpusError: There is no complete corpus, a file is not what the manifest says, or one has
            too many bad lines.
    """
    problems: list[str] = []
    listed = manifest.read(store)

    def records(key: str, kind: type[AnyRecord]) -> tuple[AnyRecord, ...]:
        found, bad = parse(key, manifest.get_checked(store, listed, key), kind)
        problems.extend(bad)
        return tuple(found)

    return Corpus(
        passages=records(PASSAGES, Passage),
        documents={each: records(documents_key(each), Document) for each in BUCKETS},
        prompts=records(PROMPTS, ReasoningPrompt),
        problems=tuple(problems),
    )


def parse(name: str, data: bytes, kind: type[AnyRecord]) -> tuple[list[AnyRecord], list[str]]:
    """The good records of a file, and one sentence a bad line.

    Args:
        name: What the file is called in sentences.
        data: Its content.
        kind: What every line must be.

    Raises:
        CorpusError: The file is empty or more than `BAD_SHARE_MAX` of its lines are bad.
    """
    lines = data.removesuffix(b"\n").split(b"\n") if data.strip() else []
    if not lines:
        raise manifest.CorpusError(f"{name} is empty", "gtc corpus build --force makes it anew")
    short = name.rpartition("/")[2]
    records: list[AnyRecord] = []
    bad: list[str] = []
    seen: set[str] = set()
    for number, line in enumerate(lines, 1):
        found = _record(line, kind, seen)
        if isinstance(found, str):
            bad.append(f"{short}:{number}: {found}")
        else:
            records.append(found)
            seen.add(found.id)
    if len(bad) > BAD_SHARE_MAX * len(lines):
        raise manifest.CorpusError(
            f"{name}: {len(bad)} of {len(lines)} lines are bad, the first: {bad[0]}",
            "gtc corpus build --force makes it anew",
        )
    return records, bad


def _record(line: bytes, kind: type[AnyRecord], seen: set[str]) -> AnyRecord | str:
    """The record of a line, or what is wrong with it."""
    for wrong, why in _REFUSED:
        if wrong(line):
            return why
    try:
        data = json.loads(line.decode())  # given bytes it would guess at other encodings
    except UnicodeDecodeError:
        return "not UTF-8"
    except (ValueError, RecursionError) as error:
        words = str(error).partition(":")[0].lower()
        return f"not JSON: {words}"
    if not isinstance(data, dict):
        return f"a JSON {type(data).__name__}, wanted an object"
    try:
        record = kind.model_validate(data)
    except ValidationError as error:
        return _sentence(error)
    return f"id {record.id[:60]!r} is used twice" if record.id in seen else record


_REFUSED: tuple[tuple[Callable[[bytes], bool], str], ...] = (
    (lambda line: line.startswith(_BOM), "begins with a byte order mark"),
    (lambda line: not line.strip(), "an empty line"),
    (
        lambda line: len(line) > LINE_BYTES_MAX,
        f"longer than {LINE_BYTES_MAX // 2**20} MiB",
    ),
    (lambda line: b"\0" in line, "holds a NUL byte"),
)


def _sentence(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=True)[0]
    field = str(first["loc"][0]) if first["loc"] else "record"
    if first["type"] == "missing":
        return f"missing field '{field}'"
    if first["type"] == "value_error":
        return f"field '{field}' {first['ctx']['error']}"
    got = repr(first["input"])[:40].replace("\n", " ")
    words = first["msg"].lower().removeprefix("input should be ")
    return f"field '{field}' is {got}, wanted {words}"
