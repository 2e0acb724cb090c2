"""One sync as a process that can be killed: hub to bucket to directory, with a journal.

The journal says what was about to be moved, so that whoever kills this process can tell afterwards
where it was.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path

from gtc_runtime.copies.access import SpacesAccess
from gtc_runtime.copies.bucket import BucketStore
from gtc_runtime.copies.directory import DirectoryStore, HashedFile
from gtc_runtime.models.checkpoint import Checkpoint
from gtc_runtime.models.download import download
from gtc_runtime.models.upload import Source, upload
from gtc_spec import names
from tests.s3_server import KEY_ID, SECRET


class JournalBucket(BucketStore):
    """A bucket that writes down each transfer."""

    journal: int

    def note(self, *words: object) -> None:
        os.write(self.journal, ("\t".join(map(str, words)) + "\n").encode())

    def send(self, path: Path, key: str, sha256: str, moved: Callable[[int], None]) -> None:
        self.note("send", key)
        super().send(path, key, sha256, moved)
        self.note("sent", key)

    def receive(self, key: str, into: HashedFile, moved: Callable[[int], None]) -> None:
        self.note("receive", key)
        super().receive(key, into, moved)


def main(steps: str, url: str, bucket: str, repository: str, root: str, workers: str) -> None:
    """Run the steps, comma-separated, of ``upload`` and ``download``."""
    place, many = Path(root), int(workers)
    access = SpacesAccess(url, KEY_ID, SECRET)
    store = JournalBucket(bucket, names.model_prefix(repository), access, files_at_once=many)
    store.journal = os.open(place / "journal", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    there = Checkpoint[BucketStore](store, names.UPLOAD_MARKER)
    sys.stdout.write("begin\n")
    sys.stdout.flush()
    store.note("run", os.getpid())
    if "upload" in steps:
        store.note("step", "upload")
        source = Source(repository, "", "", place / "scratch", workers=many)
        upload(there, source, print)
    if "download" in steps:
        store.note("step", "download")
        target = Checkpoint(DirectoryStore(place / "share"), names.DOWNLOAD_MARKER)
        download(there, target, print, workers=many)


if __name__ == "__main__":
    main(*sys.argv[1:])
