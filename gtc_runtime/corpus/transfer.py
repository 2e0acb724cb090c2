"""Writes, uploads and fetches whole corpora: data first, the manifest after it, the marker last.

Whoever sees the marker sees a complete corpus, whenever the writer was killed.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from gtc_runtime.copies.directory import DirectoryStore, explained, sync_directory
from gtc_runtime.copies.manifest import marker_of, sha256
from gtc_runtime.copies.store import Store, find
from gtc_runtime.corpus import manifest as manifests
from gtc_runtime.corpus.layout import DATA_KEYS, KEYS, MANIFEST, MARKER
from gtc_runtime.corpus.manifest import Manifest
from gtc_runtime.corpus.records import Record, to_jsonl
from gtc_spec.errors import UsageError

Say = Callable[[str], None]


def write(out: Path, records: Mapping[str, Sequence[Record]], manifest: Manifest) -> None:
    """Put a corpus into a directory in one step; what was there is replaced.

    Raises:
        GtcError: It cannot be written.
    """
    building, old = _beside(out, "building"), _beside(out, "old")
    with explained("write", out):
        for scratch in (building, old):
            shutil.rmtree(scratch, ignore_errors=True)
        store = DirectoryStore(building)
        for key in DATA_KEYS:
            store.put(key, to_jsonl(records[key]))
        _finish(store, manifest.to_bytes())
        if out.exists():
            out.rename(old)
        building.rename(out)
        sync_directory(out.parent)
        shutil.rmtree(old, ignore_errors=True)


def refuse_foreign(out: Path) -> None:
    """Refuse to replace a directory that holds anything but a corpus.

    Raises:
        UsageError: It does, or it is no directory.
    """
    if out.exists() and not out.is_dir():
        raise UsageError(f"{out} is not a directory")
    foreign = sorted(DirectoryStore(out).sizes().keys() - {*KEYS})
    if foreign:
        raise UsageError(
            f"{out} holds files that are not a corpus, such as {foreign[0]}",
            "choose another directory with --out",
        )


def push(source: Store, target: Store, say: Say, *, force: bool = False) -> int:
    """Copy a complete corpus; only files that differ are sent.

    Args:
        source: Where the corpus is.
        target: Where it goes. Files that are not part of a corpus stay there and are told.
        say: Told every file that is sent.
        force: Send every file.

    Returns:
        How many files were sent; 0 when the target holds this corpus already.

    Raises:
        CorpusError: The source is not complete.
        GtcError: A store does not answer or refuses.
    """
    head = manifests.head(source)
    listed = manifests.parse(head)
    data = {key: manifests.get_checked(source, listed, key) for key in DATA_KEYS}
    stale = {key: each for key, each in data.items() if force or find(target, key) != each}
    finished = (find(target, MANIFEST), find(target, MARKER)) == (head, marker_of(head))
    if finished and not stale:
        return 0
    target.delete(MARKER)
    for key, each in stale.items():
        target.put(key, each)
        say(f"sent {key} ({len(each):,} bytes)")
    _finish(target, head)
    say(f"sent {MANIFEST} and {MARKER}")
    return len(stale) + 2


def fetch(source: Store, cache: Path) -> Path:
    """Copy a corpus into a directory that is named after its content; once.

    Returns:
        The directory.

    Raises:
        CorpusError: There is no complete corpus.
        GtcError: The store does not answer, or the directory cannot be written.
    """
    head = manifests.head(source)
    listed = manifests.parse(head)
    home = cache / sha256(head)[:12]
    local = DirectoryStore(home)
    if home.exists() and not manifests.problems(local):
        return home
    for key in DATA_KEYS:
        local.put(key, manifests.get_checked(source, listed, key))
    _finish(local, head)
    return home


def _finish(store: Store, head: bytes) -> None:
    store.put(MANIFEST, head)
    store.put(MARKER, marker_of(head))


def _beside(out: Path, what: str) -> Path:
    return out.with_name(f".{out.name}.{what}")
