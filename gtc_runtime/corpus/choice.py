"""Which texts the runners get: a corpus when there is one, otherwise the bundled set.

A show must go on without a corpus, so nothing here raises; what went wrong is told in one line.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from gtc_runtime.copies.access import SpacesAccess
from gtc_runtime.copies.directory import DirectoryStore
from gtc_runtime.corpus import manifest, transfer
from gtc_runtime.corpus.location import open_store
from gtc_runtime.corpus.reader import read_corpus
from gtc_spec.errors import GtcError

BUNDLED_LABEL = "bundled texts"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Texts:
    """What the load process is told, and what people are told.

    Attributes:
        directory: A complete corpus on this machine; None for the bundled set.
        label: Where the texts come from, a few words.
        warning: What went wrong on the way, one line; empty when nothing did.
    """

    directory: Path | None = None
    label: str = BUNDLED_LABEL
    warning: str = ""


BUNDLED = Texts()
"""The texts that come with the package."""


def choose(location: str, access: SpacesAccess, cache: Path) -> Texts:
    """The texts at a location, fetched if they are in a bucket and read once to see that they work.

    Args:
        location: A directory or ``s3://bucket/prefix``; empty for the bundled set.
        access: For buckets.
        cache: Directory for what is fetched.
    """
    if not location:
        return BUNDLED
    try:
        store = open_store(location, access)
        home = store.root if isinstance(store, DirectoryStore) else transfer.fetch(store, cache)
        local = DirectoryStore(home.absolute())
        found = read_corpus(local)
        size = manifest.read(local).size
    except GtcError as error:
        why = error.message.split("\n")[0]
        return Texts(warning=f"corpus not used, the bundled texts are: {why}")
    for problem in found.problems:
        log.warning("skipped %s", problem)
    skipped = len(found.problems)
    documents = sum(map(len, found.documents.values()))
    return Texts(
        directory=local.root,
        label=f"{size} corpus: {documents} documents, {len(found.passages)} passages",
        warning=f"{skipped} lines of the corpus skipped, {found.problems[0]}" if skipped else "",
    )
